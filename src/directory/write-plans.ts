/**
 * Writes plans as one transaction. Private documents first, shared ones last: a document that is written is a conflict
 * for everybody else until the commit.
 */
import { UsherError } from '../errors.ts'
import type { DecisionDocument, MembershipDocument, ResourceDocument } from '../store/documents.ts'
import { type ScopedCollection, type Session, type Store, StoreConflict, type Write } from '../store/store.ts'
import { departuresOf } from './departures.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { groupVersion } from './group-version.ts'
import { countsSeats } from './seats.ts'
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

export interface Plan {
  readonly workspace: Workspace
  readonly login: LoginRecord | null
}

/** The session and the organization of a transaction that is under way. */
interface Writing {
  readonly environment: DirectoryEnvironment
  readonly store: Store
  readonly org: string
  readonly session: Session
}

/**
 * Writes plans of one organization, all or none.
 * @throws StoreConflict when another writer won, and at the first conflict of any kind where there are several plans;
 * UsherError `seat_limit_reached`
 */
export async function writePlans(environment: DirectoryEnvironment, plans: readonly Plan[]): Promise<void> {
  const { store } = environment
  const org = plans[0]!.workspace.context.organization.id
  let attempts = 0
  await store.transaction(
    async (session) => {
      attempts += 1
      // Whoever is in the way of one of them is not in the way of all.
      if (attempts > 1 && plans.length > 1) throw new StoreConflict(null)
      await write({ environment, store, org, session }, plans)
    },
    // Documents that are written, where there may be many of them.
    plans.reduce((sum, { workspace: { edges, changes } }) => sum + edges.size + changes.length, 0),
  )
}

async function write(writing: Writing, plans: readonly Plan[]): Promise<void> {
  const { store, org, session } = writing
  const all = <Item>(of: (workspace: Workspace) => Iterable<Item>) =>
    plans.flatMap(({ workspace }) => [...of(workspace)])
  for (const { workspace } of plans) {
    await checkGroupVersions(writing, workspace)
    await checkUnseen(writing, workspace)
  }
  await writeDrafts(
    writing,
    store.users,
    all(({ users }) => users.values()),
  )
  await writeDrafts(
    writing,
    store.groups,
    all(({ groups }) => groups.values()),
  )
  await writeDrafts(
    writing,
    store.resources,
    all(({ resources }) => resources.values()),
  )
  await store.identities.insertMany(
    org,
    all(({ identities }) => identities),
    session,
  )
  for (const { workspace } of plans) await writeLinks(writing, workspace)
  await noteLastLogins(writing, plans)
  await writeAll(writing, store.memberships, all(edgeWritesOf))
  for (const { workspace } of plans) await removeLeft(writing, workspace)
  await store.departures.insertMany(org, all(departuresOf), session)
  await store.tombstones.insertMany(
    org,
    all(({ tombstones }) => tombstones),
    session,
  )
  for (const { workspace } of plans) await writeInbox(writing, workspace)
  for (const plan of plans) await useInvitation(writing, plan)
  await store.decisions.insertMany(
    org,
    plans.flatMap(({ login }) => login?.decision ?? []),
    session,
  )
  await store.changes.insertMany(
    org,
    all(({ changes }) => changes),
    session,
  )
  for (const { workspace } of plans) await writeShared(writing, workspace)
}

/**
 * A precondition that held when the plan was made holds in the transaction too, which may have begun anew after another
 * writer's: members come and go without a write to the group.
 */
async function checkGroupVersions(
  { environment, store, org, session }: Writing,
  { guardedGroups }: Workspace,
): Promise<void> {
  for (const [_id, { version }] of guardedGroups) {
    if (version === null) continue
    const group = await store.groups.findOne(org, { _id }, { session })
    const present = group && (await groupVersion(environment, org, group, session))
    if (present?.version !== version) throw new StoreConflict(null)
  }
}

/** A login that changes nothing writes nothing to its user: whoever goes for want of logins is looked at once more. */
async function checkUnseen({ store, org, session }: Writing, { unseenSince }: Workspace): Promise<void> {
  for (const [user, since] of unseenSince) {
    if ((await store.identities.findOne(org, { user, lastLogin: { $gt: since } }, { session })) !== null) {
      throw new StoreConflict(null)
    }
  }
}

/** In the order in which they were planned: what one gives up, only a later one can take. */
async function writeDrafts<Document extends ResourceDocument>(
  writing: Writing,
  collection: ScopedCollection<Document>,
  drafts: readonly Draft<Document>[],
): Promise<void> {
  await writeAll(writing, collection, drafts.flatMap(writesOf))
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

/** Links that end, or that go to somebody else. */
async function writeLinks({ store, org, session }: Writing, workspace: Workspace): Promise<void> {
  for (const _id of workspace.severed) await store.identities.deleteOne(org, { _id }, session)
  await store.pastLinks.insertMany(org, workspace.pastLinks, session)
  for (const [_id, ending] of workspace.endings) {
    if (!(await store.identities.updateOne(org, { _id }, { $set: { ending } }, session))) throw new StoreConflict(null)
  }
  for (const [user, heir] of workspace.heirs) {
    await store.identities.updateMany(org, { user }, { $set: { user: heir } }, session)
    await store.pastLinks.updateMany(org, { user }, { $set: { user: heir } }, session)
  }
  if (workspace.departed.size === 0) return
  const ofDeparted = { user: { $in: [...workspace.departed] } }
  await store.identities.deleteMany(org, ofDeparted, session)
  await store.pastLinks.deleteMany(org, ofDeparted, session)
}

/** That a link was used just now. One that is cut meanwhile has been used all the same. */
async function noteLastLogins({ store, org, session }: Writing, plans: readonly Plan[]): Promise<void> {
  const used = plans.flatMap(({ workspace, login }) => {
    if (login?.identity == null) return []
    return [{ query: { _id: login.identity }, update: { $set: { lastLogin: workspace.context.now } } }]
  })
  await store.identities.bulkWrite(org, used, session)
}

function edgeWritesOf({ context, edges }: Workspace): readonly Write<MembershipDocument>[] {
  const { id: org } = context.organization
  return [...edges.values()].flatMap((edge): readonly Write<MembershipDocument>[] => {
    if (edge.before.length === 0 && edge.after.length === 0) return []
    if (edge.before.length === 0) return [{ insert: edgeDocument(org, edge) }]
    const query = { group: edge.group, member: edge.member, sources: edge.before }
    return edge.after.length === 0 ? [{ remove: query }] : [{ query, update: { $set: { sources: edge.after } } }]
  })
}

/** Takes those who go out of the groups that they leave. */
async function removeLeft({ store, org, session }: Writing, { leaving }: Workspace): Promise<void> {
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
async function writeInbox(writing: Writing, workspace: Workspace): Promise<void> {
  const { store, org, session } = writing
  await writeAll(writing, store.inbox, workspace.inbox)
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
  { org, session }: Writing,
  collection: ScopedCollection<Document>,
  writes: readonly Write<Document>[],
): Promise<void> {
  const { matched, deleted, inserted } = await collection.bulkWrite(org, writes, session)
  if (matched + deleted + inserted !== writes.length) throw new StoreConflict(null)
}

async function useInvitation({ store, org, session }: Writing, { workspace, login }: Plan): Promise<void> {
  if (login === null || login.invitation === null) return
  const taken = await store.invitations.updateOne(
    org,
    { _id: login.invitation, acceptedBy: null },
    { $set: { acceptedBy: login.decision.user, acceptedAt: workspace.context.now } },
    session,
  )
  if (!taken) throw new StoreConflict('invitations: acceptedBy')
}

async function writeShared(writing: Writing, workspace: Workspace): Promise<void> {
  const { store, org, session } = writing
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
  await writeAll(writing, store.removalWindows, [...workspace.removals.values()])
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
