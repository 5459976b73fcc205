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
  MembershipDocument,
  SourceEntryDocument,
  TombstoneDocument,
  UserDocument,
} from '../store/documents.ts'
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
  /** Groups that a precondition or the whole set of members was the basis for. */
  readonly guardedGroups = new Map<string, GroupGuard>()
  readonly roleGuards = new Map<string, RoleGuard>()
  readonly identities: IdentityDocument[] = []
  /** Ids of identities that are cut from their users. */
  readonly severed: string[] = []
  readonly tombstones: TombstoneDocument[] = []
  readonly changes: ChangeDocument[] = []
  /** Ids by bulkId. */
  readonly named = new Map<string, string>()
  decision: string | null = null

  /** Groups that were read before anything is planned. */
  readonly knownGroups: ReadonlyMap<string, GroupDocument>

  constructor(context: RequestContext, knownGroups: ReadonlyMap<string, GroupDocument> = new Map()) {
    this.context = context
    this.knownGroups = knownGroups
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
      this.dissolved.size === 0 &&
      this.departed.size === 0
    )
  }

  /** How many active users more (or, negative, fewer) there will be. */
  get seats(): number {
    let seats = 0
    for (const { before, after } of this.users.values()) {
      seats += (occupiesSeat(after) ? 1 : 0) - (occupiesSeat(before) ? 1 : 0)
    }
    return seats
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
  record(type: string, id: string, version: number | null, action: string, operations: readonly JsonObject[]): void {
    this.changes.push({
      _id: newId(this.context.now, this.changes.length),
      org: this.context.organization.id,
      unnumbered: true,
      at: this.context.now,
      actor: this.source,
      resource: { type, id, version },
      action,
      operations,
      decision: this.decision,
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
