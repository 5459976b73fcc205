import { comparisonText } from '../schema/fold.ts'
import type { Attribute, JsonValue } from '../schema/types.ts'
import { isObject, memberOf } from './place.ts'

/**
 * Whether two values of an attribute are the same by its own comparison: texts by the attribute's case rule, complex
 * values sub-attribute by sub-attribute.
 */
export function isSameValue(attribute: Attribute, a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value: JsonValue, index) => isSameValue(attribute, value, b[index]))
  }
  if (typeof a === 'string' && typeof b === 'string')
    return comparisonText(attribute, a) === comparisonText(attribute, b)
  if (!isObject(a) || !isObject(b)) return false
  return attribute.subAttributes.every((sub) => isSameValue(sub, memberOf(a, sub.name), memberOf(b, sub.name)))
}

/** Whether an element has everything that a part says, by the comparison of its sub-attributes. */
export function holdsPart(attribute: Attribute, element: JsonValue, part: JsonValue): boolean {
  if (!isObject(part)) return isSameValue(attribute, element, part)
  return attribute.subAttributes.every((sub) => {
    const value = memberOf(part, sub.name)
    return value === undefined || isSameValue(sub, memberOf(element, sub.name), value)
  })
}
