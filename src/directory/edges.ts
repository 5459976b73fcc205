/** Memberships as edges with sources. An edge goes when its last source is gone. */
import { setImmediate } from 'node:timers/promises'
import { UsherError } from '../errors.ts'
import type { Resource } from '../schema/types.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { entryOf } from './sources.ts'
import { survivorsOf } from './survivors.ts'
import type { EdgeDraft, Workspace } from './workspace.ts'

/** Edges that one transaction writes at most. */
export const edgeLimit = 10_000
const lookupBatch = 1_000
/** Values that are read before somebody else has a turn. */
const readAtOnce = 10_000

/** A member as a client names it. */
export interface NamedMember {
  readonly value: string
  readonly type: string | undefined
}

/** The members that a list names, by their ids. @throws UsherError `invalid_value` */
export async function readMembers(values: readonly Resource[]): Promise<Map<string, NamedMember>> {
  const members = new Map<string, NamedMember>()
  for (const [index, { value, type }] of values.entries()) {
    if (typeof value !== 'string') throw new UsherError('invalid_value', 'A member of a Group needs a "value".')
    members.set(value, { value, type: typeof type === 'string' ? type : undefined })
    if (index % readAtOnce === readAtOnce - 1) await setImmediate()
  }
  return members
}

/** @throws UsherError `payload_too_large` */
export function refuseTooMany(count: number): void {
  if (count <= edgeLimit) return
  throw new UsherError('payload_too_large', `A request may change at most ${edgeLimit} memberships.`)
}

/**
 * What each member is; in the place of users who were merged into others these. Unknown ids and ids of other
 * organizations are refused with the same words.
 * @throws UsherError `invalid_value`
 */
export async function kindsOf(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  group: string,
  members: readonly NamedMember[],
): Promise<ReadonlyMap<string, Kind>> {
  const { context } = workspace
  const known = await readKinds(
    environment,
    workspace,
    members.map(({ value }) => value),
  )
  const missing = members.map(({ value }) => value).filter((value) => !known.has(value))
  const heirs = missing.length === 0 ? new Map<string, string>() : await survivorsOf(environment, context, missing)
  const kindsOfHeirs = heirs.size === 0 ? known : await readKinds(environment, workspace, [...new Set(heirs.values())])
  const kinds = new Map<string, Kind>()
  for (const { value, type } of members) {
    const id = heirs.get(value) ?? value
    const kind = known.get(id) ?? kindsOfHeirs.get(id)
    if (kind === undefined || id === group) {
      throw new UsherError('invalid_value', `The member "${value.slice(0, 64)}" is no User and no other Group here.`)
    }
    if (type !== undefined && type.toLowerCase() !== kind.toLowerCase()) {
      throw new UsherError(
        'invalid_value',
        `The member "${value.slice(0, 64)}" is a ${kind}, not a ${type.slice(0, 64)}.`,
      )
    }
    kinds.set(id, kind)
  }
  return kinds
}

type Kind = EdgeDraft['kind']

/** What those of these are that exist, or are planned. */
async function readKinds(
  { store }: DirectoryEnvironment,
  workspace: Workspace,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Kind>> {
  const kinds = new Map<string, Kind>()
  for (const [id, { after }] of workspace.users) if (after !== null) kinds.set(id, 'User')
  for (const [id, { after }] of workspace.groups) if (after !== null) kinds.set(id, 'Group')
  const unknown = ids.filter((id) => !kinds.has(id))
  const org = workspace.context.organization.id
  const projection = { _id: 1 } as const
  for (let index = 0; index < unknown.length; index += lookupBatch) {
    const batch = unknown.slice(index, index + lookupBatch)
    const query = { _id: batch.length === 1 ? batch[0] : { $in: batch } }
    const users = await store.users.find(org, query, { projection })
    for (const { _id } of users) kinds.set(_id, 'User')
    if (users.length === batch.length) continue
    for (const { _id } of await store.groups.find(org, query, { projection })) kinds.set(_id, 'Group')
  }
  return kinds
}

/** The edges of these members as planned so far; those that do not exist yet have no sources. */
export async function edgesTo(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  group: string,
  members: readonly string[],
): Promise<ReadonlyMap<string, EdgeDraft>> {
  const edges = new Map<string, EdgeDraft>()
  const unread: string[] = []
  for (const member of members) {
    const planned = workspace.edge(group, member)
    if (planned === undefined) unread.push(member)
    else edges.set(member, planned)
  }
  const isNew = workspace.groups.get(group)?.before === null
  // A user that is made by the same list of operations has no edge yet.
  const stored = isNew ? [] : unread.filter((member) => workspace.users.get(member)?.before !== null)
  for (let index = 0; index < stored.length; index += lookupBatch) {
    const ids = stored.slice(index, index + lookupBatch)
    const found = await environment.store.memberships.find(workspace.context.organization.id, {
      group,
      member: ids.length === 1 ? ids[0] : { $in: ids },
    })
    for (const { member, kind, sources } of found) {
      edges.set(member, { group, member, kind, before: sources, after: sources })
    }
  }
  for (const member of unread) {
    if (!edges.has(member)) edges.set(member, { group, member, kind: 'User', before: none, after: none })
  }
  return edges
}

const none = [] as const

/** The edge with this writer among its sources; the same edge when it is there already. */
export function withSource(workspace: Workspace, edge: EdgeDraft, kind: 'User' | 'Group'): EdgeDraft {
  if (edge.after.some(({ source }) => source === workspace.source)) return edge
  const entry = entryOf({
    source: workspace.source,
    at: workspace.context.now,
    decision: workspace.decision ?? undefined,
  })
  return { ...edge, kind, after: [...edge.after, entry] }
}

/** The edge without this writer; the same edge when the writer never gave it. */
export function withoutSource(workspace: Workspace, edge: EdgeDraft): EdgeDraft {
  const after = edge.after.filter(({ source }) => source !== workspace.source)
  return after.length === edge.after.length ? edge : { ...edge, after }
}

/** Every edge of a group; a set that may be large, read in order. */
export async function* allEdges(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  group: string,
): AsyncGenerator<EdgeDraft> {
  const seen = new Set<string>()
  for (const edge of workspace.edges.values()) {
    if (edge.group !== group) continue
    seen.add(edge.member)
    yield edge
  }
  if (workspace.groups.get(group)?.before === null) return
  const stored = environment.store.memberships.stream(
    workspace.context.organization.id,
    { group },
    { sort: { member: 1 }, projection: { _id: 0, member: 1, kind: 1, sources: 1 } },
  )
  for await (const { member, kind, sources } of stored) {
    if (!seen.has(member)) yield { group, member, kind, before: sources, after: sources }
  }
}
