/** What becomes of a login that was decided and could not be committed. */
import { type ErrorCode, UsherError } from '../errors.ts'
import type { Decision } from '../provisioning/types.ts'
import type { StoreConflict } from '../store/store.ts'
import type { DirectoryEnvironment } from './environment.ts'

/** Why a login failed after it was decided. */
export interface LoginFailure {
  readonly code: ErrorCode & Decision['code'] & string
  readonly detail: string
}

const attributeFaults: ReadonlySet<string> = new Set(['invalidValue', 'invalidSyntax', 'mutability', 'uniqueness'])

/** What a failure of the directory means for the person who signs in. */
export function failureOf(error: unknown): LoginFailure {
  if (error instanceof UsherError) {
    if (error.code === 'seat_limit_reached') return { code: 'seat_limit_reached', detail: error.detail }
    if (error.scimType !== undefined && attributeFaults.has(error.scimType)) {
      return { code: 'attribute_invalid', detail: error.detail }
    }
  }
  return { code: 'provisioning_failed', detail: 'The directory could not be changed. The reason is in the log.' }
}

/** Rounds after which a value that is taken belongs to somebody else, and not to the same person at the same moment. */
const takenRounds = 3

/**
 * Every lost race of a login is decided again: the next snapshot shows who won. Only a value that must be unique by its
 * document, and that another user has, is still taken then.
 */
export function ignoreLostRaces({
  observer,
}: Pick<DirectoryEnvironment, 'observer'>): (conflict: StoreConflict) => void {
  let taken = 0
  return (conflict) => {
    if (conflict.key === 'decisions: org, tokenKey') throw conflict
    if (conflict.key === 'users: org, keys') taken += 1
    if (taken >= takenRounds) {
      throw new UsherError('uniqueness', 'A value that must be unique is taken by another User.', { cause: conflict })
    }
    observer?.onLostRace()
  }
}
