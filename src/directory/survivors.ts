/** Who the users are that became part of others: whoever names the one means the other, as long as it is remembered. */
import type { RequestContext } from '../context.ts'
import type { DirectoryEnvironment } from './environment.ts'

const lookupBatch = 1_000

/**
 * The users that those with these ids have become part of, by the ids; nothing of those who were merged into nobody. One
 * query along an index, and one more for each time that a survivor was merged in turn.
 */
export async function survivorsOf(
  environment: DirectoryEnvironment,
  context: RequestContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const survivors = new Map<string, string>()
  for (let start = 0; start < ids.length; start += lookupBatch) {
    const batch = ids.slice(start, start + lookupBatch)
    const heirs = await readHeirs(environment, context, batch)
    // Nobody is merged into somebody who is gone: every step leads to a younger tombstone, and the last one to nobody's.
    for (let last = [...heirs.values()]; last.length > 0; ) {
      const further = await readHeirs(environment, context, last)
      for (const [gone, heir] of further) heirs.set(gone, heir)
      last = [...further.values()]
    }
    for (const id of batch) {
      const heir = lastHeir(heirs, id)
      if (heir !== id) survivors.set(id, heir)
    }
  }
  if (survivors.size > 0) context.note('merged user named')
  return survivors
}

async function readHeirs(
  { store }: DirectoryEnvironment,
  { organization, now }: RequestContext,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const stones = await store.tombstones.find(
    organization.id,
    { user: ids.length === 1 ? ids[0] : { $in: ids }, expiresAt: { $gt: now } },
    { projection: { _id: 0, user: 1, mergedInto: 1 } },
  )
  return new Map(stones.flatMap(({ user, mergedInto }) => (mergedInto === undefined ? [] : [[user, mergedInto]])))
}

function lastHeir(heirs: ReadonlyMap<string, string>, id: string): string {
  let last = id
  for (let next = heirs.get(last); next !== undefined; next = heirs.get(last)) last = next
  return last
}
