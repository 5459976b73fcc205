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
  /** Outline of the resource type that it was made by; absent where it was made before there were outlines. */
  readonly outline?: string
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
  /** Set when the user was deleted: the recorded values are gone. */
  readonly erasedAt?: Date
  readonly expiresAt: Date
}

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

/** An hour in which a connection takes members from a group; its id names both. */
export interface RemovalWindowDocument extends Scoped {
  readonly _id: string
  readonly connection: string
  readonly group: string
  readonly start: Date
  /** Members that the connection had given when the hour began. */
  readonly given: number
  readonly removed: number
  readonly expiresAt: Date
}

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

export interface JobDocument extends Scoped {
  readonly _id: string
  readonly kind: string
  readonly state: 'pending' | 'running' | 'done' | 'failed'
  readonly input: JsonObject
  /** Where the next step goes on; null before the first step and after the last one. */
  readonly cursor?: JsonObject | null
  /** When the next step is due; absent: now. */
  readonly notBefore?: Date
  readonly progress: { readonly done: number; readonly total: number }
  readonly result?: JsonObject | null
  readonly error: string | null
  readonly created: Date
  readonly finishedAt: Date | null
  /** Set with its end. */
  readonly expiresAt?: Date
}

export interface SeatDocument extends Scoped {
  readonly _id: string
  readonly used: number
}

/** What all processes together have admitted of one client within a slot of time. */
export interface RequestCountDocument {
  readonly _id: string
  readonly used: number
  readonly expiresAt: Date
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

/** How far what is stored has been brought: the schema as a whole, and each migration by its name. */
export interface MigrationDocument {
  readonly _id: string
  readonly version: number
  readonly at: Date
  /** The rest is of migrations only. What it was done by besides the version. */
  readonly basis?: string
  readonly state?: 'running' | 'done'
  /** Who is at it: another run takes over by writing its own name. */
  readonly run?: string
  /** Where it goes on; null: at the beginning. */
  readonly place?: string | null
  readonly looked?: number
  readonly changed?: Readonly<Record<string, number>>
  /** Documents that could not be changed; they stay as they are. */
  readonly refused?: number
  /** When everything is to be looked at once more; absent: never. */
  readonly again?: Date
}
