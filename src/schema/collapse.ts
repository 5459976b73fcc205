import { fold } from './fold.ts'
import type { Attribute, JsonObject, JsonValue } from './types.ts'

/**
 * Leaves one of the elements that are the same value of the same type (RFC 7643 section 2.4): the first, which becomes
 * primary if one of the others was. Elements without a `value`, such as addresses, are the same when all of them is.
 * Gives the same list when nothing had to go.
 */
export function collapseEqualElements(attribute: Attribute, list: readonly JsonValue[]): readonly JsonValue[] {
  if (list.length < 2) return list
  const positions = new Map<string, number>()
  const result: JsonValue[] = []
  for (const element of list) {
    const key = elementKey(attribute, element)
    const position = positions.get(key)
    if (position === undefined) {
      positions.set(key, result.length)
      result.push(element)
    } else if ((element as JsonObject).primary === true) {
      result[position] = { ...(result[position] as JsonObject), primary: true }
    }
  }
  return result.length === list.length ? list : result
}

/** Elements are in the order of the schema, so equal ones are written alike. */
function elementKey(attribute: Attribute, element: JsonValue): string {
  if (attribute.type !== 'complex') return keyOf(attribute, element)
  const { value, type } = element as JsonObject
  const valueAttribute = attribute.subAttributesByName.get('value')
  if (value === undefined || valueAttribute === undefined) return JSON.stringify(element)
  return `${typeof type === 'string' ? fold(type) : ''}\n${keyOf(valueAttribute, value)}`
}

function keyOf(attribute: Attribute, value: JsonValue): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return attribute.caseExact ? value : fold(value)
}
