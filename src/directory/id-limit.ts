import { UsherError } from '../errors.ts'

/** Ids that one leaf of a filter may stand for. */
export const idLimit = 10_000

/** @throws UsherError `too_many` */
export function refuseTooMany<T>(found: readonly T[]): readonly T[] {
  if (found.length <= idLimit) return found
  throw new UsherError('too_many', 'The filter is about too many members at once. Narrow it.')
}
