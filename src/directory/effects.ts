import type { Source } from '../context.ts'
import type { JsonValue } from '../schema/types.ts'
import type { HoldDocument } from '../store/documents.ts'

/** What a login means for its user beyond the SCIM operations; see `DecisionEffects`. */
export interface LoginEffects {
  readonly provisionedBy: 'login' | 'invitation'
  readonly linked: boolean
  readonly lift: readonly { readonly kind: HoldDocument['kind']; readonly source: Source }[]
  readonly shadowed: readonly { readonly path: string; readonly value: JsonValue }[]
  readonly externalId: string | null
  readonly invitationRoles: readonly { readonly role: string; readonly source: Source }[]
  /** Verified addresses of this login, with ASCII case folded. */
  readonly provenEmails: readonly string[]
}
