import type { OrganizationRef, Principal, Retention, Source } from '../context.ts'
import type { ConnectionState } from '../provisioning/types.ts'
import type { JsonObject } from '../schema/types.ts'
import type { DialectName, SwitchOverrides } from '../scim/dialects.ts'
import type { StaleUsersDocument } from '../store/documents.ts'
import type { AcceptedRequest, AsyncResult } from './async-results.ts'
import type { RoleEntry } from './roles.ts'

/** Lists of the admin API: `nextCursor` is absent on the last page. */
export interface Listing<Item> {
  readonly items: readonly Item[]
  readonly nextCursor?: string
}

export interface PageRequest {
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface OrganizationView {
  readonly id: string
  readonly slug: string
  readonly displayName: string
  readonly defaultRole: string | null
  readonly seatLimit: number | null
  readonly returnUrls: readonly string[]
  readonly staleUsers: StaleUsersDocument
  readonly retention: Retention
  readonly createdAt: string
}

/** An OpenID Connect connection with its secret decrypted, as the login needs it. */
export interface Connection {
  readonly id: string
  readonly organization: string
  readonly name: string
  readonly type: 'oidc'
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | null
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly enabled: boolean
  /** Raised by every change, so that a cached client configuration is known to be old. */
  readonly version: number
  /** Everything that the decision needs but what discovery announces now. */
  readonly state: Omit<ConnectionState, 'announcedIssuer'>
}

/** One browser's way to the identity provider and back; taken once. */
export interface LoginTransaction {
  readonly connection: string
  readonly nonce: string
  readonly verifier: string
  readonly returnTo: string | null
  readonly maxAge: number | null
}

/** A SCIM client with what a request of it needs. */
export interface AuthenticatedScimClient {
  readonly principal: Extract<Principal, { kind: 'scim' }>
  readonly dialect: DialectName
  /** What the client has otherwise than its dialect. */
  readonly switches?: SwitchOverrides
}

/** What a bearer token stands for. */
export type Authenticated =
  | {
      readonly principal: Extract<Principal, { kind: 'operator' }> | Extract<Principal, { kind: 'key' }>
      readonly dialect: 'rfc'
      readonly switches?: undefined
    }
  | AuthenticatedScimClient

/** The parts of the room that requests and logins use; administration has its own functions. */
export interface Organizations {
  /** Who a bearer token is; null for unknown, expired and revoked ones. Cached for at most 10 s. */
  authenticate(token: string, now: Date): Promise<Authenticated | null>
  bySlug(slug: string): Promise<(OrganizationRef & { readonly returnUrls: readonly string[] }) | null>
  /** @throws UsherError `not_found` */
  connection(organization: OrganizationRef, id: string): Promise<Connection>
  roles(organization: OrganizationRef): Promise<readonly RoleEntry[]>

  /** Notes a request before anybody is told that it is accepted (RFC 9967). */
  acceptAsync(organization: OrganizationRef, request: AcceptedRequest, now: Date): Promise<void>
  finishAsync(organization: OrganizationRef, id: string, result: JsonObject): Promise<void>
  /** Null for requests of others, and for those that were forgotten. */
  findAsync(organization: OrganizationRef, id: string, source: Source, now: Date): Promise<AsyncResult | null>

  saveLoginTransaction(
    organization: OrganizationRef,
    input: LoginTransaction & { readonly state: string; readonly browser: string; readonly now: Date },
  ): Promise<void>
  /** The transaction of this state, connection and browser, once; null for anything else, used and expired ones. */
  takeLoginTransaction(
    organization: OrganizationRef,
    input: { readonly state: string; readonly connection: string; readonly browser: string; readonly now: Date },
  ): Promise<LoginTransaction | null>
}

/** Reads the discovery document of an issuer: what the login room offers to whoever saves a connection. */
export type DiscoveryCheck = (issuer: string) => Promise<{ readonly issuer: string }>

/** Looks up the TXT records of a name; injectable, so that tests need no name server. */
export type TxtResolver = (name: string) => Promise<readonly (readonly string[])[]>
