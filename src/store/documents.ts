/**
 * What is stored, collection by collection. Every document of an organization carries `org`, the organization's
 * internal id; ids are random strings made by us and never used again.
 */
import type { Scope, Source } from '../context.ts'
import type { JsonObject, JsonValue } from '../schema/types.ts'

export interface Scoped {
  readonly org: string
}

export interface OrganizationDocument {
  readonly _id: string
  readonly slug: string
  readonly displayName: string
  readonly defaultRole: string | null
  readonly seatLimit: number | null
  readonly returnUrls: readonly string[]
  readonly version: number
  readonly created: Date
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

export interface ConnectionDocument extends Scoped {
  readonly _id: string
  readonly name: string
  readonly type: 'oidc'
  readonly issuer: string
  readonly clientId: string
  /** Encrypted; null for a public client. */
  readonly clientSecret: string | null
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly enabled: boolean
  readonly scimClients: readonly string[] | null
  /** What was set explicitly; defaults are filled in when it is read. */
  readonly jit: JsonObject
  readonly jitVersion: number
  readonly version: number
  readonly created: Date
  /** Set while the connection is being deleted: it admits nobody any more. */
  readonly deleting: boolean
}

export interface JitVersionDocument extends Scoped {
  readonly _id: string
  readonly connection: string
  readonly version: number
  readonly settings: JsonObject
  readonly at: Date
  readonly actor: Source
}

export interface SourceEntryDocument {
  readonly source: Source
  readonly at: Date
  readonly decision?: string | undefined
}

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

export interface AttributeSourceDocument extends SourceEntryDocument {
  readonly path: string
  readonly shadowed?: readonly { readonly source: Source; readonly value: JsonValue; readonly at: Date }[] | undefined
}

export interface HoldDocument {
  readonly kind: 'suspended' | 'deactivated' | 'locked'
  readonly source: Source
  readonly at: Date
  readonly reason?: string | undefined
}

export interface ExternalIdDocument {
  /** The source that wrote it: each client has its own. */
  readonly client: string
  readonly value: string
  /** Among whose values it must be the only one. */
  readonly unique?: 'client' | 'organization' | undefined
}

/** What every resource document has. */
export interface ResourceDocument extends Scoped {
  readonly _id: string
  readonly version: number
  /** Counts every write, those included that nobody sees: by it two writers notice each other. */
  readonly revision?: number
  readonly created: Date
  readonly lastModified: Date
  /** What is shown, with extension containers under their aliases. */
  readonly resource: JsonObject
  /** The comparison form; filters and sorts look here only. */
  readonly search: Readonly<Record<string, unknown>>
  /** The last entry is the one written last. */
  readonly externalIds: readonly ExternalIdDocument[]
  /** Reservations for values that must be unique. Absent when empty: the unique index is partial. */
  readonly keys?: readonly string[]
  readonly sources: readonly AttributeSourceDocument[]
  /** Version of the comparison form. */
  readonly form: number
}

/** What a resource is shown from: without the parts that serve finding and deciding only. */
export type Showable<Document extends ResourceDocument> = Omit<Document, 'search' | 'sources'>

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

/** Its members are edges; what depends on the set of them counts as a write of the group that nobody sees. */
export type GroupDocument = ResourceDocument

/** Resources of types that are described by documents alone. */
export interface CustomResourceDocument extends ResourceDocument {
  readonly type: string
}

export interface MembershipDocument extends Scoped {
  readonly group: string
  readonly member: string
  readonly kind: 'User' | 'Group'
  readonly sources: readonly SourceEntryDocument[]
}

export interface IdentityDocument extends Scoped {
  readonly _id: string
  readonly connection: string
  readonly issuer: string
  readonly subject: string
  readonly user: string
  readonly linkedAt: Date
  readonly lastLogin: Date | null
}

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
  readonly expiresAt: Date
}

export interface ScimClientDocument extends Scoped {
  readonly _id: string
  readonly name: string
  readonly dialect: string
  /** Switches that this client has otherwise than its dialect, by their names. */
  readonly switches?: Readonly<Record<string, string | boolean>>
  readonly onExisting: 'conflict' | 'adopt'
  readonly allowPrivileged: boolean
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

export interface LoginTransactionDocument extends Scoped {
  /** SHA-256 of the state. */
  readonly _id: string
  readonly connection: string
  readonly nonce: string
  readonly verifier: string
  readonly returnTo: string | null
  /** SHA-256 of the browser's transaction cookie. */
  readonly browser: string
  readonly maxAge: number | null
  readonly expiresAt: Date
}

export interface DecisionDocument extends Scoped {
  readonly _id: string
  readonly reference: string
  readonly at: Date
  readonly connection: string
  readonly configVersion: number
  readonly outcome: string
  readonly code: string | null
  readonly subject: string | null
  readonly user: string | null
  readonly steps: readonly JsonObject[]
  readonly claims: readonly { readonly name: string; readonly type: string; readonly value?: JsonValue }[]
  readonly operations: readonly JsonObject[]
  readonly changes: readonly JsonObject[]
  readonly warnings: readonly JsonObject[]
  readonly heldRemovals: readonly { readonly group: string; readonly user: string }[]
  /** What the application was told, for the same token sent again. */
  readonly answer: JsonObject
  /** SHA-256 of connection and token: the same token has one decision. Absent for browser logins. */
  readonly tokenKey?: string
  readonly issuedAt: Date
  readonly expiresAt: Date
}

export interface ChangeDocument extends Scoped {
  readonly _id: string
  /** Given after the commit, in the order of visibility. */
  readonly seq?: number
  readonly unnumbered?: true
  readonly at: Date
  readonly actor: Source
  readonly resource: { readonly type: string; readonly id: string; readonly version: number | null }
  readonly action: string
  readonly operations: readonly JsonObject[]
  readonly decision: string | null
  readonly request: string
}

export interface JobDocument extends Scoped {
  readonly _id: string
  readonly kind: string
  readonly state: 'pending' | 'running' | 'done' | 'failed'
  readonly input: JsonObject
  readonly progress: { readonly done: number; readonly total: number }
  readonly error: string | null
  readonly created: Date
  readonly finishedAt: Date | null
}

export interface SeatDocument extends Scoped {
  readonly _id: string
  readonly used: number
}

export interface LeaseDocument {
  readonly _id: string
  readonly owner: string
  readonly until: Date
}

export interface SecretDocument {
  readonly _id: string
  readonly value: string
}

export interface MigrationDocument {
  readonly _id: string
  readonly version: number
  readonly at: Date
}
