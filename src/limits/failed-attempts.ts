import { UsherError } from '../errors.ts'
import { admission, type Pace } from './pace.ts'

/** Bad credentials of one address that get the full answer. */
const pace: Pace = { rate: 20, burst: 200 }
/** Addresses that are kept in mind before those that have rested are forgotten. */
const capacity = 10_000

/**
 * Counts credentials that are not valid, by the address they come from. Beyond the budget the answer is 429. Valid
 * credentials are never counted and never refused: an address may be a proxy in front of everybody.
 */
export class FailedAttempts {
  readonly #paidAt = new Map<string, number>()
  readonly #clock: () => number

  /** @param clock milliseconds, only forward */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  /** Counts one. @throws UsherError `too_many_requests` when there have been too many */
  count(address: string): void {
    const now = this.#clock()
    const { wait, paidAt } = admission(pace, this.#paidAt.get(address) ?? 0, now, 1)
    if (wait > 0) {
      throw new UsherError('too_many_requests', 'Too many credentials that are not valid.', {
        retryAfter: Math.ceil(wait / 1_000),
      })
    }
    if (this.#paidAt.size >= capacity) this.#forgetRested(now)
    this.#paidAt.set(address, paidAt)
  }

  #forgetRested(now: number): void {
    for (const [address, paidAt] of this.#paidAt) if (paidAt <= now) this.#paidAt.delete(address)
  }
}
