import { unwrapBareValue } from './bare-values.ts'
import { collapseEqualElements } from './collapse.ts'
import { collectMembers } from './collect-members.ts'
import { checkElementCount, checkPrimary, refuseValue, requireAttributes } from './constraints.ts'
import { readSimple } from './read-simple.ts'
import { isObject, isUnassigned, type Reading } from './reading.ts'
import type { Attribute, JsonObject, JsonValue } from './types.ts'

/**
 * Reads what a client sent for an attribute into its canonical form: a list for a multi-valued attribute, an object
 * with the names of the schema for a complex one. Undefined if there is no value: null, the empty list, text and
 * object all mean that (RFC 7643 section 2.5).
 *
 * @throws UsherError `invalid_value`, `invalid_syntax`
 */
export function readAttribute(reading: Reading, attribute: Attribute, value: unknown): JsonValue | undefined {
  if (isUnassigned(value)) return undefined
  if (attribute.name === 'password' && attribute.returned === 'never') return readPassword(reading, attribute, value)
  if (attribute.multiValued) return readList(reading, attribute, value)
  const read = readElement(reading, attribute, value)
  if (read !== undefined) requireParts(reading, attribute, read)
  return read
}

/** Reads one value: of a singular attribute, or one element of a multi-valued one; it may lack what is required. */
export function readElement(reading: Reading, attribute: Attribute, value: unknown): JsonValue | undefined {
  if (isUnassigned(value)) return undefined
  return attribute.type === 'complex' ? readComplex(reading, attribute, value) : readSimple(reading, attribute, value)
}

function readList(reading: Reading, attribute: Attribute, value: unknown): JsonValue | undefined {
  if (value === '') return undefined
  if (!Array.isArray(value)) reading.note('single value for a list')
  const elements: readonly unknown[] = Array.isArray(value) ? value : [value]
  checkElementCount(reading.type, attribute, elements.length)
  const list: JsonValue[] = []
  for (const element of elements) {
    const read = readElement(reading, attribute, element)
    if (read === undefined || isPhantom(attribute, read)) continue
    requireParts(reading, attribute, read)
    list.push(read)
  }
  checkPrimary(reading.type, attribute, list)
  const collapsed = collapseEqualElements(attribute, list)
  if (collapsed.length < list.length) reading.note('equal values collapsed')
  return collapsed.length === 0 ? undefined : collapsed
}

function readComplex(reading: Reading, attribute: Attribute, value: unknown): JsonObject | undefined {
  const object = unwrapBareValue(reading, attribute, value)
  if (!isObject(object)) throw refuseValue(reading.type, attribute, 'must be an object')
  const where = `"${attribute.path}" of a ${reading.type.name}`
  const members = collectMembers(reading, attribute.subAttributesByName, object, where)
  const result: Record<string, JsonValue> = {}
  let assigned = false
  for (const subAttribute of attribute.subAttributes) {
    // computed whenever a resource is shown
    if (subAttribute.name === '$ref') continue
    if (subAttribute.mutability === 'readOnly' && reading.extent === 'whole') continue
    const read = readAttribute(reading, subAttribute, members.get(subAttribute))
    if (read === undefined) continue
    result[subAttribute.name] = read
    assigned = true
  }
  return assigned ? result : undefined
}

function readPassword(reading: Reading, attribute: Attribute, value: unknown): undefined {
  if (reading.switches.password === 'refuse' && value !== '') {
    throw refuseValue(reading.type, attribute, 'is not supported')
  }
  reading.note('password discarded')
}

function requireParts(reading: Reading, attribute: Attribute, value: JsonValue): void {
  if (reading.extent === 'whole' && attribute.type === 'complex') {
    requireAttributes(reading.type, attribute.subAttributes, value as JsonObject)
  }
}

/** An element that says of what kind its value is and has none: what is left of `{"type": "work", "value": ""}`. */
function isPhantom(attribute: Attribute, element: JsonValue): boolean {
  if (attribute.type !== 'complex') return false
  if (!attribute.subAttributesByName.has('value') && attribute.path !== 'addresses') return false
  for (const name of Object.keys(element as JsonObject)) if (name !== 'type' && name !== 'primary') return false
  return true
}
