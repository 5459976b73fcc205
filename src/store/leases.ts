/** Work that one process does at a time, whichever it is. */
import { randomUUID } from 'node:crypto'
import { StoreConflict } from './failures.ts'
import type { Store } from './store.ts'

/** Milliseconds that a lease holds unless it is renewed: work that was cut off is taken up again after them. */
const duration = 30_000

/** Holds the lease for longer; false when it was lost, and somebody else goes on. */
export type Renew = () => Promise<boolean>

/**
 * Does the work unless another process is at work of this name, and gives whether it was this one. Work that may last
 * longer than the lease renews it, and ends when it has lost it. A process that dies in the middle leaves its lease to
 * run out.
 */
export async function holdLease(
  { store }: { readonly store: Pick<Store, 'leases'> },
  name: string,
  clock: () => Date,
  work: (renew: Renew) => Promise<void>,
): Promise<boolean> {
  const owner = randomUUID()
  const take: Renew = async () => {
    const now = clock()
    const until = new Date(now.getTime() + duration)
    const free = { _id: name, $or: [{ owner }, { until: { $lte: now } }] }
    if (await store.leases.updateOne(free, { $set: { owner, until } })) return true
    try {
      await store.leases.insertOne({ _id: name, owner, until })
      return true
    } catch (error) {
      if (error instanceof StoreConflict) return false
      throw error
    }
  }
  if (!(await take())) return false
  try {
    await work(take)
    return true
  } finally {
    await store.leases.deleteOne({ _id: name, owner })
  }
}
