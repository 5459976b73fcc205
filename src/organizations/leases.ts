import { randomUUID } from 'node:crypto'
import { StoreConflict } from '../store/store.ts'
import type { OrganizationsEnvironment } from './environment.ts'

/** Milliseconds that a lease holds unless it is renewed: work that was cut off is taken up again after them. */
const duration = 30_000

/** Holds the lease for longer; false when it was lost, and somebody else goes on. */
export type Renew = () => Promise<boolean>

/**
 * Does the work unless another process is at work of this name. Work that may last longer than the lease renews it, and
 * ends when it has lost it. A process that dies in the middle leaves its lease to run out.
 */
export async function holdLease(
  { store }: Pick<OrganizationsEnvironment, 'store'>,
  name: string,
  clock: () => Date,
  work: (renew: Renew) => Promise<void>,
): Promise<void> {
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
  if (!(await take())) return
  try {
    await work(take)
  } finally {
    await store.leases.deleteOne({ _id: name, owner })
  }
}
