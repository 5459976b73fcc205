import { parseDateTime } from '../schema/date-time.ts'
import { comparisonText, fold } from '../schema/fold.ts'
import type { Attribute } from '../schema/types.ts'
import { refuseFilter } from './refuse.ts'
import type { CompareOperator, FilterLiteral, FilterNode, FilterReading } from './types.ts'

type Comparison = Extract<FilterNode, { readonly kind: 'compare' }>

const equality: ReadonlySet<CompareOperator> = new Set(['eq', 'ne'])
const substring: ReadonlySet<CompareOperator> = new Set(['co', 'sw', 'ew'])
/** A database refuses longer patterns; folding can make a text of one character eighteen times as long. */
const maxSubstringBytes = 8192

/**
 * The literal of a comparison in the comparison form of the attribute it is compared with (RFC 7644 section 3.4.2.2).
 * @throws UsherError `invalid_filter` where the operator or the literal does not fit the attribute's type
 */
export function resolveLiteral(
  attribute: Attribute,
  comparison: Comparison,
  reading: FilterReading,
): string | number | boolean | Date | null {
  const { operator, value, path, column } = comparison
  if (value === null) {
    if (!equality.has(operator)) refuseFilter(column, `${operator} cannot compare "${path}" with null`)
    return null
  }
  if (!fits(operator, attribute)) {
    refuseFilter(column, `${operator} cannot be used on "${path}", which is of type ${attribute.type}`)
  }
  const literal = readLiteral(attribute, operator, value, reading)
  return literal ?? refuseFilter(column, `"${path}" is of type ${attribute.type}; the value it is compared with is not`)
}

/** Whether the operator and the literal of a comparison go with the attribute's type. */
export function suits(attribute: Attribute, { operator, value }: Comparison, reading: FilterReading): boolean {
  if (value === null) return equality.has(operator)
  return fits(operator, attribute) && readLiteral(attribute, operator, value, reading) !== undefined
}

function fits(operator: CompareOperator, attribute: Attribute): boolean {
  switch (attribute.type) {
    case 'boolean':
      return equality.has(operator)
    case 'binary':
      return equality.has(operator) || substring.has(operator)
    case 'integer':
    case 'decimal':
    case 'dateTime':
      return !substring.has(operator)
    default:
      return true
  }
}

function readLiteral(
  attribute: Attribute,
  operator: CompareOperator,
  value: string | number | boolean,
  reading: FilterReading,
): string | number | boolean | Date | undefined {
  switch (attribute.type) {
    case 'boolean':
      return typeof value === 'boolean' ? value : readBooleanText(value, reading)
    case 'integer':
    case 'decimal':
      return typeof value === 'number' ? value : undefined
    case 'dateTime':
      return typeof value === 'string' ? readDate(value) : undefined
    default:
      return readText(attribute, operator, value, reading)
  }
}

function readBooleanText(value: FilterLiteral, reading: FilterReading): boolean | undefined {
  if (typeof value !== 'string' || reading.stringBooleans === 'refuse') return undefined
  const word = value.toLowerCase()
  if (word !== 'true' && word !== 'false') return undefined
  reading.note?.('boolean string')
  return word === 'true'
}

function readDate(value: string): Date | undefined {
  const moment = parseDateTime(value)
  return moment === undefined ? undefined : new Date(moment)
}

function readText(
  attribute: Attribute,
  operator: CompareOperator,
  value: string | number | boolean,
  reading: FilterReading,
): string | undefined {
  // Who leaves the quotes away leaves them away around digits as well.
  if (typeof value !== 'string') {
    if (reading.bareWords === 'refuse') return undefined
    reading.note?.('text without quotes')
  }
  const text = String(value)
  if (!substring.has(operator)) return comparisonText(attribute, text)
  // Blanks at the ends of a part stand inside the whole, so they are not trimmed here.
  const part = attribute.caseExact ? text : fold(text)
  return Buffer.byteLength(part) > maxSubstringBytes ? undefined : part
}
