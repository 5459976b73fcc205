import { countUnindexedTerms } from '../filter/indexed.ts'
import type { ResolvedFilter } from '../filter/types.ts'
import { Turns } from '../limits/turns.ts'

/** Queries that no index serves examine a whole organization: many of them at once would be felt by all the others. */
export class Scans {
  readonly #turns = new Turns({ running: 4, waiting: 60, sentence: 'Too many filters with co or ew at once.' })

  /**
   * Runs a query, after those of the same organization that came before if it has to look at every value.
   * @throws UsherError `too_many_requests` when too many of them wait already
   */
  async run<T>(organization: string, filter: ResolvedFilter | null, query: () => Promise<T>): Promise<T> {
    if (filter === null || countUnindexedTerms(filter) === 0) return query()
    const end = await this.#turns.take(organization)
    try {
      return await query()
    } finally {
      end()
    }
  }
}
