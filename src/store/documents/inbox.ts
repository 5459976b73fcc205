/** What waits for an administrator. */
import type { Source } from '../../context.ts'
import type { DecisionDocument } from './logins.ts'
import type { Scoped } from './scoped.ts'

export type InboxKind =
  | 'removal_held'
  | 'match_ambiguous'
  | 'match_target_protected'
  | 'linked_to_other_subject'
  | 'link_removed'
  | 'username_taken'
  | 'user_deleted'
  | 'seat_limit_reached'

/** What logins of one person have left for an administrator to decide. */
export interface InboxDocument extends Scoped {
  readonly _id: string
  readonly kind: InboxKind
  readonly status: 'open' | 'answered'
  /** Logins have to know of it: it is open, or an approval that nobody has used yet. Absent afterwards. */
  readonly live?: true
  /** Counts every write. */
  readonly version: number
  /** Connection, issuer and subject in one key. */
  readonly person: string
  readonly connection: string
  readonly issuer: string
  readonly subject: string
  /** The person's own user, once there is one. */
  readonly user: string | null
  /** All users that it is about: the person's own, and those that a rule found. */
  readonly users: readonly string[]
  /** Groups whose removal is held. */
  readonly groups: readonly string[]
  /** The sentence of the step that refused or held. */
  readonly detail: string
  /** Those of the last login whose values the decision recorded. */
  readonly claims: DecisionDocument['claims']
  readonly count: number
  readonly first: InboxOccurrence
  readonly last: InboxOccurrence
  readonly answer: InboxAnswerDocument | null
  readonly expiresAt: Date
}

export interface InboxOccurrence {
  readonly at: Date
  readonly decision: string
  readonly reference: string
}

export interface InboxAnswerDocument {
  readonly action: 'release' | 'discard' | 'link' | 'create' | 'dismiss' | 'settled'
  readonly actor: Source
  readonly at: Date
  /** The login that settled the item, or that used the approval. */
  readonly decision?: string
}
