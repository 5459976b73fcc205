/** A decision in the form in which a SCIM client could have sent it: the Operations of a BulkRequest. */
import { diffOperations } from '../patch/diff.ts'
import { patchOpUrn } from '../patch/envelope.ts'
import type { JsonObject, JsonValue, Resource, ResourceType } from '../schema/types.ts'
import type { Facts } from './facts.ts'
import type { LoginOperation, UserState } from './types.ts'

const newUser = 'user'

function patch(path: string, operations: readonly JsonObject[]): readonly LoginOperation[] {
  if (operations.length === 0) return []
  return [{ method: 'PATCH', path, data: { schemas: [patchOpUrn], Operations: operations } }]
}

function valueFilter(attribute: string, value: string): string {
  return `${attribute}[value eq ${JSON.stringify(value)}]`
}

function rolesOf(names: readonly string[]): JsonValue {
  return names.map((value) => ({ value }))
}

/** A resource as a client sends it: with the URNs of its schemas in front. */
export function withSchemas(type: ResourceType, resource: Resource): JsonObject {
  const extensions = type.extensions.map(({ schema }) => schema).filter((schema) => resource[schema] !== undefined)
  return { schemas: [type.schema, ...extensions], ...resource }
}

function creation({ externalId, resource, roles, type }: Facts): LoginOperation {
  return {
    method: 'POST',
    path: type.endpoint,
    bulkId: newUser,
    data: {
      ...withSchemas(type, resource),
      ...(externalId === null ? {} : { externalId }),
      ...(roles.add.length === 0 ? {} : { roles: rolesOf(roles.add) }),
    },
  }
}

function update({ lifts, resource, roles, type }: Facts, user: UserState): readonly LoginOperation[] {
  const operations: JsonObject[] = [
    ...(lifts.length === 0 ? [] : [{ op: 'replace', path: 'active', value: true }]),
    ...diffOperations(type, user.resource, resource),
    ...(roles.add.length === 0 ? [] : [{ op: 'add', path: 'roles', value: rolesOf(roles.add) }]),
    ...roles.remove.map((role) => ({ op: 'remove', path: valueFilter('roles', role) })),
  ]
  return patch(`${type.endpoint}/${user.id}`, operations)
}

/**
 * The operations of a login, in the order of their execution: the user, then memberships by group id. A new user is
 * named by its bulkId.
 */
export function operationsFor(facts: Facts, user: UserState | null): readonly LoginOperation[] {
  const member = user?.id ?? `bulkId:${newUser}`
  const added = new Set(facts.groups.add)
  const memberships = [...facts.groups.add, ...facts.groups.remove]
    .toSorted()
    .flatMap((group) =>
      patch(`/Groups/${group}`, [
        added.has(group)
          ? { op: 'add', path: 'members', value: [{ value: member }] }
          : { op: 'remove', path: valueFilter('members', member) },
      ]),
    )
  return [...(user === null ? [creation(facts)] : update(facts, user)), ...memberships]
}
