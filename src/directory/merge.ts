/** Two users who are one person become one: planned and recorded as SCIM operations, committed as one change. */
import { mayGrantPrivileged, type RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { diffOperations } from '../patch/diff.ts'
import { attributeChanges } from '../provisioning/changes.ts'
import { lockFinder } from '../provisioning/locks.ts'
import type { JsonObject } from '../schema/types.ts'
import type { GrantDocument, HoldDocument, IdentityDocument, UserDocument } from '../store/documents.ts'
import { StoreConflict } from '../store/store.ts'
import { repeatOnConflict } from './apply.ts'
import type { MergeReport, MergeRequest } from './care.ts'
import { commit } from './commit.ts'
import { composeUser, type UserParts } from './compose.ts'
import { edgeLimit } from './edges.ts'
import { type DirectoryEnvironment, isId } from './environment.ts'
import { place } from './holds.ts'
import { readLocks } from './locks.ts'
import { withoutManager } from './managers.ts'
import { memberOperations } from './member-changes.ts'
import { mergeAttributes } from './merge-attributes.ts'
import { loadUser } from './plan-user.ts'
import { guardLastHolders } from './privilege.ts'
import { patchBody } from './record-form.ts'
import { countReports } from './reports.ts'
import { presentRoles } from './roles.ts'
import { showUser } from './show.ts'
import { addGrant } from './sources.ts'
import { buryUser } from './tombstones.ts'
import { mergeProven, partsOf, union } from './user-parts.ts'
import { readUserState, type UserReading } from './user-state.ts'
import { type EdgeDraft, Workspace } from './workspace.ts'
import { writtenFormOf } from './write-user.ts'

/** See `Directory.merge`. */
export async function mergeUsers(
  environment: DirectoryEnvironment,
  context: RequestContext,
  survivor: string,
  request: MergeRequest,
): Promise<MergeReport> {
  const queue = [survivor, request.from].sort().map((id) => `${context.organization.id}|${id}`)
  if (survivor === request.from) throw unknownFrom('A user cannot be merged into itself.')
  return environment.queue.run(queue, () =>
    repeatOnConflict(environment, async () => {
      const workspace = new Workspace(context)
      const report = await planMerge(environment, workspace, survivor, request)
      await guardLastHolders(environment, workspace)
      if (request.dryRun) return report
      await commit(environment, workspace, null)
      const user = await showUser(environment, context, await loadUser(environment, workspace, survivor), () => true)
      return { ...report, user }
    }),
  )
}

async function planMerge(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  survivorId: string,
  request: MergeRequest,
): Promise<MergeReport> {
  const { context } = workspace
  const catalogue = await presentRoles(environment, context)
  const read = async (id: string) => (isId(id) ? readUserState(environment, context, catalogue, id) : null)
  const [survivor, other] = [await read(survivorId), await read(request.from)]
  if (survivor === null) throw new UsherError('not_found', 'There is no such user.')
  if (other === null) throw unknownFrom('There is no such user.')
  guardPrivileged(context, survivor, other)
  const identities = await environment.store.identities.find(context.organization.id, { user: request.from })
  guardLinks(survivor, identities)

  const parts = partsOf(environment, survivor.document)
  const others = withoutManager(partsOf(environment, other.document), [request.from, survivorId])
  const locks = await readLocks(environment, context, survivor.document)
  const lockOn = lockFinder(environment.userType, locks)
  const next = mergeParts(environment, withoutManager(parts, [request.from]), others, request.holds, (leaf) =>
    Boolean(lockOn(leaf)),
  )
  const version = parts.version + 1
  const after = composeUser(environment.userType, { ...next, version, lastModified: context.now })
  // The one that goes is written first: what it has to itself, the survivor may take.
  workspace.users.set(request.from, { before: other.document, after: null })
  workspace.users.set(survivorId, { before: survivor.document, after })
  workspace.heirs.set(request.from, survivorId)
  workspace.departed.add(request.from)

  const patch = diffOperations(environment.userType, writtenFormOf(parts), writtenFormOf(next))
  const ofSurvivor =
    patch.length === 0 ? [] : [{ method: 'PATCH', path: `/Users/${survivorId}`, data: patchBody(patch) }]
  workspace.record('User', survivorId, version, 'merge', ofSurvivor)
  const ofGroups = await moveMemberships(environment, workspace, request.from, survivorId)
  const deletion = { method: 'DELETE', path: `/Users/${request.from}` }
  workspace.record('User', request.from, other.document.version + 1, 'delete', [deletion], survivorId)
  await buryUser(environment, workspace, other.document, survivorId)
  return {
    survivor: survivorId,
    from: request.from,
    dryRun: request.dryRun,
    operations: [...ofSurvivor, ...ofGroups, deletion],
    changes: attributeChanges(environment.userType, parts.attributes, next.attributes, context.source).map(
      (change) => ({
        ...change,
        source: next.sources.find(({ path }) => path === change.path)?.source ?? change.source,
      }),
    ),
    reports: await countReports(environment, context, request.from, survivorId),
    identities: identities.map(({ _id: id, connection, issuer, subject }) => ({ id, connection, issuer, subject })),
    warnings: warningsOf(survivor.document, other.document, next),
    user: null,
  }
}

/** Everything of both, each with its source; where both have a say, the survivor's goes first. */
function mergeParts(
  environment: DirectoryEnvironment,
  survivor: UserParts,
  other: UserParts,
  holds: MergeRequest['holds'],
  isLocked: (leaf: string) => boolean,
): UserParts {
  const clients = new Set(survivor.externalIds.map(({ client }) => client))
  const externalIds = other.externalIds.filter(({ client }) => !clients.has(client))
  return {
    ...survivor,
    ...mergeAttributes(environment.userType, survivor, other, isLocked),
    // What was written last stays the last.
    externalIds: [...externalIds, ...survivor.externalIds],
    grants: mergeGrants(survivor.grants, other.grants),
    holds: holds === 'move' ? other.holds.reduce(place, survivor.holds) : survivor.holds,
    provenEmails: mergeProven(survivor.provenEmails, other.provenEmails),
    links: union(survivor.links, other.links),
  }
}

function mergeGrants(own: readonly GrantDocument[], more: readonly GrantDocument[]): readonly GrantDocument[] {
  let grants = own
  for (const { role, sources } of more) {
    for (const entry of sources) {
      const known = grants.find((grant) => grant.role === role)?.sources.some(({ source }) => source === entry.source)
      if (known !== true) grants = addGrant(grants, role, entry)
    }
  }
  return grants
}

/** Plans that the survivor is in each group in which the other was, by the same sources; gives the operations. */
async function moveMemberships(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  from: string,
  survivor: string,
): Promise<readonly JsonObject[]> {
  const org = workspace.context.organization.id
  const edges = await environment.store.memberships.find(
    org,
    { member: { $in: [from, survivor] } },
    { limit: edgeLimit + 1 },
  )
  if (edges.length > edgeLimit) {
    throw new UsherError('payload_too_large', `The two users are in more than ${edgeLimit} groups.`)
  }
  const own = new Map(edges.filter(({ member }) => member === survivor).map((edge) => [edge.group, edge.sources]))
  return edges
    .filter(({ member }) => member === from)
    .map(({ group, sources }) => {
      const before: EdgeDraft['before'] = own.get(group) ?? []
      const more = sources.filter(({ source }) => !before.some((entry) => entry.source === source))
      workspace.setEdge({ group, member: from, kind: 'User', before: sources, after: [] })
      const after = more.length === 0 ? before : [...before, ...more]
      workspace.setEdge({ group, member: survivor, kind: 'User', before, after })
      const changes = { added: before.length === 0 ? [survivor] : [], removed: [from] }
      const operation = { method: 'PATCH', path: `/Groups/${group}`, data: patchBody(memberOperations(changes)) }
      workspace.record('Group', group, null, 'patch', [operation])
      return operation
    })
}

/** @throws UsherError `privileged_grant_refused` */
function guardPrivileged({ principal }: RequestContext, ...users: readonly UserReading[]): void {
  const [role] = users.flatMap(({ state }) => state.privilegedRoles)
  if (role === undefined || mayGrantPrivileged(principal)) return
  throw new UsherError(
    'privileged_grant_refused',
    `This key may not merge users of whom one holds the privileged role "${role}".`,
  )
}

/**
 * A user has one link to a connection at most.
 * @throws UsherError `merge_refused`; StoreConflict when a link went from one to the other while they were read
 */
function guardLinks(survivor: UserReading, identities: readonly IdentityDocument[]): void {
  const own = new Set(survivor.state.identities.map(({ id }) => id))
  if (identities.some(({ _id }) => own.has(_id))) throw new StoreConflict(null)
  const taken = new Set(survivor.state.identities.map(({ connection }) => connection))
  const both = identities.find(({ connection }) => taken.has(connection))
  if (both === undefined) return
  throw new UsherError(
    'merge_refused',
    `Both users are linked to the connection ${both.connection}, and one user can have only one link to it. ` +
      'If they are one person, cut the link that is not used any more, and merge then.',
  )
}

function warningsOf(survivor: UserDocument, other: UserDocument, next: UserParts): MergeReport['warnings'] {
  const dropped = other.externalIds.filter(
    ({ client, value }) => next.externalIds.find((entry) => entry.client === client)?.value !== value,
  )
  const moved = next.holds.filter((hold) => !survivor.holds.includes(hold))
  const left = other.holds.filter((hold) => !next.holds.includes(hold))
  return [
    ...dropped.map(({ client, value }) => ({
      code: 'external_id_dropped',
      detail: `${client} knows both users. It is answered 404 for the one that it calls ${JSON.stringify(value)}.`,
    })),
    ...moved.map((hold) => ({ code: 'hold_moved', detail: `The survivor is ${describe(hold)} from now on.` })),
    ...left
      .filter(() => moved.length === 0)
      .map((hold) => ({
        code: 'hold_dropped',
        detail: `That the user is ${describe(hold)} does not hold the survivor.`,
      })),
  ]
}

function describe({ kind, source }: HoldDocument): string {
  return `${kind} by ${source}`
}

function unknownFrom(message: string): UsherError {
  return new UsherError('validation_failed', message, { errors: [{ path: 'from', message }] })
}
