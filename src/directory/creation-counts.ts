/** Milliseconds that users made by other processes may be missing in a count. */
const lifetime = 2_000
const capacity = 1_000

interface Entry {
  readonly counted: Promise<number>
  readonly at: number
  /** Users that this process made since. */
  added: number
}

/**
 * How many users each connection has made within the hour. Counting costs more the more there are, and every first login
 * asks, so a count is kept for a moment and what this process makes is added to it.
 */
export class CreationCounts {
  readonly #entries = new Map<string, Entry>()

  async read(connection: string, now: Date, count: () => Promise<number>): Promise<number> {
    let entry = this.#entries.get(connection)
    // Also when the clock went backwards.
    if (entry === undefined || Math.abs(now.getTime() - entry.at) > lifetime) {
      const [oldest] = this.#entries.keys()
      if (this.#entries.size >= capacity && oldest !== undefined) this.#entries.delete(oldest)
      entry = { counted: count(), at: now.getTime(), added: 0 }
      this.#entries.set(connection, entry)
      entry.counted.catch(() => this.#entries.delete(connection))
    }
    return (await entry.counted) + entry.added
  }

  add(connection: string): void {
    const entry = this.#entries.get(connection)
    if (entry !== undefined) entry.added += 1
  }
}
