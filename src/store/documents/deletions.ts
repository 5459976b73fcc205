/** What is remembered of users and groups that are gone. */
import type { Source } from '../../context.ts'
import type { ExternalIdDocument } from './resources.ts'
import type { Scoped } from './scoped.ts'

export interface TombstoneDocument extends Scoped {
  readonly _id: string
  readonly user: string
  readonly userName: string
  readonly userNameKey: string
  readonly externalIds: readonly ExternalIdDocument[]
  readonly emailKeys: readonly string[]
  /** `connection|issuer|subject` */
  readonly identityKeys: readonly string[]
  readonly deletedAt: Date
  readonly actor: Source
  /** The user that this one has become part of: then no login finds the tombstone. */
  readonly mergedInto?: string
  /** There may be recorded values of the user that have to go. */
  readonly unerased?: true
  readonly expiresAt: Date
}

/** A user or a group that is gone, as long as there may be something that refers to it. */
export interface DepartureDocument extends Scoped {
  /** What it had as its id. */
  readonly _id: string
  readonly at: Date
  /** When memberships of it are looked for next, and reports of it if it has an heir. */
  readonly due: Date
  /** Who deleted it, and by which request. */
  readonly actor: Source
  readonly request: string
  /** The user that it has become part of. */
  readonly heir?: string
}
