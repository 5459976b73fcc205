/** Runs work one after the other for each key, in this process: conflicts become a queue. Correctness never rests on it. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>()

  /** Keys must be sorted, so that two callers never wait for each other. */
  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const [key, ...rest] = keys
    if (key === undefined) return work()
    const before = this.#tails.get(key)
    const turn = (async () => {
      await before
      return this.run(rest, work)
    })()
    const tail = turn.catch(() => undefined)
    this.#tails.set(key, tail)
    try {
      return await turn
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }
}
