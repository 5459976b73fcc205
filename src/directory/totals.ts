/** Totals above this, which took longer than so many milliseconds to count, are remembered. */
const large = 10_000
const slow = 20
/** For how many times as long as counting took: so counting takes at most a twentieth of the time. */
const factor = 20
const capacity = 1_000

interface Remembered {
  readonly total: number
  readonly until: number
}

/**
 * How many resources lists have. The database counts by walking over an index, and every page of a walk by index asks
 * anew. So a large total is remembered for a while, and who asks while it is being counted waits for the same count.
 * Small ones are always counted.
 */
export class Totals {
  readonly #remembered = new Map<string, Remembered>()
  readonly #running = new Map<string, Promise<number>>()
  readonly #clock: () => number

  /** @param clock milliseconds, only forward */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  /** @param count fails when it takes too long; then a total from before is better than none */
  async read(key: string, count: () => Promise<number>): Promise<number> {
    const known = this.#remembered.get(key)
    if (known !== undefined && known.until > this.#clock()) return known.total
    try {
      const running = this.#running.get(key)
      if (running === undefined) return await this.#share(key, count)
      const total = await running
      // A small one may have been counted before something that the caller knows of.
      return total > large ? total : await count()
    } catch (error) {
      if (known === undefined) throw error
      return known.total
    }
  }

  async #share(key: string, count: () => Promise<number>): Promise<number> {
    const running = this.#count(key, count)
    this.#running.set(key, running)
    try {
      return await running
    } finally {
      this.#running.delete(key)
    }
  }

  async #count(key: string, count: () => Promise<number>): Promise<number> {
    const began = this.#clock()
    const total = await count()
    const ended = this.#clock()
    this.#remembered.delete(key)
    if (total <= large || ended - began <= slow) return total
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size >= capacity && oldest !== undefined) this.#remembered.delete(oldest)
    this.#remembered.set(key, { total, until: ended + (ended - began) * factor })
    return total
  }
}
