import { parseDateTime } from '../schema/date-time.ts'
import { comparisonText } from '../schema/fold.ts'
import type { Attribute, JsonValue } from '../schema/types.ts'

/**
 * The comparison form of one simple value of a resource: a folded text, a number, a boolean, or the milliseconds of a
 * date. `undefined` for what counts as unassigned.
 */
export function comparableValue(
  attribute: Attribute,
  value: JsonValue | undefined,
): string | number | boolean | undefined {
  if (typeof value === 'string') {
    if (attribute.type === 'dateTime') return parseDateTime(value)
    const text = comparisonText(attribute, value)
    return text === '' ? undefined : text
  }
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

/**
 * Whether a value of the attribute counts as assigned (RFC 7643 section 2.5). Parts that are never returned do not, nor
 * does `$ref`, which is computed when a resource is shown.
 */
export function hasValue(attribute: Attribute, value: JsonValue | undefined): boolean {
  if (Array.isArray(value)) return value.some((element) => hasValue(attribute, element))
  if (attribute.type !== 'complex') return comparableValue(attribute, value) !== undefined
  return attribute.subAttributes.some((sub) => isCompared(sub) && hasValue(sub, memberOf(value, sub.name)))
}

/** Whether filters see the values that a resource has of a sub-attribute. */
export function isCompared(subAttribute: Attribute): boolean {
  return subAttribute.returned !== 'never' && subAttribute.name !== '$ref'
}

/** The own member of a JSON object; nothing is ever found on a prototype. */
export function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
    return undefined
  return (value as { readonly [name: string]: JsonValue })[name]
}
