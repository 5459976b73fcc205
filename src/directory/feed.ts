/**
 * The changes of an organization, oldest first, none missed and none repeated. A record is written without a number,
 * since transactions commit in another order than they begin and a counter within them would be written by everybody.
 * Numbers are given after the commit, in transactions that all write the head of the feed: whoever sees n sees everything
 * below n. A lease keeps processes from trying it at the same time.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { JsonObject } from '../schema/types.ts'
import type { ChangeDocument, FeedDocument } from '../store/documents.ts'
import { type Session, StoreConflict } from '../store/store.ts'
import { chainBegin, chainOf } from './chain.ts'
import type { DirectoryEnvironment } from './environment.ts'
import type { ChangePage } from './types.ts'

const leaseTime = 5_000
const patience = 1_000
const batchSize = 500
/** Bytes of records that are held at a time: one may hold thousands of members. */
const pageSize = 4_194_304

export async function listChanges(
  environment: DirectoryEnvironment,
  context: RequestContext,
  query: { readonly cursor?: string | undefined; readonly resource?: string | undefined; readonly limit: number },
): Promise<ChangePage> {
  const org = context.organization.id
  await numberChanges(environment, org)
  const asked = query.cursor === undefined ? null : readCursor(query.cursor)
  const organization = await environment.store.organizations.findOne(
    { _id: org },
    { projection: { changesRemovedTo: 1 } },
  )
  const begin = organization?.changesRemovedTo ?? 0
  if (asked !== null && asked < begin) {
    throw new UsherError('expired_cursor', 'Changes behind this cursor were removed. Read the directory anew.')
  }
  const after = asked ?? begin
  const asksFor = query.resource === undefined ? {} : { 'resource.id': query.resource }
  const ahead = await environment.store.changes.aggregate<{ seq: number; size: number }>(
    org,
    { seq: { $gt: after }, ...asksFor },
    [{ $sort: { seq: 1 } }, { $limit: query.limit + 1 }, { $project: { seq: 1, size: { $bsonSize: '$$ROOT' } } }],
  )
  if (ahead.length === 0 && after > (await readHead(environment, org)).seq) {
    const detail = 'This cursor is from the future: the database is a backup of before. Read the directory anew.'
    throw new UsherError('invalid_cursor', detail)
  }
  const length = pageLength(ahead, query.limit)
  const last = ahead[length - 1]?.seq ?? after
  const items = await environment.store.changes.find(
    org,
    { seq: { $gt: after, $lte: last }, ...asksFor },
    { sort: { seq: 1 } },
  )
  return { items: items.map(changeView), nextCursor: length < ahead.length ? String(last) : null }
}

/** How many of the records ahead a page holds: one at least, and no more than fit. */
function pageLength(ahead: readonly { readonly size: number }[], limit: number): number {
  let sum = 0
  const tooFar = ahead.findIndex(({ size }, index) => {
    sum += size
    return index > 0 && sum > pageSize
  })
  return Math.min(tooFar < 0 ? ahead.length : tooFar, limit)
}

/** Gives numbers to what was committed before the call; waits at most a second for another holder. */
export async function numberChanges(environment: DirectoryEnvironment, org: string): Promise<void> {
  const owner = randomUUID()
  const deadline = performance.now() + patience
  for (;;) {
    if (!(await hasUnnumbered(environment, org))) return
    if (await takeLease(environment, org, owner)) {
      try {
        await numberBatches(environment, org)
        return
      } catch (error) {
        // Another holder took over because the lease had run out: its numbers stand.
        if (!(error instanceof StoreConflict)) throw error
      } finally {
        await environment.store.leases.deleteOne({ _id: leaseId(org), owner })
      }
    }
    if (performance.now() > deadline) return
    await sleep(20)
  }
}

/** Where the feed stands; of a feed from before there were chains, its last number. */
export async function readHead(
  { store }: Pick<DirectoryEnvironment, 'store'>,
  org: string,
  session?: Session,
): Promise<FeedDocument> {
  const head = await store.feeds.findOne(org, { _id: org }, { session })
  if (head !== null) return head
  const [last] = await store.changes.find(
    org,
    { seq: { $exists: true } },
    { sort: { seq: -1 }, limit: 1, projection: { seq: 1 }, session },
  )
  const seq = last?.seq ?? 0
  return { _id: org, org, seq, chain: chainBegin, anchor: { seq, chain: chainBegin } }
}

async function numberBatches(environment: DirectoryEnvironment, org: string): Promise<void> {
  for (;;) {
    const found = await unnumbered(environment, org, batchSize)
    if (found.length === 0) return
    const batch = byVersion([...found, ...(await predecessors(environment, org, found))])
    // First, so that whoever finds nothing left to number finds the groups raised.
    await raiseGroups(environment, org, batch)
    await environment.store.transaction((session) => numberBatch(environment, org, batch, session))
  }
}

/** All of them or none: a holder who has lost the lease unnoticed meets the head that the other one has written. */
async function numberBatch(
  environment: DirectoryEnvironment,
  org: string,
  batch: readonly ChangeDocument[],
  session: Session,
): Promise<void> {
  const { changes, feeds } = environment.store
  const head = await readHead(environment, org, session)
  let { seq, chain } = head
  const writes = batch.map((change) => {
    seq += 1
    chain = chainOf(chain, { ...change, seq })
    const update = { $set: { seq, chain }, $unset: { unnumbered: '' } }
    return { query: { _id: change._id, unnumbered: true }, update }
  })
  const { matched } = await changes.bulkWrite(org, writes, session)
  if (matched < writes.length) throw new StoreConflict(null)
  const isKnown = await feeds.updateOne(org, { _id: org, seq: head.seq }, { $set: { seq, chain } }, session)
  if (!isKnown) await feeds.insertOne(org, { ...head, seq, chain }, session)
}

/**
 * Earlier versions that are not among the records of a batch: their ids are later than the end of it, or they were
 * committed while it was read. They are there by now, since the later version that was seen came after them.
 */
async function predecessors(
  environment: DirectoryEnvironment,
  org: string,
  batch: readonly ChangeDocument[],
): Promise<readonly ChangeDocument[]> {
  const latest = new Map<string, number>()
  for (const { resource } of batch) {
    if ((resource.version ?? 1) > 1)
      latest.set(resource.id, Math.max(resource.version ?? 0, latest.get(resource.id) ?? 0))
  }
  if (latest.size === 0) return []
  const known = new Set(batch.map(({ _id }) => _id))
  const found = await environment.store.changes.find(
    org,
    { unnumbered: true, 'resource.id': { $in: [...latest.keys()] }, 'resource.version': { $gt: 0 } },
    { sort: { _id: 1 } },
  )
  return found.filter(
    ({ _id, resource }) => !known.has(_id) && (resource.version ?? 0) < (latest.get(resource.id) ?? 0),
  )
}

/**
 * Ids tell when a request came, and one that came first may have written last. So the records of each resource are put
 * in the order of its versions, in the places that they have among the others.
 */
function byVersion(batch: readonly ChangeDocument[]): readonly ChangeDocument[] {
  const ordered = new Map<string, ChangeDocument[]>()
  const versionOf = ({ resource }: ChangeDocument) => resource.version ?? 0
  for (const change of batch.toSorted((a, b) => versionOf(a) - versionOf(b))) {
    if (change.resource.version === null) continue
    const list = ordered.get(change.resource.id)
    if (list === undefined) ordered.set(change.resource.id, [change])
    else list.push(change)
  }
  return batch.map((change) =>
    change.resource.version === null ? change : (ordered.get(change.resource.id)?.shift() ?? change),
  )
}

/** Filters on `meta.lastModified` look at the group's document, which a membership change does not write. */
async function raiseGroups(
  environment: DirectoryEnvironment,
  org: string,
  batch: readonly ChangeDocument[],
): Promise<void> {
  const latest = new Map<string, Date>()
  for (const { resource, at } of batch) {
    if (resource.type !== 'Group' || resource.version !== null) continue
    if ((latest.get(resource.id)?.getTime() ?? 0) < at.getTime()) latest.set(resource.id, at)
  }
  await environment.store.groups.bulkWrite(
    org,
    [...latest].map(([id, at]) => ({ query: { _id: id }, update: { $max: { 'search.meta.lastModified': at } } })),
  )
}

/** The next records without a number, as many as are held at a time. */
async function unnumbered(
  { store }: DirectoryEnvironment,
  org: string,
  limit: number,
): Promise<readonly ChangeDocument[]> {
  const ahead = await store.changes.aggregate<{ size: number }>(org, { unnumbered: true }, [
    { $sort: { _id: 1 } },
    { $limit: limit },
    { $project: { size: { $bsonSize: '$$ROOT' } } },
  ])
  if (ahead.length === 0) return []
  return store.changes.find(org, { unnumbered: true }, { sort: { _id: 1 }, limit: pageLength(ahead, limit) })
}

async function hasUnnumbered({ store }: DirectoryEnvironment, org: string): Promise<boolean> {
  return (await store.changes.findOne(org, { unnumbered: true }, { projection: { _id: 1 } })) !== null
}

async function takeLease(environment: DirectoryEnvironment, org: string, owner: string): Promise<boolean> {
  const now = new Date()
  const until = new Date(now.getTime() + leaseTime)
  const { leases } = environment.store
  const taken = await leases.updateOne({ _id: leaseId(org), until: { $lt: now } }, { $set: { owner, until } })
  if (taken) return true
  try {
    await leases.insertOne({ _id: leaseId(org), owner, until })
    return true
  } catch (error) {
    if (error instanceof StoreConflict) return false
    throw error
  }
}

function leaseId(org: string): string {
  return `feed:${org}`
}

function readCursor(cursor: string): number {
  const seq = Number(cursor)
  if (!Number.isSafeInteger(seq) || seq < 0) throw new UsherError('invalid_request', 'The cursor is not one of ours.')
  return seq
}

function changeView(change: ChangeDocument): JsonObject {
  return {
    id: change._id,
    at: change.at.toISOString(),
    actor: change.actor,
    ...(change.source === undefined ? {} : { source: change.source }),
    resource: change.resource,
    action: change.action,
    operations: change.operations,
    ...(change.decision === null ? {} : { decisionId: change.decision }),
    ...(change.mergedInto === undefined ? {} : { mergedInto: change.mergedInto }),
    requestId: change.request,
  }
}
