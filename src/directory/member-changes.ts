/** Changes of a group's members as edge drafts. A source adds and takes away only what it gives itself. */
import { UsherError } from '../errors.ts'
import { toElementPredicate } from '../filter/predicate.ts'
import type { ResolvedFilter } from '../filter/types.ts'
import type { DeferredChange } from '../patch/types.ts'
import type { JsonObject, Resource } from '../schema/types.ts'
import type { GroupDocument } from '../store/documents.ts'
import { allEdges, edgesTo, kindsOf, readMembers, refuseTooMany, withoutSource, withSource } from './edges.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { guardPrivilegedMembership } from './privilege.ts'
import { survivorsOf } from './survivors.ts'
import type { EdgeDraft, Workspace } from './workspace.ts'

/** `echo` is the list of a PUT: values that are there by others do not become the writer's own. */
export type MemberChange = DeferredChange | { readonly kind: 'echo'; readonly values: readonly Resource[] }

/** Members that came and went, as everybody sees it. */
export interface MemberChanges {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

export const noMemberChanges: MemberChanges = { added: [], removed: [] }

/** Plans the changes in order. @throws UsherError `invalid_value`, `payload_too_large`, `privileged_grant_refused` */
export async function changeMembers(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  document: GroupDocument,
  changes: readonly MemberChange[],
): Promise<MemberChanges> {
  const { _id: group } = document
  const first = new Map<string, boolean>()
  const plan = (edge: EdgeDraft, next: EdgeDraft): void => {
    if (next === edge) return
    if (!first.has(edge.member)) first.set(edge.member, edge.after.length > 0)
    workspace.setEdge(next)
    refuseTooMany(workspace.edges.size)
  }
  for (const change of changes) await changeOnce(environment, workspace, document, change, plan)

  const added: string[] = []
  const removed: string[] = []
  for (const [member, was] of first) {
    const is = (workspace.edge(group, member)?.after.length ?? (was ? 1 : 0)) > 0
    if (is && !was) added.push(member)
    if (was && !is) removed.push(member)
  }
  if (added.length > 0) await guardPrivilegedMembership(environment, workspace, group)
  return { added, removed }
}

/** The changes as PATCH operations, for the record. */
export function memberOperations(changes: MemberChanges): readonly JsonObject[] {
  const operations: JsonObject[] = []
  if (changes.added.length > 0) {
    operations.push({ op: 'add', path: 'members', value: changes.added.map((value) => ({ value })) })
  }
  for (const value of changes.removed) operations.push({ op: 'remove', path: `members[value eq "${value}"]` })
  return operations
}

type Plan = (edge: EdgeDraft, next: EdgeDraft) => void

async function changeOnce(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  document: GroupDocument,
  change: MemberChange,
  plan: Plan,
): Promise<void> {
  const { _id: group } = document
  switch (change.kind) {
    case 'add':
      return add(environment, workspace, group, change.values, plan)
    case 'removeValues':
      return remove(environment, workspace, group, [...new Set(change.values)], plan)
    case 'removeMatching': {
      const matches = memberPredicate(change.filter)
      for await (const edge of allEdges(environment, workspace, group)) {
        if (matches(edge)) plan(edge, withoutSource(workspace, edge))
      }
      return
    }
    case 'removeAll':
      workspace.guardGroup(document)
      for await (const edge of allEdges(environment, workspace, group)) plan(edge, withoutSource(workspace, edge))
      return
    case 'replaceAll':
      return replace(environment, workspace, document, change.values, true, plan)
    case 'echo':
      return replace(environment, workspace, document, change.values, false, plan)
  }
}

async function add(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  group: string,
  values: readonly Resource[],
  plan: Plan,
): Promise<void> {
  refuseTooMany(values.length)
  const members = [...(await readMembers(values)).values()]
  if (members.length === 0) return
  const [kinds, named] = await Promise.all([
    kindsOf(environment, workspace, group, members),
    edgesTo(
      environment,
      workspace,
      group,
      members.map(({ value }) => value),
    ),
  ])
  const survivors = [...kinds.keys()].filter((id) => !named.has(id))
  const more = survivors.length === 0 ? named : await edgesTo(environment, workspace, group, survivors)
  for (const [id, kind] of kinds) {
    const edge = named.get(id) ?? more.get(id)!
    plan(edge, withSource(workspace, edge, kind))
  }
}

/** Whoever is no member may have been merged into one. */
async function remove(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  group: string,
  members: readonly string[],
  plan: Plan,
): Promise<void> {
  const edges = await edgesTo(environment, workspace, group, members)
  for (const edge of edges.values()) plan(edge, withoutSource(workspace, edge))
  const missing = members.filter((member) => isNone(edges.get(member)!))
  if (missing.length === 0) return
  const survivors = new Set((await survivorsOf(environment, workspace.context, missing)).values())
  if (survivors.size === 0) return
  const theirs = await edgesTo(environment, workspace, group, [...survivors])
  for (const edge of theirs.values()) plan(edge, withoutSource(workspace, edge))
}

function isNone({ before, after }: EdgeDraft): boolean {
  return before.length === 0 && after.length === 0
}

/** Streams the edges once and takes the difference: a list that differs in one member costs one write. */
async function replace(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  document: GroupDocument,
  values: readonly Resource[],
  claims: boolean,
  plan: Plan,
): Promise<void> {
  const { _id: group } = document
  workspace.guardGroup(document)
  const wanted = await readMembers(values)
  for await (const edge of allEdges(environment, workspace, group)) {
    const stays = wanted.delete(edge.member)
    if (!stays) plan(edge, withoutSource(workspace, edge))
    else if (claims) plan(edge, withSource(workspace, edge, edge.kind))
  }
  const missing = [...wanted.values()]
  refuseTooMany(missing.length)
  if (missing.length === 0) return
  const kinds = await kindsOf(environment, workspace, group, missing)
  const named = new Set(missing.map(({ value }) => value))
  const survivors = [...kinds.keys()].filter((id) => !named.has(id))
  const theirs = survivors.length === 0 ? null : await edgesTo(environment, workspace, group, survivors)
  for (const [member, kind] of kinds) {
    const planned = theirs?.get(member) ?? { group, member, kind, before: [], after: [] }
    // A survivor who is named by the other's id alone was taken for one who is not named.
    const edge = { ...planned, after: planned.before }
    const stays = !claims && edge.before.length > 0
    plan(planned, stays ? edge : withSource(workspace, edge, kind))
  }
}

/**
 * A filter on members can be about their value and type; what they are called is not stored with the membership.
 * @throws UsherError `invalid_filter`
 */
function memberPredicate(filter: ResolvedFilter): (edge: EdgeDraft) => boolean {
  refuseUnstored(filter)
  const matches = toElementPredicate(filter)
  return ({ member, kind }) => matches({ value: member, type: kind })
}

function refuseUnstored(filter: ResolvedFilter): void {
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const term of filter.terms) refuseUnstored(term)
      return
    case 'not':
      refuseUnstored(filter.term)
      return
    case 'present':
    case 'compare': {
      const name = filter.target.subAttribute?.name
      if (name === 'value' || name === 'type') return
      throw new UsherError('invalid_filter', 'Members can be selected by "value" and "type" only.')
    }
  }
}
