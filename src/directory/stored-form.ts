/**
 * A resource as it lies in the database: extension containers stand under their aliases, because URNs hold dots, and
 * what has a home of its own (externalId, active, roles, members) is not part of it.
 */
import type { JsonObject, JsonValue, Resource, ResourceType } from '../schema/types.ts'

export function toStored(type: ResourceType, resource: Resource): JsonObject {
  return renameContainers(type, resource, 'schema', 'alias')
}

export function fromStored(type: ResourceType, stored: JsonObject): Resource {
  return renameContainers(type, stored, 'alias', 'schema')
}

/** The same object where there is nothing to rename: this runs for every resource that is shown. */
function renameContainers(
  { extensions }: ResourceType,
  from: JsonObject,
  old: 'schema' | 'alias',
  name: 'schema' | 'alias',
): JsonObject {
  let to: Record<string, JsonValue | undefined> | undefined
  for (const extension of extensions) {
    const container = from[extension[old]]
    if (container === undefined) continue
    to ??= { ...from }
    delete to[extension[old]]
    to[extension[name]] = container
  }
  return to ?? from
}
