/** How much of the service one client, one organization and one address may take at a time. */
import { FailedAttempts } from './failed-attempts.ts'
import { RateLimiter, type SumUp } from './rate-limiter.ts'
import { Turns } from './turns.ts'

export interface Limits {
  /** SCIM requests, by client; null: as many as they like. */
  readonly requests: RateLimiter | null
  /** Operations within SCIM bulk requests, by client. */
  readonly bulkOperations: RateLimiter | null
  /** Requests that are being answered, by organization. */
  readonly provisioning: Turns
  readonly administration: Turns
  readonly failedAttempts: FailedAttempts
  /** Batches of members that are read, of all answers that are being written. */
  readonly memberReads: Turns
  /** Requests with bodies of many megabytes. */
  readonly longBodies: Turns
}

/** Milliseconds that a request is held up before it is refused. */
const patience = 2_000
/** The driver opens 25 connections to the database: one organization leaves some of them to the others. */
const running = 20
const waiting = 500
/** A bulk of 1,000 operations is as many requests, and costs less. */
const bulkFactor = 10

/** @param requestsPerSecond of one SCIM client on average, with bursts of twice as many; null: no limit */
export function createLimits(requestsPerSecond: number | null): Limits {
  const paced = (factor: number, what: string) =>
    requestsPerSecond === null
      ? null
      : new RateLimiter({
          rate: requestsPerSecond * factor,
          burst: requestsPerSecond * factor * 2,
          patience,
          sentence: `Too many ${what}. Slow down to ${requestsPerSecond * factor} a second.`,
        })
  const turns = () => new Turns({ running, waiting, sentence: 'Too many requests of the organization at once.' })
  return {
    requests: paced(1, 'requests'),
    bulkOperations: paced(bulkFactor, 'operations in bulk requests'),
    provisioning: turns(),
    administration: turns(),
    failedAttempts: new FailedAttempts(),
    memberReads: new Turns({ running: 3, waiting: Number.POSITIVE_INFINITY, sentence: 'Too many answers at once.' }),
    longBodies: new Turns({ running: 2, waiting: 20, sentence: 'Too many long lists of members at once.' }),
  }
}

/** Tells other processes what was used here, and hears of theirs. To be called every second. */
export async function exchangeUse({ requests, bulkOperations }: Limits, sumUp: SumUp, now: Date): Promise<void> {
  await requests?.exchange((key, ...use) => sumUp(`requests ${key}`, ...use), now)
  await bulkOperations?.exchange((key, ...use) => sumUp(`bulk ${key}`, ...use), now)
}
