/** What administrators may ask of the directory to keep it in order. */
import type { RequestContext } from '../context.ts'
import type { JsonObject } from '../schema/types.ts'
import type { FeedBacklog } from './feed-backlog.ts'
import type { Strength } from './likeness.ts'
import type { ContextOf } from './sweep.ts'
import type { VerificationPlace, VerificationStep } from './verification/verify.ts'

export interface CarePage {
  readonly items: readonly JsonObject[]
  readonly nextCursor: string | null
}

export interface CarePageRequest {
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface DuplicateQuery extends CarePageRequest {
  /** Only pairs with this user. */
  readonly user?: string | undefined
  /** The weakest that is worth showing. */
  readonly strength?: Strength | undefined
}

export interface MergeRequest {
  /** The user that goes. */
  readonly from: string
  /** Whether what keeps that user from signing in holds the survivor from now on. */
  readonly holds: 'move' | 'drop'
  readonly dryRun: boolean
}

export interface MergeReport {
  readonly survivor: string
  readonly from: string
  readonly dryRun: boolean
  /** A SCIM BulkRequest could hold them: the survivor's PATCH, those of groups, the deletion. */
  readonly operations: readonly JsonObject[]
  readonly changes: readonly JsonObject[]
  /** Links that lead to the survivor from now on. */
  readonly identities: readonly JsonObject[]
  /** How many users name the one that goes as their manager, and the survivor from now on. */
  readonly reports: number
  readonly warnings: readonly { readonly code: string; readonly detail: string }[]
  /** The survivor as it is afterwards; null for a dry run. */
  readonly user: JsonObject | null
}

/** After how many days without a login something is done; null: never. */
export interface StaleUsersSetting {
  readonly suspendAfterDays: number | null
  readonly deleteAfterDays: number | null
}

export interface Retired {
  readonly suspended: number
  readonly deleted: number
  /** Last holders of privileged roles. */
  readonly kept: number
  readonly nextCursor: string | null
}

export interface DriftQuery {
  /** A path, or the beginning of one that ends with a whole attribute: `name` is also about `name.givenName`. */
  readonly attribute?: string | undefined
  /** One of those who disagree. */
  readonly source?: string | undefined
  readonly cursor?: string | undefined
}

export interface Care {
  /** One resumable step of looking whether everything holds of the directory that always should. Writes nothing. */
  verify(context: RequestContext, place: VerificationPlace | null): Promise<VerificationStep>
  /** Pairs of users who are probably one person, with the reasons. @throws UsherError `not_found`, `invalid_cursor` */
  duplicates(context: RequestContext, query: DuplicateQuery): Promise<CarePage>
  /**
   * Makes two users one, in one change; for a dry run everything but the change.
   * @throws UsherError `not_found`, `validation_failed`, `merge_refused`, `privileged_grant_refused`, `last_admin_kept`,
   * `seat_limit_reached`
   */
  merge(context: RequestContext, survivor: string, request: MergeRequest): Promise<MergeReport>
  /** Users whom only logins know and whom nobody has seen for so many days, the longest first. */
  staleUsers(context: RequestContext, days: number, page: CarePageRequest): Promise<CarePage>
  /** What a setting would do to whom now. */
  staleActions(context: RequestContext, setting: StaleUsersSetting, page: CarePageRequest): Promise<CarePage>
  /** Does it, for some users; `nextCursor` says where to go on. */
  retireStaleUsers(context: RequestContext, setting: StaleUsersSetting, page: CarePageRequest): Promise<Retired>
  /** Attributes about which sources disagree. @throws UsherError `invalid_cursor` */
  drift(context: RequestContext, query: DriftQuery & { readonly limit: number }): Promise<CarePage>
  /** The same from the cursor to the end, as the consumer takes it. */
  driftOfAll(context: RequestContext, query: DriftQuery): AsyncIterable<readonly JsonObject[]>
  /** Removes change records from before a time, among `limit` behind the number `after`; `next` null at the end. */
  pruneChanges(
    context: RequestContext,
    work: { readonly before: Date; readonly after: number; readonly limit: number },
  ): Promise<{ readonly removed: number; readonly next: number | null }>
  /** Erases what deletions of users have left of recorded values, in all organizations. */
  finishErasures(now: Date): Promise<void>
  /**
   * Removes memberships that deletions have left, in all organizations, and passes on reports that merges have left.
   * @param renew asked before each step; false when another process goes on
   */
  sweepMemberships(now: Date, renew: () => Promise<boolean>, contextOf: ContextOf): Promise<void>
  /** Gives numbers to changes that nobody has asked the feed for. `renew`: false when another process goes on. */
  numberFeeds(renew: () => Promise<boolean>): Promise<void>
  /** How far the feed is behind, over all organizations. */
  feedBacklog(now: Date): Promise<FeedBacklog>
}
