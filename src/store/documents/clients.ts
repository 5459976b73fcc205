/** Who calls: SCIM clients and credentials, and what is remembered of their requests. */
import type { Scope, Source } from '../../context.ts'
import type { JsonObject } from '../../schema/types.ts'
import type { Scoped } from './scoped.ts'

export interface ScimClientDocument extends Scoped {
  readonly _id: string
  readonly name: string
  readonly dialect: string
  /** Switches that this client has otherwise than its dialect, by their names. */
  readonly switches?: Readonly<Record<string, string | boolean>>
  readonly onExisting: 'conflict' | 'adopt'
  readonly allowPrivileged: boolean
  /** What of SCIM its tokens are for at most; absent: everything. */
  readonly scopes?: readonly string[]
  /** Public keys (RFC 7517) by which the client authenticates with `private_key_jwt`. */
  readonly jwks?: JsonObject | null
  readonly created: Date
}

export interface CredentialDocument {
  /** SHA-256 of the token, hexadecimal. */
  readonly _id: string
  readonly kind: 'operator' | 'key' | 'scim' | 'access'
  /** Null for the operator's. */
  readonly org: string | null
  /** Public id: of the key for API keys, of the token for SCIM clients. */
  readonly id: string
  /** The SCIM client that a token stands for. */
  readonly client: string | null
  readonly name: string
  /** The first characters, which say what it is and which one. */
  readonly prefix: string
  readonly scopes: readonly Scope[]
  readonly created: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly lastUsed: Date | null
  /** Of an access token: the id of the SCIM client's token that it was issued for; null when it was a key. */
  readonly issuedFor?: string | null
  /** Of an access token: the scopes that it was granted; absent: all that its client may have. */
  readonly granted?: readonly string[]
}

/** An assertion by which a SCIM client has authenticated (RFC 7523): it counts once. */
export interface ClientAssertionDocument extends Scoped {
  /** SHA-256 of organization, client and `jti`. */
  readonly _id: string
  readonly expiresAt: Date
}

/** A request that was accepted before it was done (RFC 9967), and its result once there is one. */
export interface AsyncResultDocument extends Scoped {
  /** The `Set-Txn` of the answer. */
  readonly _id: string
  /** Who asked, and may know the result. */
  readonly source: Source
  readonly method: string
  /** JSON text; null while the request is being worked on. */
  readonly result: string | null
  /** When a result that is still missing will not come any more. */
  readonly until: Date
  readonly expiresAt: Date
}
