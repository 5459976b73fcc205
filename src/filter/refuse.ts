import { UsherError } from '../errors.ts'

/** Throws `invalid_filter`; `column` is 1-based and counts UTF-16 units of the filter's text. */
export function refuseFilter(column: number, reason: string): never {
  throw new UsherError('invalid_filter', `Column ${column} of the filter: ${reason}.`)
}
