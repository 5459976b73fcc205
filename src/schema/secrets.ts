import type { JsonObject, JsonValue, Resource, ResourceType } from './types.ts'

/** The resource without what is never shown, for records of what happened; the same one if there is nothing to hide. */
export function withoutSecrets({ secrets }: ResourceType, resource: Resource): Resource {
  return secrets.reduce<Resource>((shown, { keys }) => without(shown, keys), resource)
}

function without(object: JsonObject, [key, ...rest]: readonly string[]): JsonObject {
  const value = key === undefined ? undefined : object[key]
  if (key === undefined || value === undefined || value === null) return object
  if (rest.length === 0) {
    const { [key]: _hidden, ...others } = object
    return others
  }
  const shown = Array.isArray(value)
    ? (value as readonly JsonValue[]).map((element) => without(element as JsonObject, rest))
    : without(value as JsonObject, rest)
  return shown === value ? object : { ...object, [key]: shown }
}
