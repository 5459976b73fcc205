import type { RequestContext, Source } from '../context.ts'
import type { Sort } from '../filter/sort.ts'
import type { MongoQuery, ResolvedFilter } from '../filter/types.ts'
import type { ConnectionState, Decision, VerifiedLogin } from '../provisioning/types.ts'
import type { JsonObject, JsonValue, ResourceType } from '../schema/types.ts'
import type { Care } from './care.ts'
import type { RelinkOrder, RelinkPlace, RelinkProgress } from './relink-order.ts'

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

/** What became of one of several operations that are each a change of their own. */
export type Outcome = { readonly applied: Applied } | { readonly error: unknown }

/** Whether a top-level attribute (canonical name, or an extension's URN) is needed for the answer. */
export type Wants = (attribute: string) => boolean

/** A resource as it may be shown: with id, schemas, meta and the computed attributes that were wanted. */
export interface Shown {
  readonly id: string
  readonly version: string
  readonly resource: JsonObject
}

export type ListPage =
  | { readonly kind: 'index'; readonly startIndex: number; readonly count: number }
  | { readonly kind: 'cursor'; readonly position: Position | null; readonly count: number }

/** What a list is to have of one resource type. */
export interface ListSource {
  readonly type: ResourceType
  readonly filter: ResolvedFilter | null
  /** From `resolveSort`; null for the default order, which is by id. */
  readonly sort: Sort | null
  readonly wants: Wants
}

/** A row of a list. */
export interface Listed extends Shown {
  readonly type: ResourceType
}

/** A place between two rows of a walk. `value` undefined: among the rows without what is sorted by. */
export interface Position {
  readonly value: JsonValue | { readonly date: string } | undefined
  /** Name of the resource type of the row. */
  readonly type: string
  readonly id: string
  readonly direction: 'forward' | 'backward'
}

export interface Page {
  readonly rows: readonly Listed[]
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

/** Some members of a group, in the order of their ids. */
export interface MemberBatch {
  readonly group: string
  readonly members: readonly MemberRow[]
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

/** A claim as the newest logins of a connection had it. */
export interface SeenClaim {
  readonly name: string
  /** With how many of the logins each, the most frequent one first. */
  readonly types: readonly { readonly type: string; readonly count: number }[]
  readonly seen: number
  readonly lastSeen: string
  /** Of a claim whose value was recorded. */
  readonly example?: JsonValue
}

export interface ClaimsSeen {
  /** How many logins were looked at, and when the earliest of them was. */
  readonly logins: number
  readonly since: string | null
  readonly claims: readonly SeenClaim[]
}

export interface DecisionQuery {
  readonly connection?: string | undefined
  readonly user?: string | undefined
  readonly outcome?: string | undefined
  readonly code?: string | undefined
  readonly since?: Date | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface InboxQuery {
  readonly kind?: string | undefined
  readonly status?: 'open' | 'answered' | undefined
  readonly connection?: string | undefined
  /** The person's own user, or one that a rule found. */
  readonly user?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

/** What an administrator is to decide, as it is shown. */
export type InboxView = JsonObject & { readonly version: number }

export interface InboxPage {
  readonly items: readonly InboxView[]
  readonly nextCursor: string | null
}

export type InboxAction = 'release' | 'discard' | 'link' | 'create' | 'dismiss'

export type InboxAnswer =
  | { readonly action: Exclude<InboxAction, 'link'> }
  | { readonly action: 'link'; readonly user: string }

/** Everything that the HTTP rooms may ask of the directory. Every call is scoped by the context's organization. */
export interface Directory extends Care {
  /**
   * Plans the operations on the present state, commits them in one transaction and answers; repeats on a lost race.
   * @throws UsherError in the words of RFC 7644 Table 9, `not_found`, `precondition_failed`, `forbidden`,
   * `seat_limit_reached`, `last_admin_kept`, `unavailable`
   */
  apply(context: RequestContext, operations: readonly Operation[]): Promise<readonly Applied[]>
  /**
   * Applies operations in their order, each as a change of its own with the same outcome as by `apply`, and at the time
   * that `now` says then. Gives the outcomes in the same order; those of one element were committed together. Whoever
   * stops taking them stops the operations behind. References to operations of the same list are not resolved.
   */
  applyEach(
    context: RequestContext,
    operations: readonly Operation[],
    now: () => Date,
  ): AsyncIterable<readonly Outcome[]>
  /** @throws UsherError `not_found` */
  read(context: RequestContext, type: ResourceType, id: string, wants: Wants): Promise<Shown>
  /** The version without the rest; for preconditions. @throws UsherError `not_found` */
  version(context: RequestContext, type: ResourceType, id: string): Promise<string>
  /**
   * A page of the resources of one or more types, in one order: by what is sorted by, then by type, then by id.
   * @throws UsherError `too_many`, `invalid_cursor`
   */
  list(context: RequestContext, sources: readonly ListSource[], page: ListPage): Promise<Page>
  /**
   * Members of groups in batches, as the consumer takes them: group after group in the order that is asked for, as many
   * batches as each needs. Everything else about a group is in what `read` and `list` show.
   */
  members(context: RequestContext, groups: readonly string[]): AsyncIterable<MemberBatch>
  /** What a filter on document level would be; for tests of query shapes. */
  compile(context: RequestContext, type: ResourceType, filter: ResolvedFilter | null): Promise<MongoQuery>

  /**
   * A verified login: reads a snapshot, decides, commits operations, link and decision record in one transaction;
   * repeats from the snapshot on a lost race. A token that was decided before (`tokenKey`) gives the recorded answer.
   */
  arrive(context: RequestContext, arrival: ArrivalInput): Promise<Arrival>
  /** The same decision for the present state, with nothing written. */
  simulate(context: RequestContext, arrival: ArrivalInput): Promise<Decision>
  /**
   * Decides a login of before once more and executes what comes of it for a user who is linked already; nobody is
   * created or linked by it. The connection is the source of what is written, the caller the actor.
   */
  reapply(context: RequestContext, arrival: ArrivalInput): Promise<Decision>

  provenance(context: RequestContext, user: string): Promise<ProvenanceReport>
  changes(
    context: RequestContext,
    query: { readonly cursor?: string | undefined; readonly resource?: string | undefined; readonly limit: number },
  ): Promise<ChangePage>
  decisions(
    context: RequestContext,
    query: DecisionQuery,
  ): Promise<{ readonly items: readonly JsonObject[]; readonly nextCursor: string | null }>
  /** The newest decision of each person of a connection whose subject comes after `after`, in their order. */
  lastLogins(
    context: RequestContext,
    page: { readonly connection: string; readonly after: string; readonly limit: number },
  ): Promise<readonly JsonObject[]>
  /** The next links of a connection in the order of their ids, each with the newest decision of its subject, if any. */
  linkedLogins(
    context: RequestContext,
    page: { readonly connection: string; readonly after: string; readonly limit: number },
  ): Promise<readonly { readonly link: string; readonly recorded: JsonObject | null }[]>
  countLinks(context: RequestContext, connection: string): Promise<number>
  /** How many people there are of whom a decision is kept, counted up to the limit. */
  countPeople(context: RequestContext, query: { readonly connection: string; readonly limit: number }): Promise<number>
  /** By id or reference. @throws UsherError `not_found` */
  decision(context: RequestContext, idOrReference: string): Promise<JsonObject>
  /** The claims of a connection's newest logins. Of bounded cost, however many there are. */
  claimsSeen(context: RequestContext, connection: string): Promise<ClaimsSeen>

  /** Suspends, locks …; gives the user as shown afterwards. */
  hold(context: RequestContext, user: string, action: HoldAction, reason?: string): Promise<Shown>
  /** A grant by hand, and its removal; the role must exist. @throws UsherError `privileged_grant_refused` */
  grant(context: RequestContext, user: string, role: string): Promise<Shown>
  revoke(context: RequestContext, user: string, role: string): Promise<void>
  /** Other groups for a role. @throws UsherError `last_admin_kept` if it is privileged and nobody would hold it */
  guardRoleGroups(context: RequestContext, role: string, groups: readonly string[]): Promise<void>
  /** Takes every grant of a role that is deleted from its users, whoever gave it: a change of each of them. */
  withdrawRole(context: RequestContext, role: string): Promise<void>
  /** Cuts a link. @param barred no rule is to make it again. @throws UsherError `not_found` */
  unlink(context: RequestContext, user: string, identity: string, barred: boolean): Promise<void>
  /** The links of a user, the closed ones included. @throws UsherError `not_found` */
  links(context: RequestContext, user: string): Promise<readonly JsonObject[]>
  /** One resumable step of moving people from one connection to another, with the caller's rights. */
  relink(context: RequestContext, order: RelinkOrder, place: RelinkPlace | null): Promise<RelinkProgress>
  /** Closes a link whose time is over, in the name of whoever set the time. */
  closeEndedLink(context: RequestContext, link: string): Promise<void>
  /** Lets rules lead the subject of a closed link to its user again. @throws UsherError `not_found` */
  liftBar(context: RequestContext, user: string, link: string): Promise<void>
  /** Of `user`, by the id that it had, or of all. */
  tombstones(
    context: RequestContext,
    page: { readonly user?: string | undefined; readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<{ readonly items: readonly JsonObject[]; readonly nextCursor: string | null }>
  removeTombstone(context: RequestContext, id: string): Promise<void>

  /** What logins have left for an administrator to decide, newest first. */
  inbox(context: RequestContext, query: InboxQuery): Promise<InboxPage>
  /** @throws UsherError `not_found` */
  inboxItem(context: RequestContext, id: string): Promise<InboxView>
  /**
   * Answers an open item: what the answer means for the directory, the item and the record of it are one change.
   * @throws UsherError `not_found`, `already_answered`, `precondition_failed`, `invalid_request` for an answer that does
   * not suit the kind, `already_linked`, `privileged_grant_refused`, `last_admin_kept`
   */
  answerInboxItem(
    context: RequestContext,
    id: string,
    answer: InboxAnswer,
    ifMatch: IfMatch | undefined,
  ): Promise<InboxView>

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
  /** A login of before: it uses no invitation up. */
  readonly recorded?: true
}
