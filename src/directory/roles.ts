/** Effective roles: default role, grants, and the roles of groups, direct and around them. */
import type { RequestContext } from '../context.ts'
import type { JsonObject } from '../schema/types.ts'
import type { RoleDocument, UserDocument } from '../store/documents.ts'
import { grantsAsRoles } from './compose.ts'
import type { DirectoryEnvironment } from './environment.ts'

/** How deep and how wide a walk through nested groups goes at most; cycles end by the set of visited ones. */
const depthLimit = 10
const nodeLimit = 10_000

/** The roles of the organization, as they were at most a second ago. */
export function roleCatalogue(
  environment: DirectoryEnvironment,
  context: RequestContext,
): Promise<readonly RoleDocument[]> {
  return environment.store.roles.remembered(context.organization.id, {}, { sort: { name: 1 } })
}

/** The roles as they are: for guards, and for whoever names a role that may have been made just now. */
export function presentRoles(
  environment: DirectoryEnvironment,
  context: RequestContext,
): Promise<readonly RoleDocument[]> {
  return environment.store.roles.find(context.organization.id, {}, { sort: { name: 1 } })
}

/** The groups that resources are in directly, by resource. */
export type DirectGroups = ReadonlyMap<string, readonly string[]>

export type GroupsByMember = ReadonlyMap<string, ReadonlyMap<string, 'direct' | 'indirect'>>

/** The groups that contain these members, directly and by nesting; each with whether it is direct. */
export async function groupsOf(
  environment: DirectoryEnvironment,
  org: string,
  members: readonly string[],
): Promise<GroupsByMember> {
  return groupsAbove(environment, org, members, await parentsOf(environment, org, members))
}

/** The step of a pipeline that joins resources with the groups that they are in directly, as `edges`. */
export function lookUpEdges(org: string): Readonly<Record<string, unknown>> {
  const pipeline = [{ $match: { org } }, { $project: { _id: 0, group: 1 } }]
  return { $lookup: { from: 'memberships', localField: '_id', foreignField: 'member', pipeline, as: 'edges' } }
}

/** The same where the direct groups are known already, and those of some groups perhaps. */
export async function groupsAbove(
  environment: DirectoryEnvironment,
  org: string,
  members: readonly string[],
  above: DirectGroups,
  known: DirectGroups = new Map(),
): Promise<GroupsByMember> {
  const found = new Map<string, Map<string, 'direct' | 'indirect'>>(members.map((member) => [member, new Map()]))
  if (above.size === 0) return found

  const parents = new Map<string, readonly string[]>()
  let frontier = [...new Set([...above.values()].flat())]
  for (let depth = 0; depth < depthLimit && frontier.length > 0 && parents.size < nodeLimit; depth += 1) {
    const unknown = frontier.filter((group) => !known.has(group))
    const next = unknown.length === 0 ? known : await parentsOf(environment, org, unknown)
    for (const group of frontier) parents.set(group, known.get(group) ?? next.get(group) ?? [])
    frontier = [...new Set(frontier.flatMap((group) => parents.get(group)!))].filter((group) => !parents.has(group))
  }

  for (const [member, groups] of above) {
    const own = found.get(member)!
    for (const group of groups) own.set(group, 'direct')
    const queue = [...groups]
    for (let group = queue.pop(); group !== undefined; group = queue.pop()) {
      for (const outer of parents.get(group) ?? []) {
        if (own.has(outer)) continue
        own.set(outer, 'indirect')
        queue.push(outer)
      }
    }
  }
  return found
}

/** Where each effective role of a user comes from, by role name. */
export interface EffectiveRole {
  readonly name: string
  readonly isDefault: boolean
  readonly groups: readonly string[]
  readonly granted: boolean
}

export function combineRoles(
  catalogue: readonly RoleDocument[],
  defaultRole: string | null,
  user: Pick<UserDocument, 'grants'>,
  groups: Iterable<string>,
): readonly EffectiveRole[] {
  const inside = new Set(groups)
  const granted = new Set(user.grants.map(({ role }) => role))
  const roles: EffectiveRole[] = []
  for (const role of catalogue) {
    const through = role.groups.filter((group) => inside.has(group))
    const isDefault = role.name === defaultRole
    if (!isDefault && through.length === 0 && !granted.has(role.name)) continue
    roles.push({ name: role.name, isDefault, groups: through, granted: granted.delete(role.name) })
  }
  for (const name of granted) roles.push({ name, isDefault: false, groups: [], granted: true })
  return roles
}

/** The roles as values of `User.roles`. */
export function rolesAsValues(
  catalogue: readonly RoleDocument[],
  roles: readonly EffectiveRole[],
  user: Pick<UserDocument, 'grants'>,
): readonly JsonObject[] {
  const displays = new Map(catalogue.map((role) => [role.name, role.displayName]))
  const written = new Map(grantsAsRoles(user.grants).map((role) => [role.value, role]))
  return roles.map(({ name }) => {
    const display = displays.get(name)
    return { value: name, ...(display === undefined ? {} : { display }), ...written.get(name) }
  })
}

/** `roles` of one user as its readers see it. */
export async function effectiveRoles(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: UserDocument,
): Promise<readonly JsonObject[]> {
  const [catalogue, groups] = await Promise.all([
    roleCatalogue(environment, context),
    groupsOf(environment, context.organization.id, [user._id]),
  ])
  const inside = groups.get(user._id)?.keys() ?? []
  const roles = combineRoles(catalogue, context.organization.defaultRole, user, inside)
  return rolesAsValues(catalogue, roles, user)
}

async function parentsOf(
  environment: DirectoryEnvironment,
  org: string,
  members: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const edges = await environment.store.memberships.find(
    org,
    { member: members.length === 1 ? members[0] : { $in: members } },
    { projection: { _id: 0, group: 1, member: 1 } },
  )
  const parents = new Map<string, string[]>()
  for (const { group, member } of edges) {
    const list = parents.get(member)
    if (list === undefined) parents.set(member, [group])
    else list.push(group)
  }
  return parents
}
