/** Milliseconds for which a write of another process may go unnoticed. */
const lifetime = 1_000
const capacity = 1_000

/**
 * What was read lately of a collection that every request reads and administrators seldom change. Whoever asks while a
 * read is under way shares it. What is not there is not remembered, so that nobody waits for what was just made.
 */
export class Memory<Row> {
  readonly #entries = new Map<string, { readonly rows: Promise<readonly Row[]>; readonly until: number }>()
  readonly #announce: () => void

  /** @param announce told of every write of this process, for the other processes that it can reach */
  constructor(announce: () => void = () => undefined) {
    this.#announce = announce
  }

  read(key: string, load: () => Promise<readonly Row[]>): Promise<readonly Row[]> {
    const now = performance.now()
    const known = this.#entries.get(key)
    if (known !== undefined && known.until > now) return known.rows
    const entry = { rows: load(), until: now + lifetime }
    const drop = () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
    }
    this.#entries.delete(key)
    // A map keeps the order of insertion: its first entry is the oldest.
    const [oldest] = this.#entries.keys()
    if (this.#entries.size >= capacity && oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.set(key, entry)
    entry.rows.then((rows) => {
      if (rows.length === 0) drop()
    }, drop)
    return entry.rows
  }

  /** Reads that are under way are forgotten too: they may have been answered before the write. */
  forget(): void {
    this.#entries.clear()
  }

  /** Forgets because this process has written. */
  written(): void {
    this.forget()
    this.#announce()
  }
}
