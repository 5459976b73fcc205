/**
 * The changes of an organization, oldest first, none missed and none repeated. A record is written without a number,
 * since transactions commit in another order than they begin and a counter within them would be written by everybody.
 * Numbers are given after the commit, by one holder of a lease at a time: whoever sees n sees everything below n.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { JsonObject } from '../schema/types.ts'
import type { ChangeDocument } from '../store/documents.ts'
import { StoreConflict } from '../store/store.ts'
import type { DirectoryEnvironment } from './environment.ts'
import type { ChangePage } from './types.ts'

const leaseTime = 5_000
const patience = 1_000
const batchSize = 500

export async function listChanges(
  environment: DirectoryEnvironment,
  context: RequestContext,
  query: { readonly cursor?: string | undefined; readonly resource?: string | undefined; readonly limit: number },
): Promise<ChangePage> {
  const org = context.organization.id
  await numberChanges(environment, org)
  const after = query.cursor === undefined ? 0 : readCursor(query.cursor)
  const found = await environment.store.changes.find(
    org,
    { seq: { $gt: after }, ...(query.resource === undefined ? {} : { 'resource.id': query.resource }) },
    { sort: { seq: 1 }, limit: query.limit + 1 },
  )
  const items = found.slice(0, query.limit)
  return {
    items: items.map(changeView),
    nextCursor: found.length > query.limit ? String(items.at(-1)!.seq) : null,
  }
}

/** Gives numbers to what was committed before the call; waits at most a second for another holder. */
export async function numberChanges(environment: DirectoryEnvironment, org: string): Promise<void> {
  const owner = randomUUID()
  const deadline = Date.now() + patience
  for (;;) {
    if ((await unnumbered(environment, org, 1)).length === 0) return
    if (await takeLease(environment, org, owner)) break
    if (Date.now() > deadline) return
    await sleep(20)
  }
  try {
    await numberBatches(environment, org)
  } catch (error) {
    // Another holder took over because the lease had run out: its numbers stand.
    if (!(error instanceof StoreConflict)) throw error
  } finally {
    await environment.store.leases.deleteOne({ _id: leaseId(org), owner })
  }
}

async function numberBatches(environment: DirectoryEnvironment, org: string): Promise<void> {
  const { changes } = environment.store
  const [last] = await changes.find(
    org,
    { seq: { $exists: true } },
    { sort: { seq: -1 }, limit: 1, projection: { seq: 1 } },
  )
  let seq = last?.seq ?? 0
  for (;;) {
    const found = await unnumbered(environment, org, batchSize)
    if (found.length === 0) return
    const batch = byVersion([...found, ...(await predecessors(environment, org, found))])
    await changes.bulkWrite(
      org,
      batch.map(({ _id }) => {
        seq += 1
        return { query: { _id, unnumbered: true }, update: { $set: { seq }, $unset: { unnumbered: '' } } }
      }),
    )
    await raiseGroups(environment, org, batch)
    if (found.length < batchSize) return
  }
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

function unnumbered(environment: DirectoryEnvironment, org: string, limit: number): Promise<readonly ChangeDocument[]> {
  return environment.store.changes.find(org, { unnumbered: true }, { sort: { _id: 1 }, limit })
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
    resource: change.resource,
    action: change.action,
    operations: change.operations,
    ...(change.decision === null ? {} : { decisionId: change.decision }),
    requestId: change.request,
  }
}
