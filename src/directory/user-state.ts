/** A stored user in the form in which decisions look at it. */
import type { RequestContext } from '../context.ts'
import type { UserState } from '../provisioning/types.ts'
import type { IdentityDocument, MembershipDocument, RoleDocument, UserDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { readLocks } from './locks.ts'
import type { LinkReading } from './point-reads.ts'
import { combineRoles, groupsAbove } from './roles.ts'
import { fromStored } from './stored-form.ts'

export interface UserReading {
  readonly document: UserDocument
  readonly state: UserState
}

/** The user of a link; null when somebody deleted it since. */
export async function linkedState(
  environment: DirectoryEnvironment,
  context: RequestContext,
  catalogue: readonly RoleDocument[],
  { user, edges, identities }: LinkReading,
): Promise<UserReading | null> {
  if (user === null) return null
  return { document: user, state: await stateFrom(environment, context, catalogue, user, edges, identities) }
}

/** Reads everything about a user that a decision may look at. */
export async function readUserState(
  environment: DirectoryEnvironment,
  context: RequestContext,
  catalogue: readonly RoleDocument[],
  id: string,
): Promise<UserReading | null> {
  const { store } = environment
  const org = context.organization.id
  const [user, edges, identities] = await Promise.all([
    store.users.findOne(org, { _id: id }),
    store.memberships.find(org, { member: id }),
    store.identities.find(org, { user: id }),
  ])
  if (user === null) return null
  return { document: user, state: await stateFrom(environment, context, catalogue, user, edges, identities) }
}

async function stateFrom(
  environment: DirectoryEnvironment,
  context: RequestContext,
  catalogue: readonly RoleDocument[],
  user: UserDocument,
  edges: readonly MembershipDocument[],
  identities: readonly IdentityDocument[],
): Promise<UserState> {
  const org = context.organization.id
  const direct = edges.map(({ group }) => group)
  const [{ byMember, displays }, locks] = await Promise.all([
    groupsAbove(environment, org, [user._id], direct.length === 0 ? new Map() : new Map([[user._id, direct]])),
    readLocks(environment, context, user),
  ])
  const allGroups = [...(byMember.get(user._id)?.keys() ?? [])]
  const roles = combineRoles(catalogue, context.organization.defaultRole, user, allGroups)
  const privileged = new Set(catalogue.filter((role) => role.privileged).map(({ name }) => name))
  return {
    id: user._id,
    version: user.version,
    resource: fromStored(environment.userType, user.resource),
    externalIds: user.externalIds.map(({ client, value }) => ({ client: client.replace(/^scim:/, ''), value })),
    holds: user.holds,
    grants: user.grants,
    memberships: edges
      .filter(({ group }) => displays.has(group))
      .map(({ group, sources }) => ({ group, display: displays.get(group)!, sources })),
    sources: user.sources,
    identities: identities.map(({ _id, connection, issuer, subject, linkedAt, lastLogin }) => ({
      id: _id,
      connection,
      issuer,
      subject,
      linkedAt,
      lastLogin,
    })),
    provisionedBy: user.provisionedBy,
    provenEmails: user.provenEmails,
    privilegedRoles: roles.filter(({ name }) => privileged.has(name)).map(({ name }) => name),
    allGroups,
    locks,
  }
}
