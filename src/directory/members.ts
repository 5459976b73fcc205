/**
 * The members of groups in batches, joined with what they are called. The database sends the ids of a batch as one list
 * and the names as another: a document for each would cost several times as much to read.
 */
import type { RequestContext } from '../context.ts'
import type { DirectoryEnvironment } from './environment.ts'
import type { MemberBatch, MemberRow } from './types.ts'

/** Members that are read at a time: a few milliseconds of work. */
const batchSize = 2_000

/**
 * The members of these groups, group after group, those of each in the order of their ids. Reads as the consumer takes.
 * A group has as many batches as it needs, and none without members; a membership whose member is gone is not shown.
 */
export async function* streamMembers(
  environment: DirectoryEnvironment,
  context: RequestContext,
  groups: readonly string[],
): AsyncGenerator<MemberBatch> {
  if (groups.length === 0) return
  const org = context.organization.id
  const first = await readEdges(environment, org, groups, '')
  if (isWhole(first)) yield* shown(environment, org, groups, first)
  else if (groups.length === 1) {
    for (let edges = first; ; edges = await readEdges(environment, org, groups, lastOf(edges))) {
      yield* shown(environment, org, groups, edges)
      if (isWhole(edges)) return
    }
  } else {
    const half = Math.ceil(groups.length / 2)
    yield* streamMembers(environment, context, groups.slice(0, half))
    yield* streamMembers(environment, context, groups.slice(half))
  }
}

/** Members of one group that are of one kind, in the order of their ids. */
interface Edges {
  readonly _id: { readonly group: string; readonly kind: MemberRow['type'] }
  readonly members: readonly string[]
}

function readEdges(
  { store }: DirectoryEnvironment,
  org: string,
  groups: readonly string[],
  after: string,
): Promise<readonly Edges[]> {
  const group = groups.length === 1 ? groups[0] : { $in: groups }
  return store.memberships.aggregate<Edges>(org, { group, ...(after === '' ? {} : { member: { $gt: after } }) }, [
    { $sort: { group: 1, member: 1 } },
    { $limit: batchSize },
    { $group: { _id: { group: '$group', kind: '$kind' }, members: { $push: '$member' } } },
  ])
}

function isWhole(edges: readonly Edges[]): boolean {
  return edges.reduce((sum, { members }) => sum + members.length, 0) < batchSize
}

function lastOf(edges: readonly Edges[]): string {
  return edges.reduce((last, { members }) => (members.at(-1)! > last ? members.at(-1)! : last), '')
}

async function* shown(
  environment: DirectoryEnvironment,
  org: string,
  groups: readonly string[],
  edges: readonly Edges[],
): AsyncGenerator<MemberBatch> {
  const names = await readNames(environment, org, edges)
  const ofGroup = Map.groupBy(edges, ({ _id }) => _id.group)
  for (const group of groups) {
    const rows = (ofGroup.get(group) ?? []).map(({ _id: { kind }, members }) => rowsOf(members, kind, names))
    const members = rows.length > 1 ? rows.flat().sort(byValue) : (rows[0] ?? [])
    if (members.length > 0) yield { group, members }
  }
}

function rowsOf(
  members: readonly string[],
  type: MemberRow['type'],
  names: ReadonlyMap<string, string>,
): readonly MemberRow[] {
  const rows: MemberRow[] = []
  for (const value of members) {
    const display = names.get(value)
    if (display !== undefined) rows.push({ value, type, display: display === '' ? undefined : display })
  }
  return rows
}

function byValue(a: MemberRow, b: MemberRow): number {
  return a.value < b.value ? -1 : 1
}

interface Names {
  readonly ids: readonly string[]
  readonly names: readonly unknown[]
}

/** What members that exist are called; an empty text when they have no name. */
async function readNames(
  { store }: DirectoryEnvironment,
  org: string,
  edges: readonly Edges[],
): Promise<ReadonlyMap<string, string>> {
  const idsOf = (kind: MemberRow['type']) =>
    edges.filter(({ _id }) => _id.kind === kind).flatMap(({ members }) => members)
  const [users, groups] = await Promise.all([
    namesIn(store.users, org, idsOf('User')),
    namesIn(store.groups, org, idsOf('Group')),
  ])
  const names = new Map<string, string>()
  for (const found of [...users, ...groups]) {
    for (const [index, id] of found.ids.entries()) names.set(id, String(found.names[index]))
  }
  return names
}

interface Named {
  aggregate<Row extends object>(org: string, query: object, pipeline: readonly object[]): Promise<readonly Row[]>
}

async function namesIn(collection: Named, org: string, ids: readonly string[]): Promise<readonly Names[]> {
  if (ids.length === 0) return []
  const name = { $ifNull: ['$resource.displayName', '$resource.userName', ''] }
  return collection.aggregate<Names>(org, { _id: ids.length === 1 ? ids[0] : { $in: [...new Set(ids)] } }, [
    { $group: { _id: null, ids: { $push: '$_id' }, names: { $push: name } } },
  ])
}
