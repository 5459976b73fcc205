import { UsherError } from '../errors.ts'
import type { Attribute, JsonObject, JsonValue, ResourceType } from './types.ts'

/** A refusal of an attribute's value; the sentence says which attribute of which resource type. */
export function refuseValue(type: ResourceType, attribute: Attribute, problem: string): UsherError {
  return new UsherError('invalid_value', `"${attribute.path}" of a ${type.name} ${problem}.`)
}

/** Whether a required attribute counts as missing: no value, or nothing but blanks. */
export function isBlank(value: JsonValue | undefined): boolean {
  return value === undefined || (typeof value === 'string' && value.trim() === '')
}

/**
 * Refuses values in which a required attribute is missing. What is readOnly is for the service provider to give.
 *
 * @throws UsherError `invalid_value`
 */
export function requireAttributes(type: ResourceType, attributes: Iterable<Attribute>, values: JsonObject): void {
  for (const attribute of attributes) {
    if (!attribute.required || attribute.mutability === 'readOnly' || attribute.path === 'schemas') continue
    if (isBlank(values[attribute.name])) throw refuseValue(type, attribute, 'is required')
  }
}

/** @throws UsherError `invalid_value` if a resource lacks an extension that its type requires (RFC 7643 section 6) */
export function requireExtensions(type: ResourceType, resource: JsonObject): void {
  for (const { schema, required } of type.extensions) {
    if (required && resource[schema] === undefined) {
      throw new UsherError('invalid_value', `A ${type.name} must have attributes of "${schema}".`)
    }
  }
}

/** @throws UsherError `invalid_value` if more than one element is primary (RFC 7643 section 2.4) */
export function checkPrimary(type: ResourceType, attribute: Attribute, list: readonly JsonValue[]): void {
  if (!attribute.subAttributesByName.has('primary')) return
  let primaries = 0
  for (const element of list) if ((element as JsonObject).primary === true) primaries += 1
  if (primaries > 1) throw refuseValue(type, attribute, 'must not have more than one primary value')
}

/** The highest number of values of a multi-valued attribute; `members` of a group are bounded by the request's size. */
const elementLimit = 1_000

/** @throws UsherError `invalid_value` if a multi-valued attribute has more values than are kept */
export function checkElementCount(type: ResourceType, attribute: Attribute, count: number): void {
  if (count > elementLimit && attribute.path !== 'members') {
    throw refuseValue(type, attribute, `must not have more than ${elementLimit} values`)
  }
}
