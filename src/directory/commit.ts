/**
 * Writes a plan as one transaction. Private documents first, shared ones last: a document that is written is a conflict
 * for everybody else until the commit.
 */
import { UsherError } from '../errors.ts'
import type { DecisionDocument, ResourceDocument } from '../store/documents.ts'
import { type ScopedCollection, type Session, type Store, StoreConflict, type Write } from '../store/store.ts'
import { departuresOf } from './departures.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { eraseRecords } from './erasure.ts'
import { groupVersion } from './group-version.ts'
import { countSeats } from './seats.ts'
import { removeStrayEdges } from './stray-edges.ts'
import { type Draft, edgeDocument, type Workspace } from './workspace.ts'

/** Memberships that are removed at a time. */
const leftAtOnce = 1_000

/** What a login commits together with its plan. */
export interface LoginRecord {
  readonly decision: DecisionDocument
  /** The identity whose last login this is. */
  readonly identity: string | null
  /** An invitation that is used up. */
  readonly invitation: string | null
}

/**
 * @throws StoreConflict when another writer won: read again and plan again; UsherError `seat_limit_reached`
 */
export async function commit(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  login: LoginRecord | null,
): Promise<void> {
  await ensureSeatCounter(environment, workspace)
  await environment.queue.run(countersOf(workspace), () => write(environment, workspace, login))
  // What is left over by these is found by the next look for it.
  await removeStrayEdges(environment, workspace).catch(() => undefined)
  const graves = workspace.tombstones.filter(({ unerased }) => unerased === true)
  const { organization, now } = workspace.context
  if (graves.length > 0) await eraseRecords(environment, organization.id, graves, now).catch(() => undefined)
}

/**
 * All who take or give back a seat write one counter, and so do all who take members from one group: in this process
 * they queue up for it instead of losing races.
 */
function countersOf(workspace: Workspace): readonly string[] {
  const seats = countsSeats(workspace) ? ['seats'] : []
  return [...workspace.removals.keys(), ...seats]
    .sort()
    .map((counter) => `${workspace.context.organization.id}|${counter}`)
}

function countsSeats({ context: { organization }, seats }: Workspace): boolean {
  return organization.seatLimit !== null && (seats.change !== 0 || seats.peak !== 0)
}

async function write(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  login: LoginRecord | null,
): Promise<void> {
  const { store } = environment
  await store.transaction(async (session) => {
    await checkGroupVersions(environment, workspace, session)
    await checkUnseen(store, workspace, session)
    await writeDrafts(store.users, workspace, workspace.users, session)
    await writeDrafts(store.groups, workspace, workspace.groups, session)
    await writeDrafts(store.resources, workspace, workspace.resources, session)
    await writeIdentities(store, workspace, login, session)
    await writeEdges(store, workspace, session)
    const org = workspace.context.organization.id
    await store.tombstones.insertMany(org, workspace.tombstones, session)
    await writeInbox(store, workspace, session)
    if (login !== null) await writeLogin(store, workspace, login, session)
    await store.changes.insertMany(org, workspace.changes, session)
    await writeShared(store, workspace, session)
  }, sizeOf(workspace))
}

/** Documents that are written, where there may be many of them. */
function sizeOf({ edges, changes }: Workspace): number {
  return edges.size + changes.length
}

/**
 * A precondition that held when the plan was made holds in the transaction too, which may have begun anew after another
 * writer's: members come and go without a write to the group.
 */
async function checkGroupVersions(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  session: Session,
): Promise<void> {
  const org = workspace.context.organization.id
  for (const [_id, { version }] of workspace.guardedGroups) {
    if (version === null) continue
    const group = await environment.store.groups.findOne(org, { _id }, { session })
    const present = group && (await groupVersion(environment, org, group, session))
    if (present?.version !== version) throw new StoreConflict(null)
  }
}

/** A login that changes nothing writes nothing to its user: whoever goes for want of logins is looked at once more. */
async function checkUnseen(store: Store, workspace: Workspace, session: Session): Promise<void> {
  const org = workspace.context.organization.id
  for (const [user, since] of workspace.unseenSince) {
    if ((await store.identities.findOne(org, { user, lastLogin: { $gt: since } }, { session })) !== null) {
      throw new StoreConflict(null)
    }
  }
}

/** In the order in which they were planned: what one gives up, only a later one can take. */
async function writeDrafts<Document extends ResourceDocument>(
  collection: ScopedCollection<Document>,
  workspace: Workspace,
  drafts: ReadonlyMap<string, Draft<Document>>,
  session: Session,
): Promise<void> {
  await writeAll(collection, workspace, [...drafts.values()].flatMap(writesOf), session)
}

function writesOf<Document extends ResourceDocument>({ before, after }: Draft<Document>): readonly Write<Document>[] {
  if (before === null) return after === null ? [] : [{ insert: after }]
  const { _id, version, revision = 0 } = before
  const expected = { _id, version, revision: before.revision ?? null }
  if (after === null) return [{ remove: expected }]
  return [{ query: expected, update: replacement(before, { ...after, revision: revision + 1 }) }]
}

/** Sets every field as a whole; a field that is gone is unset. No path of an update ever comes from a request. */
function replacement(before: object, after: object): Readonly<Record<string, unknown>> {
  const { _id, org, ...fields } = after as Record<string, unknown>
  const gone = Object.keys(before).filter((name) => !(name in after))
  return {
    $set: fields,
    ...(gone.length === 0 ? {} : { $unset: Object.fromEntries(gone.map((name) => [name, ''])) }),
  }
}

async function writeIdentities(
  store: Store,
  workspace: Workspace,
  login: LoginRecord | null,
  session: Session,
): Promise<void> {
  const org = workspace.context.organization.id
  await store.identities.insertMany(org, workspace.identities, session)
  for (const _id of workspace.severed) await store.identities.deleteOne(org, { _id }, session)
  await store.pastLinks.insertMany(org, workspace.pastLinks, session)
  for (const [_id, ending] of workspace.endings) {
    if (!(await store.identities.updateOne(org, { _id }, { $set: { ending } }, session))) throw new StoreConflict(null)
  }
  for (const [user, heir] of workspace.heirs) {
    await store.identities.updateMany(org, { user }, { $set: { user: heir } }, session)
    await store.pastLinks.updateMany(org, { user }, { $set: { user: heir } }, session)
  }
  if (workspace.departed.size > 0) {
    const ofDeparted = { user: { $in: [...workspace.departed] } }
    await store.identities.deleteMany(org, ofDeparted, session)
    await store.pastLinks.deleteMany(org, ofDeparted, session)
  }
  if (login?.identity != null) {
    await store.identities.updateOne(
      org,
      { _id: login.identity },
      { $set: { lastLogin: workspace.context.now } },
      session,
    )
  }
}

async function writeEdges(store: Store, workspace: Workspace, session: Session): Promise<void> {
  const org = workspace.context.organization.id
  const writes = []
  for (const edge of workspace.edges.values()) {
    if (edge.before.length === 0 && edge.after.length === 0) continue
    const key = { group: edge.group, member: edge.member }
    if (edge.before.length === 0) writes.push({ insert: edgeDocument(org, edge) })
    else if (edge.after.length === 0) writes.push({ remove: { ...key, sources: edge.before } })
    else writes.push({ query: { ...key, sources: edge.before }, update: { $set: { sources: edge.after } } })
  }
  await writeAll(store.memberships, workspace, writes, session)
  await removeLeft(store, workspace, session)
  await store.departures.insertMany(org, departuresOf(workspace), session)
}

/** Takes those who go out of the groups that they leave. */
async function removeLeft(store: Store, { context, leaving }: Workspace, session: Session): Promise<void> {
  const org = context.organization.id
  const several = [...leaving.values()].reduce((sum, groups) => sum + groups.length, 0) > leftAtOnce
  if (!several && leaving.size > 0) {
    await store.memberships.deleteMany(org, { member: { $in: [...leaving.keys()] } }, session)
  }
  for (const [member, groups] of several ? leaving : []) {
    for (let start = 0; start < groups.length; start += leftAtOnce) {
      const group = { $in: groups.slice(start, start + leftAtOnce) }
      await store.memberships.deleteMany(org, { member, group }, session)
    }
  }
}

/** The items of whoever is deleted go too, those from before the person had a user included. */
async function writeInbox(store: Store, workspace: Workspace, session: Session): Promise<void> {
  const org = workspace.context.organization.id
  await writeAll(store.inbox, workspace, workspace.inbox, session)
  for (const [user, heir] of workspace.heirs) {
    await store.inbox.updateMany(org, { users: user }, [{ $set: inherited(user, heir) }], session)
  }
  for (const { user, identityKeys } of workspace.tombstones) {
    if (workspace.heirs.has(user)) continue
    await store.inbox.deleteMany(org, { $or: [{ users: user, user }, { person: { $in: identityKeys } }] }, session)
  }
  const { report, mark } = workspace
  if (report !== null && !(await store.inbox.updateOne(org, report.query, report.update, session))) {
    await store.inbox.insertOne(org, report.insert, session)
  }
  if (mark === null) return
  // Whoever opens an item writes the same identity: neither of two can miss the other.
  const live = await store.inbox.findOne(org, { person: mark.person, live: true }, { session, projection: { _id: 1 } })
  const update = live === null ? { $unset: { pending: '' } } : { $set: { pending: true } }
  await store.identities.updateOne(org, { _id: mark.identity }, update, session)
}

/** What an item of the inbox says of one user, it says of the heir. */
function inherited(user: string, heir: string) {
  return {
    user: { $cond: [{ $eq: ['$user', user] }, heir, '$user'] },
    users: { $setUnion: [{ $setDifference: ['$users', [user]] }, [heir]] },
    version: { $add: ['$version', 1] },
  }
}

/** @throws StoreConflict when a write has not met its condition */
async function writeAll<Document extends { readonly org: string }>(
  collection: ScopedCollection<Document>,
  workspace: Workspace,
  writes: readonly Write<Document>[],
  session: Session,
): Promise<void> {
  const { matched, deleted, inserted } = await collection.bulkWrite(workspace.context.organization.id, writes, session)
  if (matched + deleted + inserted !== writes.length) throw new StoreConflict(null)
}

async function writeLogin(store: Store, workspace: Workspace, login: LoginRecord, session: Session): Promise<void> {
  const org = workspace.context.organization.id
  if (login.invitation !== null) {
    const taken = await store.invitations.updateOne(
      org,
      { _id: login.invitation, acceptedBy: null },
      { $set: { acceptedBy: login.decision.user, acceptedAt: workspace.context.now } },
      session,
    )
    if (!taken) throw new StoreConflict('invitations: acceptedBy')
  }
  await store.decisions.insertOne(org, login.decision, session)
}

async function writeShared(store: Store, workspace: Workspace, session: Session): Promise<void> {
  const org = workspace.context.organization.id
  for (const [_id, { revision }] of workspace.guardedGroups) {
    if (workspace.groups.has(_id)) continue
    const same = await store.groups.updateOne(org, { _id, revision }, { $inc: { revision: 1 } }, session)
    if (!same) throw new StoreConflict(null)
  }
  for (const group of workspace.dissolved) {
    await store.roles.updateMany(org, { groups: group }, { $pull: { groups: group } }, session)
  }
  for (const { id, seen } of workspace.roleGuards.values()) {
    const same = await store.roles.updateOne(org, { _id: id, guard: seen }, { $inc: { guard: 1 } }, session)
    if (!same) throw new StoreConflict('roles: guard')
  }
  await writeAll(store.removalWindows, workspace, [...workspace.removals.values()], session)
  const { seatLimit } = workspace.context.organization
  const { change, peak } = workspace.seats
  if (seatLimit === null || !countsSeats(workspace)) return
  const room = peak > 0 ? { used: { $lte: seatLimit - peak } } : {}
  const seated = await store.seats.updateOne(org, { _id: org, ...room }, { $inc: { used: change } }, session)
  if (!seated) {
    throw new UsherError(
      'seat_limit_reached',
      `seat_limit_reached: the organization has ${seatLimit} seats, all taken.`,
    )
  }
}

/** The counter of an organization with a limit is made from a count when it is first needed. */
async function ensureSeatCounter(environment: DirectoryEnvironment, workspace: Workspace): Promise<void> {
  const { organization } = workspace.context
  if (!countsSeats(workspace)) return
  const counter = await environment.store.seats.findOne(organization.id, { _id: organization.id })
  if (counter !== null) return
  const used = await countSeats(environment, organization.id)
  await environment.store.seats
    .insertOne(organization.id, { _id: organization.id, org: organization.id, used })
    .catch((error: unknown) => {
      if (!(error instanceof StoreConflict)) throw error
    })
}
