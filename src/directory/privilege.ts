/** Guards of privileged roles: who may give them, and that the last active holder keeps them. */
import { mayGrantPrivileged, type RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { RoleDocument, UserDocument } from '../store/documents.ts'
import { StoreConflict } from '../store/store.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { combineRoles, groupsOf, presentRoles, roleCatalogue } from './roles.ts'
import { type Draft, Workspace } from './workspace.ts'

const walkLimit = 10_000

/**
 * Refuses a user whose new grants by this writer hold a privileged role that the writer may not give. Logins were
 * checked when they were decided, grants of invitations when the invitation was made.
 * @throws UsherError `privileged_grant_refused`
 */
export async function guardPrivilegedGrants(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  before: UserDocument | null,
  after: UserDocument,
): Promise<void> {
  if (mayGrant(workspace)) return
  const had = new Set(before?.grants.filter(givenBy(workspace)).map(({ role }) => role))
  const fresh = after.grants.filter(givenBy(workspace)).filter(({ role }) => !had.has(role))
  if (fresh.length === 0) return
  const catalogue = await presentRoles(environment, workspace.context)
  const refused = fresh.find(({ role }) => catalogue.some(({ name, privileged }) => privileged && name === role))
  if (refused !== undefined) throw refusal(workspace, refused.role)
}

/**
 * Refuses members of a group through which they would get a privileged role, directly or by groups around it.
 * @throws UsherError `privileged_grant_refused`
 */
export async function guardPrivilegedMembership(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  group: string,
): Promise<void> {
  if (mayGrant(workspace)) return
  const privileged = (await roleCatalogue(environment, workspace.context)).filter((role) => role.privileged)
  if (privileged.length === 0) return
  const around = await groupsOf(environment, workspace.context.organization.id, [group])
  const reached = new Set([group, ...around.get(group)!.keys()])
  const role = privileged.find(({ groups }) => groups.some((id) => reached.has(id)))
  if (role !== undefined) throw refusal(workspace, role.name)
}

/**
 * Refuses a way into a user who holds a privileged role, by whatever way: whoever signs in by it holds the role too.
 * @throws UsherError `privileged_grant_refused`
 */
export async function guardPrivilegedUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  user: UserDocument,
): Promise<void> {
  if (mayGrant(workspace)) return
  const { organization } = workspace.context
  const [catalogue, groups] = await Promise.all([
    presentRoles(environment, workspace.context),
    groupsOf(environment, organization.id, [user._id]),
  ])
  const held = combineRoles(catalogue, organization.defaultRole, user, groups.get(user._id)!.keys())
  const role = catalogue.find(({ name, privileged }) => privileged && held.some((each) => each.name === name))
  if (role !== undefined) throw refusal(workspace, role.name)
}

/**
 * The state in which a holder of a role is looked for: as stored, as planned, or as planned without what the plan gives,
 * which holds less than every state on the way there.
 */
type View = 'stored' | 'planned' | 'takenOnly'

/**
 * Refuses a plan after which a privileged role that has an active holder would have none, and makes every other plan
 * that takes such a role from somebody write the role's guard, so that two of them cannot both succeed.
 *
 * @param separately whether what is planned counts as several changes, of which none may take the last holder: then some
 * plans are refused that would do no harm
 * @throws UsherError `last_admin_kept`; StoreConflict for a login, which is then decided again
 */
export async function guardLastHolders(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  separately = false,
): Promise<void> {
  if (!takesSomething(workspace)) return
  const mayHaveAny = separately && givesSomething(workspace)
  for (const role of await presentRoles(environment, workspace.context)) {
    if (!role.privileged) continue
    if (!mayHaveAny && !(await hasHolder(environment, workspace, role, 'stored'))) continue
    if (!(await hasHolder(environment, workspace, role, separately ? 'takenOnly' : 'planned'))) {
      if (workspace.context.principal.kind === 'login') throw new StoreConflict('roles: guard')
      throw lastHolderKept(role.name)
    }
    workspace.roleGuards.set(role._id, { id: role._id, name: role.name, seen: role.guard })
  }
}

/**
 * Refuses other groups for a privileged role by which its last active holder would lose it.
 * @throws UsherError `last_admin_kept`
 */
export async function guardRoleGroups(
  environment: DirectoryEnvironment,
  context: RequestContext,
  name: string,
  groups: readonly string[],
): Promise<void> {
  const role = (await presentRoles(environment, context)).find((each) => each.name === name)
  if (!role?.privileged || role.groups.every((id) => groups.includes(id))) return
  const unchanged = new Workspace(context)
  if (!(await hasHolder(environment, unchanged, role, 'stored'))) return
  if (!(await hasHolder(environment, unchanged, { ...role, groups }, 'stored'))) throw lastHolderKept(name)
}

function takesSomething(workspace: Workspace): boolean {
  if (workspace.dissolved.size > 0 || workspace.departed.size > 0) return true
  for (const edge of workspace.edges.values()) if (edge.before.length > 0 && edge.after.length === 0) return true
  for (const draft of workspace.users.values()) if (losesSomething(draft)) return true
  return false
}

function losesSomething({ before, after }: Draft<UserDocument>): boolean {
  if (before === null) return false
  if (after === null) return true
  const left = new Set(after.grants.map(({ role }) => role))
  return before.state !== after.state || before.grants.some(({ role }) => !left.has(role))
}

function givesSomething(workspace: Workspace): boolean {
  for (const edge of workspace.edges.values()) if (edge.before.length === 0 && edge.after.length > 0) return true
  for (const draft of workspace.users.values()) if (gainsSomething(draft)) return true
  return false
}

function gainsSomething({ before, after }: Draft<UserDocument>): boolean {
  if (after === null) return false
  if (before !== null && before.state !== after.state && after.state === 'active') return true
  const had = new Set(before?.grants.map(({ role }) => role))
  return after.grants.some(({ role }) => !had.has(role))
}

/** Whether anybody active holds the role. */
async function hasHolder(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  role: RoleDocument,
  view: View,
): Promise<boolean> {
  const org = workspace.context.organization.id
  const planned = view !== 'stored'
  const drafted = planned ? [...workspace.users.keys()] : []
  const isActive = ({ before, after }: Draft<UserDocument>) =>
    after?.state === 'active' && (view === 'planned' || before?.state === 'active')
  const isGranted = ({ before, after }: Draft<UserDocument>) =>
    grants(after, role) && (view === 'planned' || grants(before, role))
  for (const draft of planned ? workspace.users.values() : []) if (isActive(draft) && isGranted(draft)) return true
  const direct = await environment.store.users.findOne(
    org,
    { 'grants.role': role.name, state: 'active', _id: { $nin: drafted } },
    { projection: { _id: 1 } },
  )
  if (direct !== null) return true

  const members = await usersWithin(environment, workspace, role.groups, view)
  for (const id of drafted) if (members.has(id) && isActive(workspace.users.get(id)!)) return true
  const others = [...members].filter((id) => !drafted.includes(id))
  if (others.length === 0) return false
  const found = await environment.store.users.findOne(
    org,
    { _id: { $in: others }, state: 'active' },
    { projection: { _id: 1 } },
  )
  return found !== null
}

/** Whether anybody active but this user holds the role. */
export async function hasOtherHolder(
  environment: DirectoryEnvironment,
  context: RequestContext,
  role: RoleDocument,
  user: string,
): Promise<boolean> {
  const others = new Workspace(context)
  others.users.set(user, { before: null, after: null })
  others.departed.add(user)
  return hasHolder(environment, others, role, 'planned')
}

function grants(user: UserDocument | null, role: RoleDocument): boolean {
  return user?.grants.some((grant) => grant.role === role.name) ?? false
}

/** Users in these groups and the groups inside them. */
async function usersWithin(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  groups: readonly string[],
  view: View,
): Promise<ReadonlySet<string>> {
  const planned = view !== 'stored'
  const users = new Set<string>()
  const visited = new Set<string>()
  let frontier = groups.filter((group) => !(planned && workspace.dissolved.has(group)))
  while (frontier.length > 0 && users.size + visited.size < walkLimit) {
    for (const group of frontier) visited.add(group)
    const edges = await environment.store.memberships.find(
      workspace.context.organization.id,
      { group: { $in: frontier } },
      { projection: { _id: 0, group: 1, member: 1, kind: 1 }, limit: walkLimit },
    )
    const next = new Set<string>()
    for (const { group, member, kind } of edges) {
      if (planned && workspace.edge(group, member)?.after.length === 0) continue
      if (kind === 'User') users.add(member)
      else if (!visited.has(member) && !(planned && workspace.dissolved.has(member))) next.add(member)
    }
    frontier = [...next]
  }
  for (const edge of view === 'planned' ? workspace.edges.values() : []) {
    if (edge.after.length > 0 && edge.kind === 'User' && visited.has(edge.group)) users.add(edge.member)
  }
  if (planned) for (const id of workspace.departed) users.delete(id)
  return users
}

function mayGrant(workspace: Workspace): boolean {
  const { principal } = workspace.context
  return principal.kind === 'login' || mayGrantPrivileged(principal)
}

function givenBy(workspace: Workspace) {
  return (grant: UserDocument['grants'][number]) => grant.sources.some(({ source }) => source === workspace.source)
}

function lastHolderKept(role: string): UsherError {
  return new UsherError(
    'last_admin_kept',
    `last_admin_kept: this would take the privileged role "${role}" from its last active holder.`,
  )
}

function refusal(workspace: Workspace, role: string): UsherError {
  const who = workspace.context.principal.kind === 'scim' ? 'This SCIM client' : 'This key'
  return new UsherError('privileged_grant_refused', `${who} may not give the privileged role "${role}".`)
}
