/** Resources as they may be shown: the stored form with everything computed that the caller wants. */
import { externalIdClient, type RequestContext } from '../context.ts'
import type { JsonObject, JsonValue, ResourceType } from '../schema/types.ts'
import type {
  CustomResourceDocument,
  GroupDocument,
  IdentityDocument,
  ResourceDocument,
  Showable,
  UserDocument,
} from '../store/documents.ts'
import { enterpriseUrn, externalIdFor, provisioningUrn, schemasOf, versionTag } from './compose.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { type DerivedVersion, groupVersion, groupVersions } from './group-version.ts'
import { isActive, reasonOf } from './holds.ts'
import type { ShowableUser } from './point-reads.ts'
import { combineRoles, type DirectGroups, rolesAsValues } from './roles.ts'
import { displayOf } from './source-display.ts'
import { fromStored } from './stored-form.ts'
import { readSurroundings, type UserSurroundings } from './surroundings.ts'
import type { Wants } from './types.ts'

export async function showUser(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: Showable<UserDocument>,
  wants: Wants,
  direct?: DirectGroups,
): Promise<JsonObject> {
  const [shown] = await showUsers(environment, context, [user], wants, direct)
  return shown!
}

/**
 * Reads a user by its id or by the comparison form of its userName, with its direct groups in one round trip, and shows
 * it; null when there is none.
 */
export async function readShownUser(
  environment: DirectoryEnvironment,
  context: RequestContext,
  by: '_id' | 'search.userName',
  value: string,
  wants: Wants,
): Promise<JsonObject | null> {
  const withGroups = wants('groups') || wants('roles')
  const found = await environment.reads.showable(context.organization.id, by, value, { withGroups })
  return found && showUser(environment, context, found.user, wants, directGroupsOf(found))
}

function directGroupsOf({ user, groups }: ShowableUser): DirectGroups {
  return groups.length === 0 ? new Map() : new Map([[user._id, groups]])
}

export async function showUsers(
  environment: DirectoryEnvironment,
  context: RequestContext,
  users: readonly Showable<UserDocument>[],
  wants: Wants,
  direct?: DirectGroups,
): Promise<readonly JsonObject[]> {
  if (users.length === 0) return []
  const around = await readSurroundings(environment, context, users, wants, direct)
  return users.map((user) => showUserWithin(environment, context, user, around, wants))
}

/** Shows a user by what was read, or is known otherwise, of its surroundings. */
export function showUserWithin(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: Showable<UserDocument>,
  around: UserSurroundings,
  wants: Wants,
): JsonObject {
  const attributes = fromStored(environment.userType, user.resource)
  const externalId = externalIdFor(user.externalIds, clientSource(context))
  const groups = [...(around.groups.get(user._id) ?? [])].filter(([id]) => around.displays.has(id))
  const roles = wants('roles') ? rolesAsValues(effectiveRolesOf(context, user, groups, around), user) : []
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

function effectiveRolesOf(
  { organization }: RequestContext,
  user: Showable<UserDocument>,
  groups: readonly (readonly [string, unknown])[],
  { catalogue }: UserSurroundings,
) {
  const ids = groups.map(([id]) => id)
  return combineRoles(catalogue, organization.defaultRole, user, ids)
}

function groupValue(context: RequestContext, displays: ReadonlyMap<string, string>) {
  return ([id, type]: readonly [string, 'direct' | 'indirect']): JsonObject => ({
    value: id,
    $ref: `${context.baseUrl}/Groups/${id}`,
    display: displays.get(id),
    type,
  })
}

function provisioningOf(user: Showable<UserDocument>, around: UserSurroundings): JsonObject {
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

/** A group but for its members, which are read apart: there may be hundreds of thousands of them. */
export async function showGroup(
  environment: DirectoryEnvironment,
  context: RequestContext,
  group: Showable<GroupDocument>,
): Promise<JsonObject> {
  const version = await groupVersion(environment, context.organization.id, group)
  return groupForm(environment, context, group, version)
}

export async function showGroups(
  environment: DirectoryEnvironment,
  context: RequestContext,
  groups: readonly Showable<GroupDocument>[],
): Promise<readonly JsonObject[]> {
  const versions = await groupVersions(environment, context.organization.id, groups)
  return groups.map((group) => groupForm(environment, context, group, versions.get(group._id)!))
}

export function showCustom(
  type: ResourceType,
  context: RequestContext,
  document: Showable<CustomResourceDocument>,
): JsonObject {
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
  group: Showable<GroupDocument>,
  { version, lastModified }: DerivedVersion,
): JsonObject {
  const attributes = fromStored(environment.groupType, group.resource)
  const externalId = externalIdFor(group.externalIds, clientSource(context))
  return {
    schemas: schemasOf(environment.groupType, attributes),
    id: group._id,
    ...(externalId === undefined ? {} : { externalId }),
    ...attributes,
    meta: metaOf(environment.groupType, context, group, version, lastModified),
  }
}

function metaOf(
  type: ResourceType,
  context: RequestContext,
  document: Showable<ResourceDocument>,
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
