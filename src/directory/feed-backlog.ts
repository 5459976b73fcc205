/** How far the change feed is behind in all organizations, and what keeps it from falling behind where nobody reads it. */
import type { DirectoryEnvironment } from './environment.ts'
import { numberChanges } from './feed.ts'

/** What has no number yet. */
export interface FeedBacklog {
  /** How many changes; counted up to 10,000. */
  readonly unnumbered: number
  /** Seconds since the oldest of those that were counted. */
  readonly lag: number
}

const counted = 10_000
/** The order of the index of changes without a number. */
const order = { org: 1, _id: 1 } as const

export async function readBacklog({ store }: DirectoryEnvironment, now: Date): Promise<FeedBacklog> {
  const [found] = await store.changes.everywhere.aggregate<{ count: number; oldest: Date }>([
    { $match: { unnumbered: true } },
    { $sort: order },
    { $limit: counted },
    { $group: { _id: null, count: { $sum: 1 }, oldest: { $min: '$at' } } },
  ])
  if (found === undefined) return { unnumbered: 0, lag: 0 }
  return { unnumbered: found.count, lag: Math.max(0, now.getTime() - found.oldest.getTime()) / 1_000 }
}

/** Gives numbers in every organization where some are missing. `renew`: false when another process goes on. */
export async function numberFeeds(environment: DirectoryEnvironment, renew: () => Promise<boolean>): Promise<void> {
  const { changes } = environment.store
  let after = ''
  while (await renew()) {
    const query = { unnumbered: true, org: { $gt: after } }
    const [next] = await changes.everywhere.find(query, { sort: order, limit: 1, projection: { org: 1 } })
    if (next === undefined) return
    await numberChanges(environment, next.org)
    after = next.org
  }
}
