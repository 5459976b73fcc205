import type { JsonObject, JsonValue, Resource } from '../schema/types.ts'

/** What stands at a place of the resource; `keys` come from the schema. */
export function valueAt(resource: Resource, keys: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = resource
  for (const key of keys) value = memberOf(value, key)
  return value
}

/**
 * The resource with another value at a place; undefined unassigns, and a container that is left empty goes with its
 * last member. The given resource stays as it is, and what did not change is shared with it.
 */
export function withValueAt(resource: Resource, keys: readonly string[], value: JsonValue | undefined): Resource {
  const [key, ...rest] = keys
  if (key === undefined) return resource
  if (rest.length === 0) return withMember(resource, key, value)
  const inner = memberOf(resource, key)
  const changed = withValueAt(isObject(inner) ? inner : {}, rest, value)
  return withMember(resource, key, isEmpty(changed) ? undefined : changed)
}

/** The object with another value of one member; undefined takes the member away. */
export function withMember(object: JsonObject, name: string, value: JsonValue | undefined): JsonObject {
  if (value !== undefined) return { ...object, [name]: value }
  const { [name]: _gone, ...rest } = object
  return rest
}

/** The own member of an object; nothing is ever found on a prototype. */
export function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0
}
