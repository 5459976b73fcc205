import type { Store } from './store.ts'

/** Milliseconds for which a sum is kept: longer than it is asked for. */
const kept = 60_000

/** What was used of each client's pace within a slot of time, added up in the database. */
export function sumUpIn({ requestCounts }: Pick<Store, 'requestCounts'>) {
  return async (key: string, slot: number, used: number): Promise<number> => {
    const query = { _id: `${key} ${slot}` }
    const update = { $inc: { used }, $set: { expiresAt: new Date(Date.now() + kept) } }
    const found = await requestCounts.findOneAndUpdate(query, update, { upsert: true })
    return found?.used ?? used
  }
}
