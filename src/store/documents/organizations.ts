/** Organizations, and what an administrator sets up in them: domains, roles, invitations. */
import type { Scoped } from './scoped.ts'

export interface OrganizationDocument {
  readonly _id: string
  readonly slug: string
  readonly displayName: string
  readonly defaultRole: string | null
  readonly seatLimit: number | null
  readonly returnUrls: readonly string[]
  readonly staleUsers?: StaleUsersDocument
  readonly retention?: RetentionDocument
  /** When its daily care is due; absent where no setting asks for any. */
  readonly careDueAt?: Date
  /** The last number in the feed of changes that retention has removed. */
  readonly changesRemovedTo?: number
  readonly version: number
  readonly created: Date
}

/** After how many days without a login users whom only logins know are suspended and deleted; null: never. */
export interface StaleUsersDocument {
  readonly suspendAfterDays: number | null
  readonly deleteAfterDays: number | null
}

/** For how many days what is recorded is kept, where that was set. */
export interface RetentionDocument {
  readonly decisionDays?: number
  readonly tombstoneDays?: number
  readonly changeDays?: number
}

export interface SeatDocument extends Scoped {
  readonly _id: string
  readonly used: number
}

export interface DomainDocument extends Scoped {
  readonly _id: string
  readonly domain: string
  readonly status: 'pending' | 'verified' | 'failed' | 'lapsed'
  readonly method: 'dns' | 'operator'
  /** What the TXT record must say. */
  readonly token: string
  readonly reason: string | null
  readonly created: Date
  readonly verifiedAt: Date | null
  /** When the name servers were asked last. */
  readonly checkedAt: Date | null
  /** Since when looks for the proof of a verified domain have failed. */
  readonly missingSince?: Date | null
  /** When the token was made, if it is not the first one. */
  readonly tokenSince?: Date
}

export interface RoleDocument extends Scoped {
  readonly _id: string
  readonly name: string
  readonly displayName: string
  readonly description: string
  readonly privileged: boolean
  readonly groups: readonly string[]
  /** Written by every transaction that may take a privileged role's last active holder. */
  readonly guard: number
  readonly created: Date
  /** When what an administrator says of it last changed; absent until then. */
  readonly lastModified?: Date
}

export interface InvitationDocument extends Scoped {
  readonly _id: string
  readonly email: string
  /** The address with ASCII case folded. */
  readonly emailKey: string
  readonly roles: readonly string[]
  readonly created: Date
  readonly expiresAt: Date
  readonly acceptedBy: string | null
  readonly acceptedAt: Date | null
}
