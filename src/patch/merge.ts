import type { Attribute, JsonObject, JsonValue } from '../schema/types.ts'
import { isEmpty, isObject, memberOf } from './place.ts'
import { refuseMutation } from './reading.ts'
import { isSameValue } from './same.ts'

/**
 * Merges a part into a complex value: what the part leaves out stays, a null unassigns (RFC 7644 sections 3.5.2.1 and
 * 3.5.2.3). Members are in the order of the schema, so that equal values are written alike.
 *
 * @returns undefined when nothing is left
 * @throws UsherError `mutability` for another value of an immutable sub-attribute
 */
export function mergePart(
  attribute: Attribute,
  current: JsonValue | undefined,
  part: JsonObject,
): JsonObject | undefined {
  const merged: Record<string, JsonValue> = {}
  for (const sub of attribute.subAttributes) {
    const before = memberOf(current, sub.name)
    const given = memberOf(part, sub.name)
    const after = given === undefined ? before : keepImmutable(sub, before, given ?? undefined)
    if (after !== undefined && after !== null) merged[sub.name] = after
  }
  return isEmpty(merged) ? undefined : merged
}

/** The whole value instead of what is there; immutable sub-attributes that have a value must stay. */
export function replaceWhole(
  attribute: Attribute,
  current: JsonValue | undefined,
  value: JsonValue,
): JsonObject | undefined {
  const part: Record<string, JsonValue> = {}
  for (const sub of attribute.subAttributes) {
    if (sub.mutability !== 'readOnly') part[sub.name] = memberOf(value, sub.name) ?? null
  }
  return mergePart(attribute, current, part)
}

/**
 * What an immutable attribute has after a write: its first value may be given, and given again, nothing else
 * (RFC 7643 section 2.2). Of any other attribute it is what was written.
 *
 * @throws UsherError `mutability`
 */
export function keepImmutable(
  attribute: Attribute,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): JsonValue | undefined {
  if (attribute.mutability !== 'immutable' || before === undefined) return after
  if (isSameValue(attribute, before, after)) return before
  throw refuseMutation(attribute.path, 'cannot be changed once it has a value')
}

/** A part of an element: an object for complex elements, the value itself for simple ones. */
export function mergeElement(attribute: Attribute, element: JsonValue | undefined, part: JsonValue): JsonValue {
  return isObject(part) ? (mergePart(attribute, element, part) ?? {}) : part
}
