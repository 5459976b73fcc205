/** What stands around users besides what they are themselves: read by index, and for a whole page at once. */
import type { RequestContext } from '../context.ts'
import type { JsonObject } from '../schema/types.ts'
import type { IdentityDocument, RoleDocument, Showable, UserDocument } from '../store/documents.ts'
import { enterpriseUrn, provisioningUrn } from './compose.ts'
import type { DirectoryEnvironment } from './environment.ts'
import {
  type DirectGroups,
  directGroupsOf,
  type GroupsAround,
  type GroupsByMember,
  groupsAbove,
  roleCatalogue,
} from './roles.ts'
import { fromStored } from './stored-form.ts'
import type { Wants } from './types.ts'

export interface UserSurroundings {
  readonly groups: GroupsByMember
  readonly displays: ReadonlyMap<string, string>
  readonly catalogue: readonly RoleDocument[]
  readonly identities: ReadonlyMap<string, readonly IdentityDocument[]>
  readonly managers: ReadonlyMap<string, string | undefined>
}

const noGroups: GroupsAround = { byMember: new Map(), displays: new Map() }

/** @param direct the direct groups, where they are known already */
export async function readSurroundings(
  environment: DirectoryEnvironment,
  context: RequestContext,
  users: readonly Showable<UserDocument>[],
  wants: Wants,
  direct: DirectGroups | undefined,
): Promise<UserSurroundings> {
  const { store } = environment
  const org = context.organization.id
  const ids = users.map(({ _id }) => _id)
  const linked = users.filter(mayBeLinked).map(({ _id }) => _id)
  const wantsGroups = wants('groups') || wants('roles')
  const readGroups = async () =>
    groupsAbove(environment, org, ids, direct ?? (await directGroupsOf(environment, org, ids)))
  const [groups, catalogue, identities, managers] = await Promise.all([
    wantsGroups ? readGroups() : noGroups,
    wants('roles') ? roleCatalogue(environment, context) : [],
    wants(provisioningUrn) && linked.length > 0
      ? store.identities.find(org, { user: linked.length === 1 ? linked[0] : { $in: linked } })
      : [],
    wants(enterpriseUrn) ? readManagers(environment, org, users) : new Map(),
  ])
  return {
    groups: groups.byMember,
    displays: groups.displays,
    catalogue,
    identities: byUser(identities),
    managers,
  }
}

/** Whoever has an identity is managed by its connection too, which stays when the identity goes. */
function mayBeLinked({ managedBy }: Pick<UserDocument, 'managedBy'>): boolean {
  return managedBy.some((source) => source.startsWith('login:'))
}

/** Names of the groups that exist; an edge to a group that is gone is not shown. */
export async function groupDisplays(
  environment: DirectoryEnvironment,
  org: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const groups = await environment.store.groups.find(
    org,
    { _id: { $in: ids } },
    { projection: { 'resource.displayName': 1 } },
  )
  return new Map(groups.map((group) => [group._id, String(group.resource.displayName)]))
}

export async function readManagers(
  environment: DirectoryEnvironment,
  org: string,
  users: readonly Showable<UserDocument>[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const ids = new Set<string>()
  for (const user of users) {
    const enterprise = fromStored(environment.userType, user.resource)[enterpriseUrn] as JsonObject | undefined
    const value = (enterprise?.manager as JsonObject | undefined)?.value
    if (typeof value === 'string') ids.add(value)
  }
  if (ids.size === 0) return new Map()
  const found = await environment.store.users.find(
    org,
    { _id: { $in: [...ids] } },
    { projection: { 'resource.displayName': 1, 'resource.userName': 1 } },
  )
  return new Map(found.map((user) => [user._id, String(user.resource.displayName ?? user.resource.userName)]))
}

function byUser(identities: readonly IdentityDocument[]): ReadonlyMap<string, readonly IdentityDocument[]> {
  return Map.groupBy(identities, ({ user }) => user)
}
