import type { JsonValue } from '../../schema/types.ts'
import {
  type FunctionDefinition,
  integerOf,
  optional,
  outcomeOf,
  overTexts,
  overTextsWith,
  parameter,
  repeated,
  tableOf,
  textOf,
} from './definitions.ts'
import {
  absent,
  elementsOf,
  given,
  isList,
  isText,
  MAX_LIST_LENGTH,
  MAX_TEXT_LENGTH,
  makeList,
  makeText,
  malformed,
} from './outcome.ts'

const text = parameter('text')

function simple(change: (text: string) => string | undefined): FunctionDefinition {
  return { parameters: [text], apply: ([value], effort) => overTexts(outcomeOf(value), effort, change) }
}

function withTexts(
  names: readonly string[],
  change: (text: string, others: readonly string[]) => string | undefined,
): FunctionDefinition {
  return {
    parameters: [text, ...names.map((name) => parameter(name))],
    apply: (values, effort) => overTextsWith(values, effort, change),
  }
}

/** Where an index leads: from 0, or from the end for a negative one. */
export function placeOf(index: number, length: number): number {
  return index < 0 ? length + index : index
}

/** Whole characters, never half of a surrogate pair. */
function cut(value: string, start: number, length: number | undefined): string {
  const characters = [...value]
  const from = Math.max(0, placeOf(start, characters.length))
  return characters.slice(from, length === undefined ? undefined : from + Math.max(0, length)).join('')
}

/** Every occurrence. A result that would be too long is not even made. */
function replaceAll(value: string, [from = '', to = '']: readonly string[]): string {
  if (from === '') return value
  const parts = value.split(from)
  const length = value.length + (parts.length - 1) * (to.length - from.length)
  // one character too many, so that whoever takes the text says that it is too long
  return length > MAX_TEXT_LENGTH ? ' '.repeat(MAX_TEXT_LENGTH + 1) : parts.join(to)
}

/** Functions that give texts. Those of one text pass over a list element by element. */
export const textFunctions: Readonly<Record<string, FunctionDefinition>> = {
  lower: simple((value) => value.toLowerCase()),
  upper: simple((value) => value.toUpperCase()),
  trim: simple((value) => value.trim()),
  text: simple((value) => value),
  local: simple((value) => (value.includes('@') ? value.slice(0, value.lastIndexOf('@')) : undefined)),
  domain: simple((value) => (value.includes('@') ? value.slice(value.lastIndexOf('@') + 1) : undefined)),
  replace: withTexts(['from', 'to'], replaceAll),
  stripPrefix: withTexts(['prefix'], (value, [prefix = '']) =>
    value.startsWith(prefix) ? value.slice(prefix.length) : value,
  ),
  stripSuffix: withTexts(['suffix'], (value, [suffix = '']) =>
    value.endsWith(suffix) ? value.slice(0, value.length - suffix.length) : value,
  ),
  substring: {
    parameters: [text, parameter('start', 'integer'), optional('length', 'integer')],
    apply: ([value, start, length], effort) =>
      overTexts(outcomeOf(value), effort, (each) => cut(each, integerOf(start) ?? 0, integerOf(length))),
  },
  part: {
    parameters: [text, parameter('separator'), parameter('index', 'integer')],
    apply: ([value, separator, index], effort) =>
      overTextsWith([outcomeOf(value), outcomeOf(separator)], effort, (each, [between = '']) => {
        const parts = between === '' ? [each] : each.split(between)
        return parts[placeOf(integerOf(index) ?? 0, parts.length)]
      }),
  },
  split: {
    parameters: [text, parameter('separator')],
    apply: ([value, separator], effort) => {
      const whole = textOf(outcomeOf(value))
      const between = textOf(outcomeOf(separator))
      if ('other' in whole) return whole.other
      if ('other' in between) return between.other
      effort.spend(whole.text.length)
      const parts = between.text === '' ? [whole.text] : whole.text.split(between.text, MAX_LIST_LENGTH + 1)
      return makeList(
        parts.filter((part) => part !== ''),
        effort,
      )
    },
  },
  concat: {
    parameters: [repeated('text')],
    apply: (values, effort) => {
      let result = ''
      for (const value of values) {
        const read = textOf(outcomeOf(value))
        if ('other' in read) return read.other
        effort.spend(read.text.length)
        result += read.text
        if (result.length > MAX_TEXT_LENGTH) return malformed('the text becomes too long')
      }
      return makeText(result, effort)
    },
  },
  join: {
    parameters: [parameter('list'), parameter('separator')],
    apply: ([list, separator], effort) => {
      const values = outcomeOf(list)
      const between = textOf(outcomeOf(separator))
      if (values.kind !== 'value') return values
      if ('other' in between) return between.other
      let result: string | undefined
      for (const element of elementsOf(values.value)) {
        if (!isText(element)) return malformed('an element of it is no text')
        if (element === '') continue
        effort.spend(String(element).length + between.text.length)
        result = result === undefined ? String(element) : `${result}${between.text}${element}`
        if (result.length > MAX_TEXT_LENGTH) return malformed('the text becomes too long')
      }
      return makeText(result ?? '', effort)
    },
  },
  lookup: {
    parameters: [text, parameter('table', 'table'), optional('otherwise')],
    apply: ([value, argument, otherwise], effort) => {
      const key = outcomeOf(value)
      const table = tableOf(argument)
      const substitute = outcomeOf(otherwise)
      if (key.kind !== 'value') return key
      const found: JsonValue[] = []
      for (const element of elementsOf(key.value)) {
        effort.spend(1)
        if (!isText(element)) return malformed('it is no text')
        const entry = table.get(String(element))
        if (entry !== undefined) found.push(entry)
        else if (substitute.kind === 'value') found.push(substitute.value)
        else if (substitute.kind !== 'absent') return substitute
      }
      return isList(key.value) ? makeList(found, effort) : given(found[0])
    },
  },
  number: {
    parameters: [text],
    apply: ([value]) => {
      const read = textOf(outcomeOf(value))
      if ('other' in read) return read.other
      const written = read.text.trim()
      if (written === '') return absent
      const number = /^[+-]?\d{1,15}(?:\.\d{1,15})?$/.test(written) ? Number(written) : Number.NaN
      return Number.isFinite(number) ? { kind: 'value', value: number } : malformed('it is no number')
    },
  },
}
