/** Milliseconds after which the others do not wait any longer for the one whose turn it is. */
const patience = 1_000

/**
 * Runs work one after the other for each key, in this process: conflicts become a queue. Correctness never rests on it,
 * so a line behind somebody who is stuck dissolves: what is the matter with him is the matter with them all, and they
 * hear of it together instead of one after the other.
 */
export class KeyedQueue {
  /** Who waits behind whoever's turn it is. */
  readonly #lines = new Map<string, (() => void)[]>()

  /** Keys must be sorted, so that two callers never wait for each other. */
  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const [key, ...rest] = keys
    if (key === undefined) return work()
    const line = this.#lines.get(key) ?? []
    if (this.#lines.has(key)) await new Promise<void>((turn) => line.push(turn))
    else this.#lines.set(key, line)
    const timer = setTimeout(() => this.#dissolve(key, line), patience)
    try {
      return await this.run(rest, work)
    } finally {
      clearTimeout(timer)
      const next = line.shift()
      if (next !== undefined) next()
      else this.#forget(key, line)
    }
  }

  #dissolve(key: string, line: (() => void)[]): void {
    this.#forget(key, line)
    for (const turn of line.splice(0)) turn()
  }

  #forget(key: string, line: (() => void)[]): void {
    if (this.#lines.get(key) === line) this.#lines.delete(key)
  }
}
