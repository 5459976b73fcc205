/** Links between users and the subjects of connections: those there are, those there were, and those to be made anew. */
import type { Source } from '../../context.ts'
import type { Scoped } from './scoped.ts'

export interface IdentityDocument extends Scoped {
  readonly _id: string
  readonly connection: string
  readonly issuer: string
  readonly subject: string
  readonly user: string
  readonly linkedAt: Date
  readonly lastLogin: Date | null
  /** There may be open items of the inbox about this person: a login that succeeds has to look. */
  readonly pending?: true
  /** Set while the link gives way to one of another connection: it admits nobody any more from `until` on. */
  readonly ending?: { readonly until: Date; readonly actor: Source; readonly job: string }
  /** Of a link that was not made by a login: the job that made it, and the link that it follows. */
  readonly origin?: { readonly job: string; readonly link: string }
}

/** A link that is no more: what was cut is remembered for as long as there is the user. */
export interface PastLinkDocument extends IdentityDocument {
  readonly closedAt: Date
  readonly closedBy: Source
  readonly reason: 'unlinked' | 'relinked' | 'connection_deleted'
  /** Whether rules keep away from the user when this subject comes again. */
  readonly barred: boolean
}

export type RelinkVerdict = 'moved' | 'alreadyLinked' | 'ambiguous' | 'protected' | 'missing'

/** One person of a relink, and what has become of them. */
export interface RelinkRowDocument extends Scoped {
  /** The job, and the place within it. */
  readonly _id: string
  readonly job: string
  /** The link to the old connection; null when there is none. */
  readonly link: string | null
  readonly user: string | null
  readonly subject: string | null
  readonly newSubject: string | null
  /** Null while nobody has looked. */
  readonly verdict: RelinkVerdict | null
  readonly expiresAt: Date
}
