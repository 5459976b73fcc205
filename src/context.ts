import type { Dialect } from './scim/dialects.ts'

/** Who gave a value: the vocabulary of provenance. */
export type Source =
  | `scim:${string}`
  | `login:${string}`
  | `admin:${string}`
  | `invitation:${string}`
  | `group:${string}`
  | `job:${string}`
  | 'default'
  | 'self'

export type Scope = 'admin' | 'admin:privileged' | 'logins' | 'read'

/** The credential behind a request, after it was verified. */
export type Principal =
  | { readonly kind: 'operator' }
  | {
      readonly kind: 'key'
      readonly id: string
      readonly name: string
      readonly organization: string
      readonly scopes: readonly Scope[]
    }
  | {
      readonly kind: 'scim'
      readonly id: string
      readonly name: string
      readonly organization: string
      readonly onExisting: 'conflict' | 'adopt'
      readonly allowPrivileged: boolean
      /** What of SCIM it may use, such as `scim` or `scim.users.read`. */
      readonly scopes: readonly string[]
    }
  | { readonly kind: 'login'; readonly connection: string }
  | { readonly kind: 'system'; readonly job: string }

/** Who asks, in which request. The first argument of everything that acts. */
export interface CallerContext {
  readonly requestId: string
  readonly principal: Principal
  /** The clock is an argument, so that nothing in the middle reads it. */
  readonly now: Date
}

/** For how many days what is recorded is kept; null: for good. */
export interface Retention {
  readonly decisionDays: number
  readonly tombstoneDays: number
  readonly changeDays: number | null
}

export const defaultRetention: Retention = { decisionDays: 90, tombstoneDays: 400, changeDays: null }

/** What every room needs to know of an organization; `id` is internal, `slug` is what the outside sees. */
export interface OrganizationRef {
  readonly id: string
  readonly slug: string
  readonly displayName: string
  readonly defaultRole: string | null
  readonly seatLimit: number | null
  /** Where it differs from the default. */
  readonly retention?: Partial<Retention> | undefined
}

export function retentionOf({ retention }: OrganizationRef): Retention {
  return { ...defaultRetention, ...retention }
}

/** Who asks, for which organization, in which request. */
export interface RequestContext extends CallerContext {
  readonly organization: OrganizationRef
  readonly source: Source
  /** Who caused it, where that is somebody else than the source of what is written. */
  readonly actor?: Source
  readonly dialect: Dialect
  /** `{USHER_PUBLIC_URL}/scim/v2/{org}`, without a trailing slash. */
  readonly baseUrl: string
  /** Takes the name of a normalisation that happened, for the log line of the request. */
  readonly note: (normalisation: string) => void
}

/** The client whose externalId this caller sees and sets; undefined for callers that are no SCIM client. */
export function externalIdClient(context: { readonly principal: Principal }): string | undefined {
  return context.principal.kind === 'scim' ? context.principal.id : undefined
}

/** Whether the caller may grant privileged roles: the operator, a key for it, a SCIM client that the operator allowed. */
export function mayGrantPrivileged(principal: Principal): boolean {
  if (principal.kind === 'operator' || principal.kind === 'system') return true
  if (principal.kind === 'key') return principal.scopes.includes('admin:privileged')
  return principal.kind === 'scim' && principal.allowPrivileged
}
