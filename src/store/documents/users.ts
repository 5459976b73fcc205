/** Users, with the roles that they are granted and what keeps them from signing in. */
import type { Source } from '../../context.ts'
import type { ResourceDocument, SourceEntryDocument } from './resources.ts'

export interface GrantSourceDocument extends SourceEntryDocument {
  /** Further sub-attributes that a SCIM client wrote with the value. */
  readonly display?: string | undefined
  readonly type?: string | undefined
  readonly primary?: boolean | undefined
}

export interface GrantDocument {
  readonly role: string
  readonly sources: readonly GrantSourceDocument[]
}

export interface HoldDocument {
  readonly kind: 'suspended' | 'deactivated' | 'locked'
  readonly source: Source
  readonly at: Date
  readonly reason?: string | undefined
}

export interface UserDocument extends ResourceDocument {
  readonly holds: readonly HoldDocument[]
  readonly state: 'active' | 'suspended' | 'deactivated' | 'locked'
  readonly grants: readonly GrantDocument[]
  readonly provisionedBy: 'scim' | 'login' | 'invitation' | 'admin'
  /** E-mail addresses that a login proved, with ASCII case folded. */
  readonly provenEmails: readonly string[]
  /** Every source that gave something or is linked. */
  readonly managedBy: readonly Source[]
}
