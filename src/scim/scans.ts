import { UsherError } from '../errors.ts'
import { countUnindexedTerms } from '../filter/indexed.ts'
import type { ResolvedFilter } from '../filter/types.ts'

/** How many scans of one organization run at a time, and how many more may wait for their turn. */
const running = 4
const waiting = 60

/** Queries that no index serves examine a whole organization: many of them at once would be felt by all the others. */
export class Scans {
  readonly #lines = new Map<string, { free: number; readonly line: (() => void)[] }>()

  /**
   * Runs a query, after those of the same organization that came before if it has to look at every value.
   * @throws UsherError `too_many_requests` when too many of them wait already
   */
  async run<T>(organization: string, filter: ResolvedFilter | null, query: () => Promise<T>): Promise<T> {
    if (filter === null || countUnindexedTerms(filter) === 0) return query()
    const turns = this.#lines.get(organization) ?? { free: running, line: [] }
    this.#lines.set(organization, turns)
    if (turns.free > 0) turns.free -= 1
    else {
      if (turns.line.length >= waiting) {
        throw new UsherError('too_many_requests', 'Too many filters with co or ew at once.', { retryAfter: 1 })
      }
      await new Promise<void>((turn) => turns.line.push(turn))
    }
    try {
      return await query()
    } finally {
      const next = turns.line.shift()
      if (next !== undefined) next()
      else turns.free += 1
      if (turns.free === running) this.#lines.delete(organization)
    }
  }
}
