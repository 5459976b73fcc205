import type { RequestContext } from '../../context.ts'
import type { JsonObject } from '../../schema/types.ts'
import type { DirectoryEnvironment } from '../environment.ts'

/** What always holds of a directory, whatever happened to it. */
export type Rule =
  | 'indexes'
  | 'user_names'
  | 'comparison_form'
  | 'provenance'
  | 'memberships'
  | 'links'
  | 'versions'
  | 'numbers'
  | 'chain'
  | 'seats'

export interface Violation {
  readonly rule: Rule
  /** What it is about: `User 0198…`, `change 17`. */
  readonly subject: string
  readonly detail: string
}

/** What a look at a stretch of the directory has come to. */
export interface Look {
  readonly looked: number
  readonly violations: readonly Violation[]
  /** Where the next look begins; null at the end. */
  readonly next: JsonObject | null
}

/**
 * Looks at a stretch of one collection, along an index. The directory is written meanwhile: what seems to be wrong is
 * looked at once more, in one snapshot or after what it is compared with, before it is said to be so.
 *
 * @param place where the look before ended; null: at the beginning
 */
export type Stage = (
  environment: DirectoryEnvironment,
  context: RequestContext,
  place: JsonObject | null,
) => Promise<Look>
