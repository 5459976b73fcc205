/**
 * Removes the memberships that deletions leave behind, and gives reports of whoever was merged into another the other as
 * their manager. Nobody is shown what leads to somebody who is gone; so it need not go at once, and what refers to a large
 * group would be too much for one transaction. A departure, which is committed with the deletion, says what is to be
 * done: it outlives a process that ends in the middle.
 */
import type { RequestContext } from '../context.ts'
import type { ChangeDocument, DepartureDocument } from '../store/documents.ts'
import { StoreConflict } from '../store/store.ts'
import { leaving } from './departures.ts'
import { type DirectoryEnvironment, newId } from './environment.ts'
import { inheritReports } from './reports.ts'

/** Memberships that are removed at a time, and departures that are looked at at a time. */
const batch = 1_000
/** Milliseconds after which a membership that was planned before the deletion has been committed. */
const settled = 60_000

/** The context in which a deletion is finished: that of whoever deleted. Null when the organization is gone. */
export type ContextOf = (departure: DepartureDocument) => Promise<RequestContext | null>

/**
 * Removes what is due, in all organizations. A deletion is looked at once more when it has settled, because a membership
 * may have been added at the same moment by a process that did not live to notice.
 *
 * @param renew asked before each step; false when another process goes on
 */
export async function sweepMemberships(
  environment: DirectoryEnvironment,
  now: Date,
  renew: () => Promise<boolean>,
  contextOf: ContextOf,
): Promise<void> {
  const { departures } = environment.store
  for (;;) {
    const found = await departures.everywhere.find({ due: { $lte: now } }, { sort: { due: 1 }, limit: batch })
    for (const [org, all] of Map.groupBy(found, (departure) => departure.org)) {
      for (let isClean = false; !isClean; isClean = await sweepOnce(environment, org, all, now, contextOf)) {
        if (!(await renew())) return
      }
      const ids = { $in: all.map(({ _id }) => _id) }
      await departures.deleteMany(org, { _id: ids, at: { $lte: new Date(now.getTime() - settled) } })
      await departures.updateMany(org, { _id: ids }, { $set: { due: new Date(now.getTime() + settled) } })
    }
    if (found.length < batch) return
  }
}

/** Removes some of what refers to those who are gone; gives whether none is left. */
export async function sweepOnce(
  environment: DirectoryEnvironment,
  org: string,
  departures: readonly DepartureDocument[],
  now: Date,
  contextOf: ContextOf,
): Promise<boolean> {
  const { memberships } = environment.store
  const ids = departures.map(({ _id }) => _id)
  const gone = ids.length === 1 ? ids[0] : { $in: ids }
  const options = { projection: { _id: 0, group: 1, member: 1 }, limit: batch } as const
  const within = await memberships.find(org, { group: gone }, options)
  for (const [group, edges] of Map.groupBy(within, (edge) => edge.group)) {
    await memberships.deleteMany(org, { group, member: { $in: edges.map(({ member }) => member) } })
  }
  const around = await memberships.find(org, { member: gone }, options)
  for (const [member, edges] of Map.groupBy(around, (edge) => edge.member)) {
    const departure = departures.find(({ _id }) => _id === member)!
    const groups = edges.map(({ group }) => group)
    await removeMember(environment, departure, groups, now)
  }
  const areInherited = await inheritFrom(environment, departures, contextOf)
  return within.length < batch && around.length < batch && areInherited
}

/** Gives some reports of those who became part of others these as their managers; gives whether none is left. */
async function inheritFrom(
  environment: DirectoryEnvironment,
  departures: readonly DepartureDocument[],
  contextOf: ContextOf,
): Promise<boolean> {
  let areAll = true
  for (const departure of departures) {
    if (departure.heir === undefined) continue
    const context = await contextOf(departure)
    if (context === null) continue
    if (!(await inheritReports(environment, context, departure._id, departure.heir))) areAll = false
  }
  return areAll
}

/** Takes a member that is gone out of groups, each of which gets its change record. */
async function removeMember(
  { store }: DirectoryEnvironment,
  departure: DepartureDocument,
  groups: readonly string[],
  now: Date,
): Promise<void> {
  const { org, _id: member } = departure
  const query = { _id: { $in: groups } }
  const existing = await store.groups.find(org, query, { projection: { _id: 1 } })
  const records = existing.map(({ _id }, index) => recordOf(departure, _id, newId(now, index), now))
  try {
    await store.transaction(async (session) => {
      const removed = await store.memberships.deleteMany(org, { member, group: { $in: groups } }, session)
      if (removed < groups.length) throw new StoreConflict(null)
      await store.changes.insertMany(org, records, session)
    })
  } catch (error) {
    // Somebody else is at it, and has recorded it.
    if (!(error instanceof StoreConflict)) throw error
  }
}

function recordOf(
  { org, _id: member, actor, request }: DepartureDocument,
  group: string,
  id: string,
  at: Date,
): ChangeDocument {
  return {
    _id: id,
    org,
    unnumbered: true,
    at,
    actor,
    resource: { type: 'Group', id: group, version: null },
    action: 'patch',
    operations: [leaving(group, member)],
    decision: null,
    request,
  }
}
