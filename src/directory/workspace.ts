/**
 * The state of one attempt: what was read, and what it shall become. Later operations of a list see what earlier ones
 * planned; nothing here is written anywhere.
 */
import type { RequestContext, Source } from '../context.ts'
import type { JsonObject } from '../schema/types.ts'
import type {
  ChangeDocument,
  CustomResourceDocument,
  GroupDocument,
  IdentityDocument,
  InboxDocument,
  MembershipDocument,
  PastLinkDocument,
  RemovalWindowDocument,
  SourceEntryDocument,
  TombstoneDocument,
  UserDocument,
} from '../store/documents.ts'
import type { Query, Update, Write } from '../store/store.ts'
import { newId } from './environment.ts'

/** A document before and after; `before` null is an insert, `after` null a deletion. */
export interface Draft<Document> {
  readonly before: Document | null
  readonly after: Document | null
}

export interface EdgeDraft {
  readonly group: string
  readonly member: string
  readonly kind: 'User' | 'Group'
  readonly before: readonly SourceEntryDocument[]
  readonly after: readonly SourceEntryDocument[]
}

/** Counts on the open item that the query finds, or opens one. */
export interface InboxReport {
  readonly query: Query
  readonly update: Update
  readonly insert: InboxDocument
}

/** A privileged role whose last active holder this attempt might take away. */
export interface RoleGuard {
  readonly id: string
  readonly name: string
  readonly seen: number
}

/** A group that a plan read as a whole: it has to be the same when the plan is committed. */
export interface GroupGuard {
  readonly revision: number | null
  /** The derived version that a precondition named; null without one. */
  readonly version: string | null
}

/** Documents that were read before anything is planned, by their ids. */
export interface Known {
  readonly users?: ReadonlyMap<string, UserDocument>
  readonly groups?: ReadonlyMap<string, GroupDocument>
}

export class Workspace {
  readonly context: RequestContext
  readonly users = new Map<string, Draft<UserDocument>>()
  readonly groups = new Map<string, Draft<GroupDocument>>()
  readonly resources = new Map<string, Draft<CustomResourceDocument>>()
  readonly edges = new Map<string, EdgeDraft>()
  /** Groups whose every edge goes, as a group and as a member. */
  readonly dissolved = new Set<string>()
  /** Members whose every edge goes. */
  readonly departed = new Set<string>()
  /** The groups that they leave within the transaction; what is left of their edges goes after it. */
  readonly leaving = new Map<string, readonly string[]>()
  /** Groups that a precondition or the whole set of members was the basis for. */
  readonly guardedGroups = new Map<string, GroupGuard>()
  readonly roleGuards = new Map<string, RoleGuard>()
  readonly identities: IdentityDocument[] = []
  /** Ids of identities that are cut from their users. */
  readonly severed: string[] = []
  /** What is remembered of them. */
  readonly pastLinks: PastLinkDocument[] = []
  /** Links that are to end at a time, by their ids. */
  readonly endings = new Map<string, NonNullable<IdentityDocument['ending']>>()
  /** Users whose links, open and closed ones, go to another user, by their ids. */
  readonly heirs = new Map<string, string>()
  /** Users who go only if none of their links was used after this time. */
  readonly unseenSince = new Map<string, Date>()
  readonly tombstones: TombstoneDocument[] = []
  /** Items of the inbox that are answered; every write has to meet its condition. */
  readonly inbox: Write<InboxDocument>[] = []
  /** What an administrator is to decide. */
  report: InboxReport | null = null
  /** An identity whose logins have to look into the inbox from now on, or no more, as there is something about its person. */
  mark: { readonly identity: string; readonly person: string } | null = null
  /** Counters of removals by their ids; every write has to meet its condition. */
  readonly removals = new Map<string, Write<RemovalWindowDocument>>()
  readonly changes: ChangeDocument[] = []
  /** Ids by bulkId. */
  readonly named = new Map<string, string>()
  decision: string | null = null

  readonly known: Known

  constructor(context: RequestContext, known: Known = {}) {
    this.context = context
    this.known = known
  }

  get source(): Source {
    return this.context.source
  }

  get isEmpty(): boolean {
    return (
      this.users.size === 0 &&
      this.groups.size === 0 &&
      this.resources.size === 0 &&
      this.edges.size === 0 &&
      this.identities.length === 0 &&
      this.severed.length === 0 &&
      this.endings.size === 0 &&
      this.inbox.length === 0 &&
      this.report === null &&
      this.mark === null &&
      this.dissolved.size === 0 &&
      this.departed.size === 0
    )
  }

  /**
   * How many active users more (or, negative, fewer) there will be, and how many more there would be at most in between
   * if one user were written after the other.
   */
  get seats(): { readonly change: number; readonly peak: number } {
    let change = 0
    let peak = 0
    for (const { before, after } of this.users.values()) {
      change += (occupiesSeat(after) ? 1 : 0) - (occupiesSeat(before) ? 1 : 0)
      peak = Math.max(peak, change)
    }
    return { change, peak }
  }

  /** An edge as planned so far; `stored` is what the database says. */
  edge(group: string, member: string): EdgeDraft | undefined {
    return this.edges.get(edgeKey(group, member))
  }

  setEdge(edge: EdgeDraft): void {
    if (edge.before === edge.after) this.edges.delete(edgeKey(edge.group, edge.member))
    else this.edges.set(edgeKey(edge.group, edge.member), edge)
  }

  guardGroup({ _id, revision }: GroupDocument, version: string | null = null): void {
    const former = this.guardedGroups.get(_id)
    this.guardedGroups.set(_id, former ?? { revision: revision ?? null, version })
  }

  /** Records a change; the version is null where only a group's members changed. */
  record(
    type: string,
    id: string,
    version: number | null,
    action: string,
    operations: readonly JsonObject[],
    mergedInto?: string,
  ): void {
    this.changes.push({
      _id: newId(this.context.now, this.changes.length),
      org: this.context.organization.id,
      unnumbered: true,
      at: this.context.now,
      actor: this.context.actor ?? this.source,
      ...(this.context.actor === undefined ? {} : { source: this.source }),
      resource: { type, id, version },
      action,
      operations,
      decision: this.decision,
      ...(mergedInto === undefined ? {} : { mergedInto }),
      request: this.context.requestId,
    })
  }
}

function edgeKey(group: string, member: string): string {
  return `${group}|${member}`
}

function occupiesSeat(user: UserDocument | null): boolean {
  return user !== null && (user.state === 'active' || user.state === 'locked')
}

/** Edges as the store holds them. */
export function edgeDocument(org: string, edge: EdgeDraft): MembershipDocument {
  return { org, group: edge.group, member: edge.member, kind: edge.kind, sources: edge.after }
}
