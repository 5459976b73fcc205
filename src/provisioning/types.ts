/**
 * The vocabulary of the decision: a verified login and what the directory knows go in, a decision with its SCIM
 * operations comes out. Plain readonly data; who reads and who writes it is not this room's business.
 */
import type { Source } from '../context.ts'
import type { ErrorCode } from '../errors.ts'
import type { JsonObject, JsonValue, Resource } from '../schema/types.ts'
import type { AttributeLock } from './locks.ts'
import type { JitSettings } from './settings.ts'

/** A login whose token was verified: signature, issuer, audience, times, nonce. Claims are not interpreted yet. */
export interface VerifiedLogin {
  readonly issuer: string
  /** ID token over userinfo; a null-prototype object. */
  readonly claims: Readonly<Record<string, unknown>>
  /** `iat` of the ID token: the time that `last_write` compares. */
  readonly issuedAt: Date
}

/** What the decision needs to know of a connection. */
export interface ConnectionState {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  /** The issuer pinned at save, and the one that discovery announces now. */
  readonly issuer: string
  readonly announcedIssuer: string
  /** SCIM clients of the same identity provider: named by the connection, or the organization's only one. */
  readonly scimClients: readonly string[]
  readonly settings: JitSettings
  /** Version of the settings, recorded with the decision. */
  readonly settingsVersion: number
}

/** Who gave a membership, a grant or a value, when, and by which decision. */
export interface SourceEntry {
  readonly source: Source
  readonly at: Date
  readonly decision?: string | undefined
}

/** Who owns the value at a leaf path (see `schema/leaves.ts`), and what others would have set. */
export interface AttributeSource extends SourceEntry {
  readonly path: string
  readonly shadowed?: readonly { readonly source: Source; readonly value: JsonValue; readonly at: Date }[] | undefined
}

export type HoldKind = 'suspended' | 'deactivated' | 'locked'

/** A reason for which somebody keeps a user from signing in. Each source lifts only its own. */
export interface Hold {
  readonly kind: HoldKind
  readonly source: Source
  readonly at: Date
  readonly reason?: string | undefined
}

export interface Grant {
  readonly role: string
  readonly sources: readonly SourceEntry[]
}

export interface MembershipState {
  readonly group: string
  readonly display: string
  readonly sources: readonly SourceEntry[]
}

export interface IdentityState {
  readonly id: string
  readonly connection: string
  readonly issuer: string
  readonly subject: string
  readonly linkedAt: Date
  readonly lastLogin: Date | null
}

/** A living user with everything that the steps may look at. */
export interface UserState {
  readonly id: string
  readonly version: number
  /** Canonical, without computed attributes; no `externalId`, no `roles`, no `active`. */
  readonly resource: Resource
  /** `client` is the id of a SCIM client, or another source such as `login:{connection}`. */
  readonly externalIds: readonly { readonly client: string; readonly value: string }[]
  readonly holds: readonly Hold[]
  readonly grants: readonly Grant[]
  /** Direct memberships. */
  readonly memberships: readonly MembershipState[]
  readonly sources: readonly AttributeSource[]
  readonly identities: readonly IdentityState[]
  readonly provisionedBy: 'scim' | 'login' | 'invitation' | 'admin'
  /** Names of the privileged roles that the user holds by whatever way. */
  readonly privilegedRoles: readonly string[]
  /** Ids of all groups, direct and by nesting. */
  readonly allGroups: readonly string[]
  /** Addresses that a login of the user has proved to be the person's, with ASCII case folded. */
  readonly provenEmails?: readonly string[] | undefined
  /** What other connections keep to themselves. */
  readonly locks?: readonly AttributeLock[] | undefined
}

/** A role of the organization. `groups` are the ids of groups whose members hold it. */
export interface RoleState {
  readonly name: string
  readonly displayName: string
  readonly privileged: boolean
  readonly groups: readonly string[]
}

/** A group that the settings name. `privilegedRoles`: what its members get, directly or through groups around it. */
export interface GroupState {
  readonly id: string
  readonly display: string
  readonly privilegedRoles: readonly string[]
}

export interface TombstoneState {
  readonly id: string
  readonly user: string
  readonly deletedAt: Date
}

/** What must be looked up before a decision; computed purely from the settings and the claims. */
export interface Lookups {
  readonly subject: string | null
  /** One entry for each rule that may look (in order); `index` is its place in `settings.matching`. */
  readonly rules: readonly MatchLookup[]
  /** The verified e-mail, for invitations. */
  readonly email: string | null
  /** User names that a creation may want, best first; the snapshot says which are taken. */
  readonly userNames: readonly string[]
  /** Group ids that the settings name. */
  readonly groups: readonly string[]
}

export interface MatchLookup {
  readonly index: number
  readonly attribute: 'externalId' | 'emails.value' | 'userName'
  /** As the claim says. */
  readonly value: string
  /** For `externalId`: whose values count. */
  readonly clients: readonly string[]
}

/** Everything that the steps may look at, read at one moment. */
export interface Snapshot {
  readonly organization: {
    readonly id: string
    readonly slug: string
    readonly defaultRole: string | null
    readonly seatLimit: number | null
    /** Active users; read only where a limit is set, else 0. */
    readonly seatsUsed: number
  }
  readonly domains: readonly {
    readonly domain: string
    readonly status: 'pending' | 'verified' | 'failed' | 'lapsed'
  }[]
  readonly roles: readonly RoleState[]
  /** The groups of `Lookups.groups` that exist, and those that the user is in. */
  readonly groups: readonly GroupState[]
  /** The user that (connection, issuer, subject) is linked to. */
  readonly linked: UserState | null
  /** Hits of the rules, all living users whatever their state; read only when `linked` is null. */
  readonly candidates: readonly { readonly index: number; readonly users: readonly UserState[] }[]
  /** Tombstones found by the link's key (`index` null) or by a rule; they count only when no living user does. */
  readonly tombstones: readonly { readonly index: number | null; readonly tombstone: TombstoneState }[]
  /** Users whose link to this very subject was closed: no rule leads to them again. */
  readonly barred?: readonly string[] | undefined
  readonly invitation: { readonly id: string; readonly email: string; readonly roles: readonly string[] } | null
  /** Those of `Lookups.userNames` that a living user has, compared in folded form. */
  readonly takenUserNames: readonly string[]
  /** An administrator has decided that this person becomes a new user, whomever the rules find. */
  readonly creationApproved?: boolean | undefined
  /** Users that this connection created within the last hour. */
  readonly createdWithinHour: number
  /** For each group: members that this connection had given at the hour's start, and removals by it since. */
  readonly removals: readonly { readonly group: string; readonly given: number; readonly removed: number }[]
  /** Active holders of each privileged role that the user holds. */
  readonly privilegedHolders: readonly { readonly role: string; readonly active: number }[]
}

export type StepName =
  | 'connection'
  | 'identity'
  | 'claims'
  | 'match'
  | 'lifecycle'
  | 'domain'
  | 'attributes'
  | 'groups'
  | 'roles'
  | 'seats'
  | 'operations'

export type WarningCode =
  | 'groups_claim_missing'
  | 'groups_overage'
  | 'claim_malformed'
  | 'group_unmapped'
  | 'role_unmapped'
  | 'role_grant_blocked'
  | 'default_role_missing'
  | 'attribute_locked_by_scim'
  | 'last_admin_kept'
  | 'removal_held'
  | 'provisioning_failed'

export interface Warning {
  readonly code: WarningCode
  readonly detail: string
}

export interface StepRecord {
  readonly step: StepName
  readonly result: 'pass' | 'skip' | 'refuse' | 'warn'
  readonly code?: ErrorCode | WarningCode
  readonly detail: string
}

export type Outcome = 'created' | 'linked' | 'updated' | 'unchanged' | 'passed_through' | 'observed' | 'refused'

/** One operation of a SCIM BulkRequest (RFC 7644 section 3.7). */
export interface LoginOperation {
  readonly method: 'POST' | 'PATCH'
  readonly path: string
  readonly bulkId?: string
  readonly data: JsonObject
}

export interface ChangeEntry {
  readonly path: string
  readonly before: JsonValue
  readonly after: JsonValue
  readonly source: Source
}

/** What a decision means for the directory beyond its SCIM operations. Null: nothing is written to the directory. */
export interface DecisionEffects {
  /** The existing user; null when the first operation creates one. */
  readonly user: string | null
  /** The version that the decision was made for; null for a creation. */
  readonly version: number | null
  /** The link to be made; null when it exists. */
  readonly link: { readonly issuer: string; readonly subject: string } | null
  /** Kinds of holds that the settings allow this login to lift, with the kind of source that set them. */
  readonly lift: readonly { readonly kind: HoldKind; readonly source: Source }[]
  readonly invitation: string | null
  readonly provisionedBy: 'login' | 'invitation'
  /** Values that the login would have set where another source has authority: recorded as shadowed. */
  readonly shadowed: readonly { readonly path: string; readonly value: JsonValue }[]
  /** Values that the login says otherwise and that its sync mode leaves as they are: recorded as shadowed too. */
  readonly unapplied: readonly { readonly path: string; readonly value: JsonValue }[]
  /** Removals that were held back. */
  readonly heldRemovals: readonly { readonly group: string; readonly user: string }[]
  /** Whether the login said which groups it gives: then what it neither takes nor holds back is meant to stay. */
  readonly groupsTold: boolean
  /** externalId that the mapping gives a new user; it belongs to the connection. */
  readonly externalId: string | null
  /** Roles that the invitation gives, with the invitation as their source. */
  readonly invitationRoles: readonly string[]
  /** The verified e-mail of the login with ASCII case folded: from now on proved for this user. */
  readonly provenEmail: string | null
}

export interface Decision {
  readonly outcome: Outcome
  /** The refusal; in mode `observe`, what would have refused. */
  readonly code: ErrorCode | null
  readonly subject: string | null
  /** Id of the existing user that the login belongs to, if any. */
  readonly user: string | null
  /** Users in whom the reason of a refusal lies: those that a rule found. */
  readonly found?: readonly string[] | undefined
  readonly steps: readonly StepRecord[]
  /** Every claim with its type; values of mapped claims only. */
  readonly claims: Readonly<Record<string, { readonly type: string; readonly value?: JsonValue }>>
  readonly operations: readonly LoginOperation[]
  readonly changes: readonly ChangeEntry[]
  readonly warnings: readonly Warning[]
  /** For `passed_through` and `observed`: the mapped attributes as a partial SCIM User. */
  readonly profile: Resource | null
  readonly effects: DecisionEffects | null
}
