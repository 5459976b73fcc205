import type { RequestContext, Source } from '../context.ts'
import type { MongoQuery, ResolvedFilter } from '../filter/types.ts'
import type { ConnectionState, Decision, VerifiedLogin } from '../provisioning/types.ts'
import type { JsonObject, JsonValue, ResourceType } from '../schema/types.ts'

/**
 * One SCIM operation, already addressed. `data` is what the client sent, unread: the directory normalises it by the
 * context's dialect. `id` and references in `data` may be `bulkId:…` of an earlier operation of the same list.
 */
export type Operation = CreateOperation | WriteOperation | DeleteOperation

export interface CreateOperation {
  readonly method: 'POST'
  readonly type: ResourceType
  readonly data: unknown
  readonly bulkId?: string
}

export interface WriteOperation {
  readonly method: 'PUT' | 'PATCH'
  readonly type: ResourceType
  readonly id: string
  readonly data: unknown
  readonly ifMatch?: IfMatch | undefined
}

export interface DeleteOperation {
  readonly method: 'DELETE'
  readonly type: ResourceType
  readonly id: string
  readonly ifMatch?: IfMatch | undefined
}

/** Entity tags as the header lists them (`W/"3"`), or any version. */
export type IfMatch = '*' | readonly string[]

/** What became of an operation. */
export interface Applied {
  readonly type: ResourceType
  readonly id: string
  readonly created: boolean
  /** False when the state was as asked already: nothing was written. */
  readonly changed: boolean
  /** Shows the committed state; reads only what `wants` asks for. Null after a deletion. */
  readonly show: ((wants: Wants) => Promise<JsonObject>) | null
  /** Attributes that the client supplied, by lower-case name (RFC 7643 section 7, returned `request`). */
  readonly supplied: ReadonlySet<string>
}

/** Whether a top-level attribute (canonical name, or an extension's URN) is needed for the answer. */
export type Wants = (attribute: string) => boolean

/** A resource as it may be shown: with id, schemas, meta and the computed attributes that were wanted. */
export interface Shown {
  readonly id: string
  readonly version: string
  readonly resource: JsonObject
}

export interface ListQuery {
  readonly filter: ResolvedFilter | null
  /** From `resolveSort`; null for the default order, which is by id. */
  readonly sort: { readonly key: string; readonly descending: boolean } | null
  readonly page:
    | { readonly kind: 'index'; readonly startIndex: number; readonly count: number }
    | { readonly kind: 'cursor'; readonly position: Position | null; readonly count: number }
}

/** A place between two rows of a sorted walk. `value` undefined: among the rows without the sort attribute. */
export interface Position {
  readonly value: JsonValue | { readonly date: string } | undefined
  readonly id: string
  readonly direction: 'forward' | 'backward'
}

export interface Page {
  readonly rows: readonly Shown[]
  /** Null where it was not counted (cursor pages after the first). */
  readonly total: number | null
  readonly next: Position | null
  readonly previous: Position | null
}

/** A member of a group as it is shown. */
export interface MemberRow {
  readonly value: string
  readonly type: 'User' | 'Group'
  readonly display: string | undefined
}

/** The end of a login: the decision as recorded and the answer that the application gets. */
export interface Arrival {
  readonly decision: Decision
  readonly decisionId: string
  readonly reference: string
  readonly answer: JsonObject
}

export interface ProvenanceReport {
  readonly attributes: readonly {
    readonly path: string
    readonly source: Source
    readonly at: string
    readonly decisionId?: string
    readonly shadowed: readonly { readonly source: Source; readonly value: JsonValue }[]
  }[]
  readonly groups: readonly { readonly value: string; readonly display: string; readonly sources: readonly Source[] }[]
  readonly roles: readonly { readonly value: string; readonly sources: readonly Source[] }[]
  readonly identities: readonly {
    readonly id: string
    readonly connection: string
    readonly issuer: string
    readonly subject: string
    readonly linkedAt: string
    readonly lastLogin: string | null
  }[]
}

export interface ChangePage {
  readonly items: readonly JsonObject[]
  readonly nextCursor: string | null
}

/** Life cycle by hand. */
export type HoldAction = 'suspend' | 'deactivate' | 'activate' | 'lock' | 'unlock'

export interface DecisionQuery {
  readonly connection?: string | undefined
  readonly user?: string | undefined
  readonly outcome?: string | undefined
  readonly code?: string | undefined
  readonly since?: Date | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

/** Everything that the HTTP rooms may ask of the directory. Every call is scoped by the context's organization. */
export interface Directory {
  /**
   * Plans the operations on the present state, commits them in one transaction and answers; repeats on a lost race.
   * @throws UsherError in the words of RFC 7644 Table 9, `not_found`, `precondition_failed`, `forbidden`,
   * `seat_limit_reached`, `last_admin_kept`, `unavailable`
   */
  apply(context: RequestContext, operations: readonly Operation[]): Promise<readonly Applied[]>
  /** @throws UsherError `not_found` */
  read(context: RequestContext, type: ResourceType, id: string, wants: Wants): Promise<Shown>
  /** The version without the rest; for preconditions. @throws UsherError `not_found` */
  version(context: RequestContext, type: ResourceType, id: string): Promise<string>
  list(context: RequestContext, type: ResourceType, query: ListQuery, wants: Wants): Promise<Page>
  /** Members of a group in the order of their ids, in batches, as the consumer takes them. */
  members(context: RequestContext, group: string): AsyncIterable<readonly MemberRow[]>
  /** What a filter on document level would be; for tests of query shapes. */
  compile(context: RequestContext, type: ResourceType, filter: ResolvedFilter | null): Promise<MongoQuery>

  /**
   * A verified login: reads a snapshot, decides, commits operations, link and decision record in one transaction;
   * repeats from the snapshot on a lost race. A token that was decided before (`tokenKey`) gives the recorded answer.
   */
  arrive(context: RequestContext, arrival: ArrivalInput): Promise<Arrival>
  /** The same decision for the present state, with nothing written. */
  simulate(context: RequestContext, arrival: ArrivalInput): Promise<Decision>

  provenance(context: RequestContext, user: string): Promise<ProvenanceReport>
  changes(
    context: RequestContext,
    query: { readonly cursor?: string | undefined; readonly resource?: string | undefined; readonly limit: number },
  ): Promise<ChangePage>
  decisions(
    context: RequestContext,
    query: DecisionQuery,
  ): Promise<{ readonly items: readonly JsonObject[]; readonly nextCursor: string | null }>
  /** By id or reference. @throws UsherError `not_found` */
  decision(context: RequestContext, idOrReference: string): Promise<JsonObject>

  /** Suspends, locks …; gives the user as shown afterwards. */
  hold(context: RequestContext, user: string, action: HoldAction, reason?: string): Promise<Shown>
  /** A grant by hand, and its removal; the role must exist. @throws UsherError `privileged_grant_refused` */
  grant(context: RequestContext, user: string, role: string): Promise<Shown>
  revoke(context: RequestContext, user: string, role: string): Promise<void>
  /** Other groups for a role. @throws UsherError `last_admin_kept` if it is privileged and nobody would hold it */
  guardRoleGroups(context: RequestContext, role: string, groups: readonly string[]): Promise<void>
  /** Takes every grant of a role that is deleted from its users, whoever gave it: a change of each of them. */
  withdrawRole(context: RequestContext, role: string): Promise<void>
  unlink(context: RequestContext, user: string, identity: string): Promise<void>
  tombstones(
    context: RequestContext,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<{ readonly items: readonly JsonObject[]; readonly nextCursor: string | null }>
  removeTombstone(context: RequestContext, id: string): Promise<void>

  /** What the removal of a connection would mean for its users, and one resumable step of doing it. */
  deletionImpact(
    context: RequestContext,
    connection: string,
  ): Promise<{ readonly keep: number; readonly deactivate: number; readonly delete: number; readonly unlinked: number }>
  /** Unlinks (or deactivates, deletes) up to `limit` users of the connection; gives how many are left. */
  releaseConnection(
    context: RequestContext,
    connection: string,
    choice: 'keep' | 'deactivate' | 'delete',
    limit: number,
  ): Promise<number>
}

export interface ArrivalInput {
  readonly connection: ConnectionState
  readonly login: VerifiedLogin
  /** SHA-256 over connection and token, for headless logins. */
  readonly tokenKey: string | null
}
