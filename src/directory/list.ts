/** Lists by index and by cursor. A sorted walk is two ranges, because missing values come last when ascending. */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { MongoQuery } from '../filter/types.ts'
import type { JsonObject, JsonValue, ResourceType } from '../schema/types.ts'
import type {
  CustomResourceDocument,
  GroupDocument,
  ResourceDocument,
  Showable,
  UserDocument,
} from '../store/documents.ts'
import { compileFilter } from './computed-filters.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { showCustom, showGroups, showUsers, withoutUnshown } from './show.ts'
import type { ListQuery, Page, Position, Shown, Wants } from './types.ts'

/** Rows that `startIndex` may skip; beyond it a cursor is the way. */
const skipLimit = 100_000

/** Where `resolveSort` expects the id; documents have it as their `_id`. */
const idKey = 'search.id'

/** Required keys with a unique index: nothing is absent or equal there, and the index holds no id that could decide. */
const uniqueKeys: Readonly<Record<string, string>> = { User: 'search.userName', Group: 'search.displayName' }

type Sorting = NonNullable<ListQuery['sort']>

export async function listResources(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  list: ListQuery,
  wants: Wants,
): Promise<Page> {
  const filter = await compileFilter(environment, context, type, list.filter)
  const query = typeQuery(type, filter)
  return list.page.kind === 'index'
    ? byIndex(environment, context, type, list, query, wants)
    : byCursor(environment, context, type, list, query, wants)
}

async function byIndex(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  list: ListQuery,
  query: MongoQuery,
  wants: Wants,
): Promise<Page> {
  if (list.page.kind !== 'index') throw new TypeError('not an index page')
  const { startIndex, count } = list.page
  const skip = startIndex - 1
  if (skip > skipLimit) {
    // Past the end nothing is skipped, and the true total is due (RFC 7644 section 3.4.2.4).
    const total = await collection(environment, type).count(context.organization.id, query)
    if (skip >= total) return { rows: [], total, next: null, previous: null }
    throw new UsherError('too_many', `startIndex may be at most ${skipLimit + 1}. Use cursor to walk further.`)
  }
  const found = count === 0 ? [] : await readRange(environment, context, type, query, list.sort, skip, count)
  const ended = found.length < count && (found.length > 0 || skip === 0)
  const total = ended ? skip + found.length : await collection(environment, type).count(context.organization.id, query)
  return { rows: await show(environment, context, type, found, wants), total, next: null, previous: null }
}

/** Skips and limits over both ranges of a sorted walk. */
async function readRange(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  query: MongoQuery,
  sort: Sorting | null,
  skip: number,
  count: number,
): Promise<readonly Showable<ResourceDocument>[]> {
  const org = context.organization.id
  const source = collection(environment, type)
  if (sort === null)
    return source.find(org, query, {
      sort: { _id: 1 },
      skip,
      limit: count,
      projection: withoutUnshown,
    })
  const rows: Showable<ResourceDocument>[] = []
  let left = skip
  for (const range of ranges(type, sort, false)) {
    const rangeQuery = { $and: [query, range.query] }
    const options = { sort: range.order, skip: left, limit: count - rows.length, projection: withoutUnshown }
    rows.push(...(await source.find(org, rangeQuery, options)))
    if (rows.length >= count) return rows
    left = rows.length > 0 ? 0 : Math.max(0, left - (await source.count(org, rangeQuery, { limit: left + 1 })))
  }
  return rows
}

async function byCursor(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  list: ListQuery,
  query: MongoQuery,
  wants: Wants,
): Promise<Page> {
  if (list.page.kind !== 'cursor') throw new TypeError('not a cursor page')
  const { position, count } = list.page
  const org = context.organization.id
  const source = collection(environment, type)
  const total = position === null ? await source.count(org, query) : null
  if (count === 0) return { rows: [], total: total ?? (await source.count(org, query)), next: null, previous: null }

  const backward = position?.direction === 'backward'
  const rows: Showable<ResourceDocument>[] = []
  const all = ranges(type, list.sort, backward)
  // A position holds the value that is sorted by.
  const projection = list.sort === null ? withoutUnshown : { sources: 0 as const }
  for (const range of position === null ? all : all.slice(all.findIndex((one) => one.holds(position)))) {
    const within = position !== null && range.holds(position) ? range.beyond(position) : range.query
    const rangeQuery = { $and: [query, within] }
    const options = { sort: range.order, limit: count + 1 - rows.length, projection }
    rows.push(...(await source.find(org, rangeQuery, options)))
    if (rows.length > count) break
  }
  const more = rows.length > count
  const page = rows.slice(0, count)
  if (backward) page.reverse()
  const first = page[0]
  const last = page.at(-1)
  return {
    rows: await show(environment, context, type, page, wants),
    total,
    next: last !== undefined && (backward || more) ? positionOf(last, list.sort, 'forward') : null,
    previous:
      first !== undefined && position !== null && (!backward || more) ? positionOf(first, list.sort, 'backward') : null,
  }
}

/** One stretch of a walk that an index serves in order. */
interface Range {
  readonly query: MongoQuery
  readonly order: Readonly<Record<string, 1 | -1>>
  readonly holds: (position: Position) => boolean
  readonly beyond: (position: Position) => MongoQuery
}

/** Ascending: those with the attribute, then those without; descending the other way round (RFC 7644 section 3.4.2.3). */
function ranges(type: ResourceType, sort: Sorting | null, backward: boolean): readonly Range[] {
  if (sort === null) return [everyId(backward)]
  const { key, descending } = sort
  if (key === idKey) return [everyId(descending !== backward)]
  const { order: idOrder, beyond: beyondId } = everyId(backward)
  const direction = descending === backward ? 1 : -1
  const operator = direction === 1 ? '$gt' : '$lt'
  const isUnique = key === uniqueKeys[type.name]
  const present: Range = {
    // An index has what is absent under null, in front: `$ne` does not walk over it, where `$exists` would.
    query: { [key]: { $ne: null } },
    order: isUnique ? { [key]: direction } : { [key]: direction, _id: direction },
    holds: ({ value }) => value !== undefined,
    beyond: ({ value, id }) => {
      const stored = storedValue(value)
      const further = { [key]: { [operator]: stored } }
      return isUnique ? further : { $or: [further, { [key]: stored, _id: { [operator]: id } }] }
    },
  }
  const absent: Range = {
    query: { [key]: { $exists: false } },
    order: idOrder,
    holds: ({ value }) => value === undefined,
    beyond: ({ value, id }) => ({
      $and: [{ [key]: { $exists: false } }, beyondId({ value, id, direction: 'forward' })],
    }),
  }
  if (isUnique) return [present]
  return descending === backward ? [present, absent] : [absent, present]
}

/** All resources by their ids. */
function everyId(descending: boolean): Range {
  return {
    query: {},
    order: { _id: descending ? -1 : 1 },
    holds: () => true,
    beyond: ({ id }) => ({ _id: { [descending ? '$lt' : '$gt']: id } }),
  }
}

function positionOf(
  document: Showable<ResourceDocument>,
  sort: Sorting | null,
  direction: Position['direction'],
): Position {
  if (sort === null || sort.key === idKey) return { value: undefined, id: document._id, direction }
  let value: unknown = document
  for (const name of sort.key.split('.')) value = (value as Record<string, unknown> | undefined)?.[name]
  return {
    value: value instanceof Date ? { date: value.toISOString() } : (value as JsonValue | undefined),
    id: document._id,
    direction,
  }
}

function storedValue(value: Position['value']): unknown {
  if (typeof value === 'object' && value !== null && 'date' in value) return new Date(String(value.date))
  return value
}

function typeQuery(type: ResourceType, filter: MongoQuery): MongoQuery {
  return type.name === 'User' || type.name === 'Group' ? filter : { $and: [{ type: type.name }, filter] }
}

interface Listable {
  find(org: string, query: MongoQuery, options: object): Promise<readonly Showable<ResourceDocument>[]>
  count(org: string, query: MongoQuery, options?: { readonly limit?: number }): Promise<number>
}

function collection(environment: DirectoryEnvironment, type: ResourceType): Listable {
  if (type.name === 'User') return environment.store.users
  if (type.name === 'Group') return environment.store.groups
  return environment.store.resources
}

async function show(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  documents: readonly Showable<ResourceDocument>[],
  wants: Wants,
): Promise<readonly Shown[]> {
  const shown = await showAll(environment, context, type, documents, wants)
  return shown.map((resource) => ({
    id: String(resource.id),
    version: String((resource.meta as JsonObject).version),
    resource,
  }))
}

async function showAll(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  documents: readonly Showable<ResourceDocument>[],
  wants: Wants,
): Promise<readonly JsonObject[]> {
  if (type.name === 'User')
    return showUsers(environment, context, documents as readonly Showable<UserDocument>[], wants)
  if (type.name === 'Group')
    return showGroups(environment, context, documents as readonly Showable<GroupDocument>[], wants)
  return (documents as readonly Showable<CustomResourceDocument>[]).map((document) =>
    showCustom(type, context, document),
  )
}
