/**
 * Writes a plan as one transaction. Private documents first, shared ones last: a document that is written is a conflict
 * for everybody else until the commit.
 */
import { UsherError } from '../errors.ts'
import type { DecisionDocument, ResourceDocument } from '../store/documents.ts'
import { type Session, type Store, StoreConflict } from '../store/store.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { groupVersion } from './group-version.ts'
import { countSeats } from './seats.ts'
import { removeStrayEdges } from './stray-edges.ts'
import { type Draft, edgeDocument, type Workspace } from './workspace.ts'

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
  await environment.queue.run(seatQueue(workspace), () => write(environment, workspace, login))
  await removeStrayEdges(environment, workspace)
}

/** All who take or give back a seat write one counter: in this process they queue up for it instead of losing races. */
function seatQueue({ context: { organization }, seats }: Workspace): readonly string[] {
  return organization.seatLimit === null || seats === 0 ? [] : [`${organization.id}|seats`]
}

async function write(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  login: LoginRecord | null,
): Promise<void> {
  const { store } = environment
  await store.transaction(async (session) => {
    await checkGroupVersions(environment, workspace, session)
    await writeDrafts(store.users, workspace, workspace.users, session)
    await writeDrafts(store.groups, workspace, workspace.groups, session)
    await writeDrafts(store.resources, workspace, workspace.resources, session)
    await writeIdentities(store, workspace, login, session)
    await writeEdges(store, workspace, session)
    const org = workspace.context.organization.id
    await store.tombstones.insertMany(org, workspace.tombstones, session)
    if (login !== null) await writeLogin(store, workspace, login, session)
    await store.changes.insertMany(org, workspace.changes, session)
    await writeShared(store, workspace, session)
  })
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

interface Writable<Document> {
  insertMany(org: string, documents: readonly Document[], session: Session): Promise<void>
  updateOne(org: string, query: object, update: object, session: Session): Promise<boolean>
  deleteOne(org: string, query: object, session: Session): Promise<boolean>
}

async function writeDrafts<Document extends ResourceDocument>(
  collection: Writable<Document>,
  workspace: Workspace,
  drafts: ReadonlyMap<string, Draft<Document>>,
  session: Session,
): Promise<void> {
  const org = workspace.context.organization.id
  const inserts: Document[] = []
  for (const { before, after } of drafts.values()) {
    if (before === null) {
      if (after !== null) inserts.push(after)
      continue
    }
    const { _id, version, revision = 0 } = before
    const expected = { _id, version, revision: before.revision ?? null }
    const matched =
      after === null
        ? await collection.deleteOne(org, expected, session)
        : await collection.updateOne(org, expected, replacement(before, { ...after, revision: revision + 1 }), session)
    if (!matched) throw new StoreConflict(null)
  }
  await collection.insertMany(org, inserts, session)
}

/** Sets every field as a whole; a field that is gone is unset. No path of an update ever comes from a request. */
function replacement(before: object, after: object): object {
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
  for (const user of workspace.departed) await store.identities.deleteMany(org, { user }, session)
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
  const { matched, deleted, inserted } = await store.memberships.bulkWrite(org, writes, session)
  if (matched + deleted + inserted !== writes.length) throw new StoreConflict(null)
  for (const member of [...workspace.departed, ...workspace.dissolved]) {
    await store.memberships.deleteMany(org, { member }, session)
  }
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
  const { seatLimit } = workspace.context.organization
  const { seats } = workspace
  if (seatLimit === null || seats === 0) return
  const room = seats > 0 ? { used: { $lte: seatLimit - seats } } : {}
  const seated = await store.seats.updateOne(org, { _id: org, ...room }, { $inc: { used: seats } }, session)
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
  if (organization.seatLimit === null || workspace.seats === 0) return
  const counter = await environment.store.seats.findOne(organization.id, { _id: organization.id })
  if (counter !== null) return
  const used = await countSeats(environment, organization.id)
  await environment.store.seats
    .insertOne(organization.id, { _id: organization.id, org: organization.id, used })
    .catch((error: unknown) => {
      if (!(error instanceof StoreConflict)) throw error
    })
}
