/** Resources as they may be shown: the stored form with everything computed that the caller wants. */
import { externalIdClient, type RequestContext, type Source } from '../context.ts'
import type { JsonObject, JsonValue, ResourceType } from '../schema/types.ts'
import type {
  CustomResourceDocument,
  GroupDocument,
  IdentityDocument,
  ResourceDocument,
  RoleDocument,
  UserDocument,
} from '../store/documents.ts'
import { externalIdFor, provisioningUrn, schemasOf, versionTag } from './compose.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { type DerivedVersion, groupVersion, groupVersions } from './group-version.ts'
import { isActive, reasonOf } from './holds.ts'
import { readMemberRows } from './members.ts'
import { combineRoles, type GroupsByMember, groupsOf, roleCatalogue, rolesAsValues } from './roles.ts'
import { fromStored } from './stored-form.ts'
import type { Wants } from './types.ts'

const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

export async function showUser(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: UserDocument,
  wants: Wants,
): Promise<JsonObject> {
  const [shown] = await showUsers(environment, context, [user], wants)
  return shown!
}

/** What stands around users besides what they are themselves. */
export interface UserSurroundings {
  readonly groups: GroupsByMember
  readonly displays: ReadonlyMap<string, string>
  readonly catalogue: readonly RoleDocument[]
  readonly identities: ReadonlyMap<string, readonly IdentityDocument[]>
  readonly managers: ReadonlyMap<string, string | undefined>
}

export async function showUsers(
  environment: DirectoryEnvironment,
  context: RequestContext,
  users: readonly UserDocument[],
  wants: Wants,
): Promise<readonly JsonObject[]> {
  if (users.length === 0) return []
  const around = await readSurroundings(environment, context, users, wants)
  return users.map((user) => showUserWithin(environment, context, user, around, wants))
}

/** All of it by index and for the whole page at once. */
async function readSurroundings(
  environment: DirectoryEnvironment,
  context: RequestContext,
  users: readonly UserDocument[],
  wants: Wants,
): Promise<UserSurroundings> {
  const { store } = environment
  const org = context.organization.id
  const ids = users.map(({ _id }) => _id)
  const linked = users.filter(mayBeLinked).map(({ _id }) => _id)
  const wantsGroups = wants('groups') || wants('roles')
  const [groups, catalogue, identities, managers] = await Promise.all([
    wantsGroups ? groupsOf(environment, org, ids) : new Map(),
    wants('roles') ? roleCatalogue(environment, context) : [],
    wants(provisioningUrn) && linked.length > 0
      ? store.identities.find(org, { user: linked.length === 1 ? linked[0] : { $in: linked } })
      : [],
    wants(enterpriseUrn) ? readManagers(environment, org, users) : new Map(),
  ])
  const groupIds = [...new Set([...groups.values()].flatMap((found) => [...found.keys()]))]
  return {
    groups,
    displays: await groupDisplays(environment, org, groupIds),
    catalogue,
    identities: byUser(identities),
    managers,
  }
}

/** Whoever has an identity is managed by its connection too, which stays when the identity goes. */
function mayBeLinked({ managedBy }: UserDocument): boolean {
  return managedBy.some((source) => source.startsWith('login:'))
}

/** Shows a user that was made just now and is in no group yet. */
export async function showNewUser(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: UserDocument,
  wants: Wants,
): Promise<JsonObject> {
  const [catalogue, managers] = await Promise.all([
    wants('roles') ? roleCatalogue(environment, context) : [],
    wants(enterpriseUrn) ? readManagers(environment, context.organization.id, [user]) : new Map(),
  ])
  const nothing = new Map()
  const around = { groups: nothing, displays: nothing, identities: nothing, catalogue, managers }
  return showUserWithin(environment, context, user, around, wants)
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

/** Shows a user by what was read, or is known otherwise, of its surroundings. */
export function showUserWithin(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: UserDocument,
  around: UserSurroundings,
  wants: Wants,
): JsonObject {
  const attributes = fromStored(environment.userType, user.resource)
  const externalId = externalIdFor(user.externalIds, clientSource(context))
  const groups = [...(around.groups.get(user._id) ?? [])].filter(([id]) => around.displays.has(id))
  const roles = wants('roles')
    ? rolesAsValues(
        around.catalogue,
        combineRoles(
          around.catalogue,
          context.organization.defaultRole,
          user,
          groups.map(([id]) => id),
        ),
        user,
      )
    : []
  const manager = managerOf(context, attributes[enterpriseUrn], around)
  return {
    schemas: [...schemasOf(environment.userType, attributes), ...(wants(provisioningUrn) ? [provisioningUrn] : [])],
    id: user._id,
    ...(externalId === undefined ? {} : { externalId }),
    ...attributes,
    ...(manager === undefined ? {} : { [enterpriseUrn]: manager }),
    active: isActive(user.holds),
    ...(wants('groups') && groups.length > 0 ? { groups: groups.map(groupValue(context, around.displays)) } : {}),
    ...(roles.length > 0 ? { roles } : {}),
    ...(wants(provisioningUrn) ? { [provisioningUrn]: provisioningOf(user, around) } : {}),
    meta: metaOf(environment.userType, context, user, versionTag(user.version), user.lastModified),
  }
}

function groupValue(context: RequestContext, displays: ReadonlyMap<string, string>) {
  return ([id, type]: readonly [string, 'direct' | 'indirect']): JsonObject => ({
    value: id,
    $ref: `${context.baseUrl}/Groups/${id}`,
    display: displays.get(id),
    type,
  })
}

function provisioningOf(user: UserDocument, around: UserSurroundings): JsonObject {
  const identities = around.identities.get(user._id) ?? []
  const lastLogin = latest(identities)
  const reason = reasonOf(user.holds)
  return {
    provisionedBy: user.provisionedBy,
    ...(user.managedBy.length === 0
      ? {}
      : { managedBy: user.managedBy.map((source) => ({ source, display: displayOf(source) })) }),
    ...(lastLogin === undefined ? {} : { lastLogin }),
    ...(identities.length === 0
      ? {}
      : {
          identities: identities.map(({ connection, issuer, subject, linkedAt }) => ({
            connection,
            issuer,
            subject,
            linkedAt: linkedAt.toISOString(),
          })),
        }),
    state: user.state,
    ...(reason === undefined ? {} : { reason }),
  }
}

function displayOf(source: Source): string {
  const kind = source.split(':', 1)[0]
  return (
    { scim: 'SCIM client', login: 'Login', admin: 'Administrator', invitation: 'Invitation', job: 'Job' }[kind ?? ''] ??
    source
  )
}

function latest(identities: readonly IdentityDocument[]): string | undefined {
  const times = identities.map(({ lastLogin }) => lastLogin?.getTime() ?? 0)
  const time = Math.max(0, ...times)
  return time === 0 ? undefined : new Date(time).toISOString()
}

function managerOf(
  context: RequestContext,
  enterprise: JsonValue | undefined,
  around: UserSurroundings,
): JsonObject | undefined {
  const container = enterprise as JsonObject | undefined
  const manager = container?.manager as JsonObject | undefined
  if (typeof manager?.value !== 'string' || !around.managers.has(manager.value)) return undefined
  const displayName = around.managers.get(manager.value)
  return {
    ...container,
    manager: {
      ...manager,
      $ref: `${context.baseUrl}/Users/${manager.value}`,
      ...(displayName === undefined ? {} : { displayName }),
    },
  }
}

export async function readManagers(
  environment: DirectoryEnvironment,
  org: string,
  users: readonly UserDocument[],
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

export async function showGroup(
  environment: DirectoryEnvironment,
  context: RequestContext,
  group: GroupDocument,
  wants: Wants,
): Promise<JsonObject> {
  const version = await groupVersion(environment, context.organization.id, group)
  const members: JsonObject[] = []
  if (wants('members')) {
    for await (const batch of readMemberRows(environment, context, group._id))
      members.push(...batch.map(memberValue(context)))
  }
  return groupForm(environment, context, group, version, members)
}

export async function showGroups(
  environment: DirectoryEnvironment,
  context: RequestContext,
  groups: readonly GroupDocument[],
  wants: Wants,
): Promise<readonly JsonObject[]> {
  const versions = await groupVersions(environment, context.organization.id, groups)
  const shown: JsonObject[] = []
  for (const group of groups) {
    const members: JsonObject[] = []
    if (wants('members')) {
      for await (const batch of readMemberRows(environment, context, group._id)) {
        members.push(...batch.map(memberValue(context)))
      }
    }
    shown.push(groupForm(environment, context, group, versions.get(group._id)!, members))
  }
  return shown
}

/** A member as an element of `members`. */
export function memberValue(context: RequestContext) {
  return (row: {
    readonly value: string
    readonly type: 'User' | 'Group'
    readonly display: string | undefined
  }): JsonObject => ({
    value: row.value,
    $ref: `${context.baseUrl}/${row.type}s/${row.value}`,
    type: row.type,
    ...(row.display === undefined ? {} : { display: row.display }),
  })
}

export function showCustom(type: ResourceType, context: RequestContext, document: CustomResourceDocument): JsonObject {
  const attributes = fromStored(type, document.resource)
  const externalId = externalIdFor(document.externalIds, clientSource(context))
  return {
    schemas: schemasOf(type, attributes),
    id: document._id,
    ...(externalId === undefined ? {} : { externalId }),
    ...attributes,
    meta: metaOf(type, context, document, versionTag(document.version), document.lastModified),
  }
}

function groupForm(
  environment: DirectoryEnvironment,
  context: RequestContext,
  group: GroupDocument,
  { version, lastModified }: DerivedVersion,
  members: readonly JsonObject[],
): JsonObject {
  const attributes = fromStored(environment.groupType, group.resource)
  const externalId = externalIdFor(group.externalIds, clientSource(context))
  return {
    schemas: schemasOf(environment.groupType, attributes),
    id: group._id,
    ...(externalId === undefined ? {} : { externalId }),
    ...attributes,
    ...(members.length === 0 ? {} : { members }),
    meta: metaOf(environment.groupType, context, group, version, lastModified),
  }
}

function metaOf(
  type: ResourceType,
  context: RequestContext,
  document: ResourceDocument,
  version: string,
  lastModified: Date,
): JsonObject {
  return {
    resourceType: type.name,
    created: document.created.toISOString(),
    lastModified: lastModified.toISOString(),
    location: `${context.baseUrl}${type.endpoint}/${document._id}`,
    version,
  }
}

function clientSource(context: RequestContext): string | undefined {
  return externalIdClient(context) === undefined ? undefined : context.source
}

function byUser(identities: readonly IdentityDocument[]): ReadonlyMap<string, readonly IdentityDocument[]> {
  return Map.groupBy(identities, ({ user }) => user)
}
