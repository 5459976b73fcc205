/**
 * A resource as it lies in the database: extension containers stand under their aliases, because URNs hold dots, and
 * what has a home of its own (externalId, active, roles, members) is not part of it.
 */
import type { JsonObject, JsonValue, Resource, ResourceType } from '../schema/types.ts'

export function toStored(type: ResourceType, resource: Resource): JsonObject {
  return renameContainers(
    resource,
    type.extensions.map(({ schema, alias }) => [schema, alias] as const),
  )
}

export function fromStored(type: ResourceType, stored: JsonObject): Resource {
  return renameContainers(
    stored,
    type.extensions.map(({ schema, alias }) => [alias, schema] as const),
  )
}

function renameContainers(from: JsonObject, names: readonly (readonly [string, string])[]): JsonObject {
  if (!names.some(([name]) => from[name] !== undefined)) return from
  const to: Record<string, JsonValue | undefined> = { ...from }
  for (const [old, name] of names) {
    if (to[old] === undefined) continue
    to[name] = to[old]
    delete to[old]
  }
  return to
}
