import { UsherError } from '../errors.ts'

export interface TurnsLimit {
  /** How many of one key run at a time. */
  readonly running: number
  /** How many more may wait for their turn. */
  readonly waiting: number
  /** What is said to whoever comes after them. */
  readonly sentence: string
}

interface Line {
  free: number
  readonly waiting: (() => void)[]
}

/** Lets so many of each key run at a time, in the order in which they came, so that one key leaves room for the others. */
export class Turns {
  readonly #limit: TurnsLimit
  readonly #lines = new Map<string, Line>()

  constructor(limit: TurnsLimit) {
    this.#limit = limit
  }

  /**
   * Resolves when it is the caller's turn, with what ends it; ending it twice does no harm.
   * @throws UsherError `too_many_requests` when too many wait already
   */
  async take(key: string): Promise<() => void> {
    const line = this.#lines.get(key) ?? { free: this.#limit.running, waiting: [] }
    this.#lines.set(key, line)
    if (line.free > 0) line.free -= 1
    else {
      if (line.waiting.length >= this.#limit.waiting) {
        throw new UsherError('too_many_requests', this.#limit.sentence, { retryAfter: 1 })
      }
      await new Promise<void>((turn) => line.waiting.push(turn))
    }
    let ended = false
    return () => {
      if (ended) return
      ended = true
      const next = line.waiting.shift()
      if (next !== undefined) return next()
      line.free += 1
      if (line.free === this.#limit.running) this.#lines.delete(key)
    }
  }
}
