/** A call to the database: within the time that a caller waits, in a span of its own, timed, its failure translated. */
import { tracedCall } from '../tracing.ts'
import { within } from './deadline.ts'
import { translateFailure } from './failures.ts'

/** The kinds of calls, as they are counted. */
export type Command =
  | 'find'
  | 'getMore'
  | 'count'
  | 'aggregate'
  | 'insert'
  | 'update'
  | 'delete'
  | 'findAndModify'
  | 'bulkWrite'
  | 'transaction'

/** Told of what the store does; for counters. */
export interface StoreObserver {
  readonly onCommand: (command: Command, seconds: number) => void
  /** The driver begins a transaction once more. */
  readonly onRetry: (reason: 'transient') => void
}

/** The calls of one store. */
export class Calls {
  #observer: StoreObserver | null = null

  observe(observer: StoreObserver): void {
    this.#observer = observer
  }

  get observer(): StoreObserver | null {
    return this.#observer
  }

  /**
   * @param collection what the call is about; of transactions nothing in particular
   * @throws UsherError `unavailable` after so many milliseconds; what `translateFailure` makes of an error
   */
  run<T>(command: Command, collection: string, milliseconds: number, operation: () => Promise<T>): Promise<T> {
    return tracedCall(
      collection === '' ? command : `${command} ${collection}`,
      () => ({
        'db.system.name': 'mongodb',
        'db.operation.name': command,
        ...(collection === '' ? {} : { 'db.collection.name': collection }),
      }),
      () => this.#timed(command, milliseconds, operation),
    )
  }

  async #timed<T>(command: Command, milliseconds: number, operation: () => Promise<T>): Promise<T> {
    const began = performance.now()
    try {
      return await within(milliseconds, operation())
    } catch (error) {
      throw translateFailure(error)
    } finally {
      this.#observer?.onCommand(command, (performance.now() - began) / 1_000)
    }
  }
}
