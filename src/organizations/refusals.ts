/** Refusals that several nouns of this room share. */
import { UsherError } from '../errors.ts'
import { StoreConflict } from '../store/store.ts'

/** One member of a body is not acceptable. */
export function invalidMember(path: string, message: string): UsherError {
  return new UsherError('validation_failed', message, { errors: [{ path, message }] })
}

export function notFound(noun: string): UsherError {
  return new UsherError('not_found', `There is no such ${noun}.`)
}

/**
 * Runs a write and tells whether a unique key of this collection refused it; `taken` makes the refusal from the fields
 * of the key. Two writers that met on one document are told to try again.
 */
export async function whenTaken<T>(write: () => Promise<T>, taken: (key: string) => UsherError): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error
    if (error.key !== null) throw taken(error.key)
    throw new UsherError('conflict', 'Somebody else is changing this at the same moment. Try again.', { cause: error })
  }
}
