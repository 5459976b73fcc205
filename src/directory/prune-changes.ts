/** Removal of old change records, where an organization does not keep them for good. */
import type { RequestContext } from '../context.ts'
import type { ChangeDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { versionDepth } from './group-version.ts'

/**
 * Looks through up to `limit` numbered records behind `after` and removes those from before the time. The newest number
 * of all stays, because numbering goes on from it, and so do the newest records of each group, because its version is
 * made of them. The feed says first that it begins later: whoever reads at the same time misses nothing unnoticed.
 * `next` is null at the end.
 */
export async function pruneChanges(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  { before, after, limit }: { readonly before: Date; readonly after: number; readonly limit: number },
): Promise<{ readonly removed: number; readonly next: number | null }> {
  const org = organization.id
  const found = await store.changes.find(
    org,
    { seq: { $gt: after } },
    { sort: { seq: 1 }, limit, projection: { seq: 1, chain: 1, at: 1, resource: 1 } },
  )
  const firstYoung = found.findIndex(({ at }) => at >= before)
  const old = firstYoung < 0 ? found : found.slice(0, firstYoung)
  const [newest] = await store.changes.find(
    org,
    { seq: { $exists: true } },
    { sort: { seq: -1 }, limit: 1, projection: { seq: 1 } },
  )
  const passed = old.filter(({ seq }) => seq !== newest?.seq)
  const kept = await keptForVersions({ store }, org, passed)
  const gone = passed.filter(({ _id }) => !kept.has(_id)).map(({ _id }) => _id)
  const { seq: last, chain } = passed.at(-1) ?? {}
  if (last !== undefined) {
    await store.organizations.updateOne({ _id: org }, { $max: { changesRemovedTo: last } })
    // What comes behind is chained to a record that is gone.
    if (chain !== undefined) {
      const anchor = { $set: { anchor: { seq: last, chain } } }
      await store.feeds.updateOne(org, { _id: org, 'anchor.seq': { $lt: last } }, anchor)
    }
    if (gone.length > 0) await store.changes.deleteMany(org, { _id: { $in: gone } })
  }
  const isEnd = found.length < limit || passed.length < found.length
  return { removed: gone.length, next: isEnd ? null : (found.at(-1)?.seq ?? null) }
}

/** Ids of records that are among the newest of their group. */
async function keptForVersions(
  { store }: Pick<DirectoryEnvironment, 'store'>,
  org: string,
  changes: readonly Pick<ChangeDocument, '_id' | 'resource'>[],
): Promise<ReadonlySet<string>> {
  const ofGroups = Map.groupBy(
    changes.filter(({ resource }) => resource.type === 'Group'),
    ({ resource }) => resource.id,
  )
  const kept = new Set<string>()
  for (const [group, records] of ofGroups) {
    const [oldest] = await store.changes.find(
      org,
      { 'resource.id': group },
      { sort: { _id: -1 }, skip: versionDepth - 1, limit: 1, projection: { _id: 1 } },
    )
    for (const { _id } of records) if (oldest === undefined || _id >= oldest._id) kept.add(_id)
  }
  return kept
}
