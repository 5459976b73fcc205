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

/** The groups around some resources. */
export interface GroupsAround {
  readonly byMember: GroupsByMember
  /** What those are called that were read on the way; a group that is gone has no name. */
  readonly displays: ReadonlyMap<string, string>
}

/** The groups that contain these members, directly and by nesting; each with whether it is direct. */
export async function groupsOf(
  environment: DirectoryEnvironment,
  org: string,
  members: readonly string[],
): Promise<GroupsByMember> {
  return (await groupsAbove(environment, org, members, await directGroupsOf(environment, org, members))).byMember
}

/** The same where the direct groups are known already, and those of some groups perhaps. */
export async function groupsAbove(
  environment: DirectoryEnvironment,
  org: string,
  members: readonly string[],
  above: DirectGroups,
  known: DirectGroups = new Map(),
): Promise<GroupsAround> {
  const found = new Map<string, Map<string, 'direct' | 'indirect'>>(members.map((member) => [member, new Map()]))
  const displays = new Map<string, string>()
  if (above.size === 0) return { byMember: found, displays }

  const parents = new Map<string, readonly string[]>()
  let frontier = [...new Set([...above.values()].flat())]
  for (let depth = 0; depth < depthLimit && frontier.length > 0 && parents.size < nodeLimit; depth += 1) {
    const unknown = frontier.filter((group) => !known.has(group))
    const read = unknown.length === 0 ? new Map() : await environment.reads.groups(org, unknown)
    for (const [group, { document }] of read) displays.set(group, String(document.resource.displayName))
    for (const group of frontier) parents.set(group, known.get(group) ?? read.get(group)?.parents ?? [])
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
  return { byMember: found, displays }
}

/** Where each effective role of a user comes from, by role name. */
export interface EffectiveRole {
  readonly name: string
  readonly display: string | undefined
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
    const { name, displayName: display } = role
    roles.push({ name, display, isDefault, groups: through, granted: granted.delete(name) })
  }
  for (const name of granted) roles.push({ name, display: undefined, isDefault: false, groups: [], granted: true })
  return roles
}

/** The roles as values of `User.roles`. */
export function rolesAsValues(
  roles: readonly EffectiveRole[],
  { grants }: Pick<UserDocument, 'grants'>,
): readonly JsonObject[] {
  const written = grants.length === 0 ? [] : grantsAsRoles(grants)
  return roles.map(({ name, display }) => ({
    value: name,
    ...(display === undefined ? {} : { display }),
    ...written.findLast(({ value }) => value === name),
  }))
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
  return rolesAsValues(roles, user)
}

export async function directGroupsOf(
  environment: DirectoryEnvironment,
  org: string,
  members: readonly string[],
): Promise<DirectGroups> {
  const [member] = members
  if (member !== undefined && members.length === 1)
    return new Map([[member, await environment.reads.groupsOf(org, member)]])
  const edges = await environment.store.memberships.find(
    org,
    { member: { $in: members } },
    { projection: { _id: 0, group: 1, member: 1 } },
  )
  const parents = Map.groupBy(edges, ({ member }) => member)
  return new Map([...parents].map(([member, own]) => [member, own.map(({ group }) => group)]))
}
