/** What has changed, and the feed that gives it in one order. */
import type { Source } from '../../context.ts'
import type { JsonObject } from '../../schema/types.ts'
import type { Scoped } from './scoped.ts'

export interface ChangeDocument extends Scoped {
  readonly _id: string
  /** Given after the commit, in the order of visibility. */
  readonly seq?: number
  /** Given with the number: a hash over this record and the hash of the one before it. */
  readonly chain?: string
  readonly unnumbered?: true
  readonly at: Date
  readonly actor: Source
  /** The source of what was written, where that is not the actor. */
  readonly source?: Source
  readonly resource: { readonly type: string; readonly id: string; readonly version: number | null }
  readonly action: string
  readonly operations: readonly JsonObject[]
  readonly decision: string | null
  /** Of a deletion by a merge: the user that lives on. */
  readonly mergedInto?: string
  readonly request: string
}

/** Where the feed of an organization stands. Whoever gives numbers writes it together with them. */
export interface FeedDocument extends Scoped {
  /** The organization's id. */
  readonly _id: string
  /** The last number, and the hash that its record carries. */
  readonly seq: number
  readonly chain: string
  /** Behind which number records are chained, and to what: moved on when old records are removed. */
  readonly anchor: { readonly seq: number; readonly chain: string }
}
