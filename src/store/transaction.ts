/** A transaction within the time that a caller waits, which leaves nothing locked behind whatever becomes of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import mongoose from 'mongoose'
import { UsherError } from '../errors.ts'
import { asNetworkError, isBrokenConnection } from './broken-connection.ts'
import type { Calls } from './calls.ts'
import type { Session } from './collection.ts'
import { maxTimeExpired } from './failures.ts'

/** Milliseconds that a caller waits for a transaction with all its repetitions. */
const patience = 4_000
/** Milliseconds that the driver goes on with a commit that nobody answers: once settled, it blocks nobody any more. */
const settlingBudget = 10_000
/** Milliseconds after which it is not begun once more. */
const repetitionBudget = 3_000
/** Milliseconds between two attempts to end a transaction whose commit nobody answered. */
const abandonInterval = 1_000
const transientLabel = 'TransientTransactionError'
const unknownCommitLabel = 'UnknownTransactionCommitResult'
/** Milliseconds that each document adds to what it may take. */
const longer = 1
const options = {
  readConcern: { level: 'snapshot' as const },
  writeConcern: { w: 'majority' as const, j: true },
}

/**
 * Runs the writes of `work` as one transaction and gives what it returns. `work` may run several times and must have no
 * effect outside of the session.
 *
 * @param documents how many it writes, where there may be many
 * @throws StoreConflict when a unique key or a condition of another writer won; UsherError `unavailable`
 */
export async function runTransaction<T>(
  client: mongoose.mongo.MongoClient,
  calls: Calls,
  work: (session: Session) => Promise<T>,
  documents: number,
): Promise<T> {
  const more = documents * longer
  let attempts = 0
  return calls.run('transaction', '', patience + more, () =>
    settle(client, more, (session) => {
      attempts += 1
      if (attempts > 1) calls.observer?.onRetry('transient')
      return work(session)
    }),
  )
}

async function settle<T>(
  client: mongoose.mongo.MongoClient,
  more: number,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = client.startSession()
  tellBrokenCommits(session)
  const deadline = performance.now() + repetitionBudget
  try {
    return await session.withTransaction(
      async (active) => {
        try {
          return await work(active)
        } catch (error) {
          throw performance.now() < deadline ? transient(error) : error
        }
      },
      { ...options, timeoutMS: settlingBudget + more },
    )
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

/** The driver begins again by a label on its own error, which ours carries as its cause. Other errors stay as they are. */
function transient(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { cause } = error
  if (isBrokenConnection(cause)) return asNetworkError(cause, transientLabel)
  return cause instanceof mongoose.mongo.MongoError && cause.hasErrorLabel(transientLabel) ? cause : error
}

/**
 * Whether a commit that found its connection broken took effect is not known; to commit again is safe. The driver stumbles
 * over such an error while it looks for its labels, so that another one than the system's comes out.
 */
function tellBrokenCommits(session: mongoose.mongo.ClientSession): void {
  const commit = session.commitTransaction.bind(session)
  session.commitTransaction = async (given) => {
    try {
      await commit(given)
    } catch (error) {
      if (error instanceof mongoose.mongo.MongoError || !(error instanceof Error)) throw error
      throw asNetworkError(error, unknownCommitLabel)
    }
  }
}

/** A commit that ran out of time says nothing of how many documents a request examines. */
function isOutOfTime(error: InstanceType<typeof mongoose.mongo.MongoError>): boolean {
  return error instanceof mongoose.mongo.MongoServerError && error.code === maxTimeExpired
}

function outcomeUnknown(cause: Error): UsherError {
  const detail = 'The database did not settle in time. Whether a change was made is not known; try again shortly.'
  return new UsherError('unavailable', detail, { cause, retryAfter: 2 })
}
