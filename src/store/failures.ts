/** What a failure of the database means for the caller. */
import mongoose from 'mongoose'
import { UsherError } from '../errors.ts'
import { isBrokenConnection } from './broken-connection.ts'

const { MongoBulkWriteError, MongoError, MongoServerError } = mongoose.mongo

/** Two writers met on one unique key or one document: throw the plan away, read again, plan again. */
export class StoreConflict extends Error {
  /** Collection and key of the unique index, or null for a write conflict. */
  readonly key: string | null
  constructor(key: string | null, cause?: unknown) {
    super(key === null ? 'write conflict' : `duplicate key ${key}`, { cause })
    this.name = 'StoreConflict'
    this.key = key
  }
}

/** The server's code for a command that ran out of the time it was given. */
export const maxTimeExpired = 50
const duplicateKey = 11000
const writeConflict = 112
/** A validator of the collection says no, or the document is too large: the same write never succeeds. */
const refusedForGood: ReadonlySet<unknown> = new Set([121, 10334, 17419])

/**
 * Translates an error of the driver: duplicate keys and write conflicts to `StoreConflict`, an exhausted time budget
 * to `too_many`, everything else that comes from the database or the way to it to `unavailable`. What the server refuses
 * for good is a fault of ours and stays as it is: to try again would not help.
 */
export function translateFailure(error: unknown): unknown {
  if (error instanceof UsherError || error instanceof StoreConflict) return error
  if (error instanceof MongoServerError) {
    if (error.code === duplicateKey) return new StoreConflict(duplicateKeyOf(error), error)
    if (error.code === writeConflict) return new StoreConflict(null, error)
    if (refusedForGood.has(error.code)) return error
    if (error.code === maxTimeExpired) {
      return new UsherError('too_many', 'The request would examine too many resources. Narrow the filter.', {
        cause: error,
      })
    }
  }
  if (error instanceof MongoError || error instanceof mongoose.MongooseError || isBrokenConnection(error)) {
    return new UsherError('unavailable', 'The database does not answer at the moment. Try again shortly.', {
      cause: error,
      retryAfter: 2,
    })
  }
  return error
}

/**
 * What speaks against each document that could not be inserted with others, by their places; `error` is a translated one.
 * @throws the error when it is not about single documents, or when no majority has what was inserted
 */
export function refusedInserts(error: unknown): ReadonlyMap<number, unknown> {
  const cause = error instanceof Error ? error.cause : undefined
  if (!(cause instanceof MongoBulkWriteError)) throw error
  const refused = [cause.writeErrors].flat()
  // What no majority has may be lost again, those included that were inserted.
  if (refused.length === 0 || cause.result.getWriteConcernError() !== undefined) throw error
  return new Map(
    refused.map(({ index, code, errmsg }) => {
      return [index, translateFailure(new MongoServerError({ message: errmsg ?? '', code }))]
    }),
  )
}

/** `users: org, search.userName`. A bulk write drops the key pattern, so the index is read by its name as well. */
function duplicateKeyOf(error: InstanceType<typeof MongoServerError>): string {
  const [, collection = '', index = ''] = /collection: \S+?\.(\w+) index: (\S+)/.exec(error.message) ?? []
  const pattern: unknown = error.keyPattern
  const fields =
    typeof pattern === 'object' && pattern !== null ? Object.keys(pattern) : index.replace(/_-?1$/, '').split(/_-?1_/)
  return `${collection}: ${fields.join(', ')}`
}
