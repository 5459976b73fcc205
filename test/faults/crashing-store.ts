import { GlobalCollection, ScopedCollection } from '../../src/store/collection.ts'
import type { Store } from '../../src/store/store.ts'

/** What every store call throws from the crash on. */
class Crash extends Error {}

const calls = [
  'find',
  'findOne',
  'count',
  'aggregate',
  'insertOne',
  'insertMany',
  'insertEach',
  'updateOne',
  'updateMany',
  'put',
  'findOneAndUpdate',
  'findOneAndDelete',
  'deleteOne',
  'deleteMany',
  'bulkWrite',
] as const

type Work = (...input: unknown[]) => Promise<unknown>

/** Whether the crash comes before the call has any effect, or after it. */
export type Moment = 'before' | 'after'

/** A store whose process dies at the call that a test names: that call throws, and so does every later one. */
export class CrashingStore {
  #calls = 0
  #at = Number.POSITIVE_INFINITY
  #moment: Moment = 'before'
  #dead = false
  #life = 0

  constructor(store: Store) {
    for (const value of Object.values(store)) {
      if (value instanceof ScopedCollection) this.#wrap(value.everywhere, calls)
      else if (value instanceof GlobalCollection) this.#wrap(value, calls)
    }
    this.#wrap(store, ['transaction', 'whichHold'])
  }

  /** The process dies at the n-th call from now. */
  crashAt(n: number, moment: Moment): void {
    this.#calls = 0
    this.#at = n
    this.#moment = moment
  }

  /** The process is started again. Gives whether it had died. */
  restart(): boolean {
    const died = this.#dead
    this.#dead = false
    this.#life += 1
    this.#at = Number.POSITIVE_INFINITY
    return died
  }

  #wrap(target: object, names: readonly string[]): void {
    for (const name of names) {
      const original = Reflect.get(target, name) as Work
      const value: Work = (...input) => this.#run(() => original.apply(target, input))
      Object.defineProperty(target, name, { value })
    }
  }

  async #run(call: () => Promise<unknown>): Promise<unknown> {
    this.#calls += 1
    const isTheOne = this.#calls === this.#at
    if (isTheOne && this.#moment === 'before') this.#dead = true
    this.#live()
    const life = this.#life
    const result = await call()
    // A call that was still under way when the process was started again kills nobody any more.
    if (isTheOne && life === this.#life) this.#dead = true
    this.#live()
    return result
  }

  #live(): void {
    if (this.#dead) throw new Crash('the process is dead')
  }
}
