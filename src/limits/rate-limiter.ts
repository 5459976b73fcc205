import { setTimeout as sleep } from 'node:timers/promises'
import { UsherError } from '../errors.ts'
import { admission, type Pace } from './pace.ts'

export interface RateLimit extends Pace {
  /** Milliseconds for which somebody who is too fast is held up; whoever would have to wait longer is refused. */
  readonly patience: number
  /** What is said to whoever is refused. */
  readonly sentence: string
}

interface Account {
  paidAt: number
  /** Admitted here since the last exchange. */
  fresh: number
  /** Of the present slot: what this process has reported, and what it has heard of all processes. */
  slot: number
  reported: number
  heard: number
}

/** Adds to what was used of a key within a slot of time, for all processes; gives the new sum. */
export type SumUp = (key: string, slot: number, used: number) => Promise<number>

/** Accounts that are kept before those that have rested are forgotten. */
const capacity = 10_000
/** Milliseconds of a slot: processes hear of each other's use once in it. */
const slotLength = 10_000

/**
 * Holds each client to its pace. Who is a little too fast is slowed down, who is much too fast is refused: provisioning
 * clients send in bursts, and a refusal costs them a retry of minutes.
 */
export class RateLimiter {
  readonly #limit: RateLimit
  readonly #clock: () => number
  readonly #accounts = new Map<string, Account>()

  /** @param clock milliseconds, only forward */
  constructor(limit: RateLimit, clock: () => number = () => performance.now()) {
    this.#limit = limit
    this.#clock = clock
  }

  /** Resolves when it is the key's turn. @throws UsherError `too_many_requests` with the seconds to wait */
  async admit(key: string, cost = 1): Promise<void> {
    const account = this.#account(key)
    // What is larger than a burst could never be paid at once: it is admitted like one, and paid for afterwards.
    const { wait } = admission(this.#limit, account.paidAt, this.#clock(), Math.min(cost, this.#limit.burst))
    if (wait > this.#limit.patience) {
      throw new UsherError('too_many_requests', this.#limit.sentence, { retryAfter: Math.ceil(wait / 1_000) })
    }
    account.paidAt = admission(this.#limit, account.paidAt, this.#clock(), cost).paidAt
    account.fresh += cost
    if (wait > 0) await sleep(wait)
  }

  /**
   * Tells the other processes what was used here, and counts what was used there. To be called every second: a client
   * that spreads over several processes is ahead of its pace by no more than what each of them admits within it.
   */
  async exchange(sumUp: SumUp, now: Date): Promise<void> {
    const slot = Math.floor(now.getTime() / slotLength)
    // Who uses a tenth of the pace at each of ten processes is still within it.
    const least = this.#limit.rate / 10
    const busy = [...this.#accounts].filter(([, { fresh }]) => fresh >= least)
    await Promise.all(busy.map(([key, account]) => this.#settle(sumUp, key, account, slot)))
  }

  async #settle(sumUp: SumUp, key: string, account: Account, slot: number): Promise<void> {
    if (account.slot !== slot) Object.assign(account, { slot, reported: 0, heard: 0 })
    const { fresh } = account
    account.fresh = 0
    account.reported += fresh
    const elsewhere = Math.max(0, (await sumUp(key, slot, fresh)) - account.reported)
    const news = Math.max(0, elsewhere - account.heard)
    account.heard = elsewhere
    account.paidAt = admission(this.#limit, account.paidAt, this.#clock(), news).paidAt
  }

  #account(key: string): Account {
    const known = this.#accounts.get(key)
    if (known !== undefined) return known
    if (this.#accounts.size >= capacity) this.#forgetRested()
    const account = { paidAt: 0, fresh: 0, slot: 0, reported: 0, heard: 0 }
    this.#accounts.set(key, account)
    return account
  }

  #forgetRested(): void {
    const now = this.#clock()
    for (const [key, { paidAt }] of this.#accounts) if (paidAt <= now) this.#accounts.delete(key)
  }
}
