/** A transaction within the time that a caller waits, which leaves nothing locked behind whatever becomes of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import mongoose from 'mongoose'
import { UsherError } from '../errors.ts'
import type { Session } from './collection.ts'
import { within } from './deadline.ts'
import { maxTimeExpired, translateFailure } from './failures.ts'

/** Milliseconds that a caller waits for a transaction with all its repetitions. */
const patience = 4_000
/** Milliseconds that the driver goes on with a commit that nobody answers: once settled, it blocks nobody any more. */
const settlingBudget = 10_000
/** Milliseconds after which it is not begun once more. */
const repetitionBudget = 3_000
/** Milliseconds between two attempts to end a transaction whose commit nobody answered. */
const abandonInterval = 1_000
const options = {
  readConcern: { level: 'snapshot' as const },
  writeConcern: { w: 'majority' as const, j: true },
  timeoutMS: settlingBudget,
}

/**
 * Runs the writes of `work` as one transaction and gives what it returns. `work` may run several times and must have no
 * effect outside of the session.
 *
 * @throws StoreConflict when a unique key or a condition of another writer won; UsherError `unavailable`
 */
export async function runTransaction<T>(
  client: mongoose.mongo.MongoClient,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  try {
    return await within(patience, settle(client, work))
  } catch (error) {
    throw translateFailure(error)
  }
}

async function settle<T>(client: mongoose.mongo.MongoClient, work: (session: Session) => Promise<T>): Promise<T> {
  const session = client.startSession()
  const deadline = performance.now() + repetitionBudget
  try {
    return await session.withTransaction(async (active) => {
      try {
        return await work(active)
      } catch (error) {
        // The driver begins again by a label on its own error, which ours carries as its cause.
        throw isTransient(error) && performance.now() < deadline ? (error as Error).cause : error
      }
    }, options)
  } catch (error) {
    if (!(error instanceof mongoose.mongo.MongoError)) throw error
    void abandon(client, session.id)
    throw isOutOfTime(error) ? outcomeUnknown(error) : error
  } finally {
    await session.endSession()
  }
}

/**
 * The driver does not abort a transaction whose commit failed: it may have taken effect. If it has not, its documents
 * stay locked on the server until its lifetime ends, a minute by default. Ending the session settles it either way.
 */
async function abandon(client: mongoose.mongo.MongoClient, session: object | undefined): Promise<void> {
  if (session === undefined) return
  for (let spent = 0; spent < settlingBudget; spent += abandonInterval) {
    try {
      await client.db('admin').command({ killSessions: [session] }, { timeoutMS: abandonInterval })
      return
    } catch {
      await sleep(abandonInterval, undefined, { ref: false })
    }
  }
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const cause = error.cause
  return cause instanceof mongoose.mongo.MongoError && cause.hasErrorLabel('TransientTransactionError')
}

/** A commit that ran out of time says nothing of how many documents a request examines. */
function isOutOfTime(error: InstanceType<typeof mongoose.mongo.MongoError>): boolean {
  return error instanceof mongoose.mongo.MongoServerError && error.code === maxTimeExpired
}

function outcomeUnknown(cause: Error): UsherError {
  const detail = 'The database did not settle in time. Whether a change was made is not known; try again shortly.'
  return new UsherError('unavailable', detail, { cause, retryAfter: 2 })
}
