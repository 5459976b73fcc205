/** Lists by index and by cursor, of one resource type or of several that are merged into one order. */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { toMongo } from '../filter/mongo.ts'
import type { MongoQuery } from '../filter/types.ts'
import type { JsonObject, ResourceType } from '../schema/types.ts'
import { answerFilter } from './computed-filters.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { collectionOf, typeQuery } from './listable.ts'
import { withoutUnshown } from './point-reads.ts'
import { readShownUser } from './show.ts'
import { type ListedDocument, showListed } from './show-listed.ts'
import { isById, sortKeyOf } from './sort-keys.ts'
import type { ListPage, ListSource, Page, Position } from './types.ts'
import {
  comparing,
  positionAt,
  readingOf,
  type SortKey,
  type Stretch,
  sortValue,
  stretchesOf,
  stretchOf,
  type Walk,
} from './walk.ts'

/** Rows that `startIndex` may skip; beyond it a cursor is the way. Over several types they pass through this process. */
const skipLimit = { one: 100_000, several: 10_000 } as const
/** Rows that are passed over at once. */
const passedOver = 1_000

/** What a list reads of one resource type. */
interface Part {
  readonly type: ResourceType
  readonly query: MongoQuery
  readonly sortKey: SortKey | null
  readonly wants: ListSource['wants']
}

interface Listing {
  readonly environment: DirectoryEnvironment
  readonly context: RequestContext
  readonly walk: Walk
  /** Without the types of which the filter finds nothing. */
  readonly parts: readonly Part[]
}

interface Row extends ListedDocument {
  readonly id: string
  readonly value: unknown
}

/**
 * A page of the resources of these types. A type that does not have what is sorted by (`sort` null where others have
 * one) counts as one without values.
 * @throws UsherError `too_many`, `invalid_cursor`
 */
export async function listResources(
  environment: DirectoryEnvironment,
  context: RequestContext,
  sources: readonly ListSource[],
  page: ListPage,
): Promise<Page> {
  const userName = soughtUserName(sources, page)
  if (userName !== null) return byUserName(environment, context, sources[0]!, userName)
  const listing = await openListing(environment, context, sources)
  return page.kind === 'index'
    ? byIndex(listing, page.startIndex - 1, page.count)
    : byCursor(listing, page.position, page.count)
}

/** The userName that a first page is asked for alone: every client asks so before it makes or changes a user. */
function soughtUserName(sources: readonly ListSource[], page: ListPage): string | null {
  const [source, ...others] = sources
  if (source === undefined || others.length > 0 || source.type.name !== 'User') return null
  const isFirst = page.kind === 'index' ? page.startIndex === 1 : page.position === null
  if (!isFirst || page.count === 0 || source.filter?.kind !== 'compare') return null
  const { target, operator, value } = source.filter
  const isByName = target.attribute.path === 'userName' && operator === 'eq' && typeof value === 'string'
  return isByName ? value : null
}

/** There is one user of a name at most. */
async function byUserName(
  environment: DirectoryEnvironment,
  context: RequestContext,
  { type, wants }: ListSource,
  userName: string,
): Promise<Page> {
  const resource = await readShownUser(environment, context, 'search.userName', userName, wants)
  if (resource === null) return { rows: [], total: 0, next: null, previous: null }
  const id = String(resource.id)
  const row = { type, id, version: String((resource.meta as JsonObject).version), resource }
  return { rows: [row], total: 1, next: null, previous: null }
}

async function openListing(
  environment: DirectoryEnvironment,
  context: RequestContext,
  sources: readonly ListSource[],
): Promise<Listing> {
  const sort = sources.find((source) => source.sort !== null)?.sort ?? null
  const walk = {
    types: sources.map(({ type }) => type.name),
    isSorted: sort !== null && !isById(sort),
    isDescending: sort?.descending ?? false,
  }
  const parts: Part[] = []
  for (const { type, filter, sort: own, wants } of sources) {
    const answered = filter && (await answerFilter(environment, context, type, filter))
    if (answered?.kind === 'constant' && !answered.value) continue
    const query = typeQuery(type, answered === null ? {} : toMongo(answered))
    const sortKey = walk.isSorted && own !== null ? await sortKeyOf(environment, context, type, own) : null
    parts.push({ type, query, sortKey, wants })
  }
  return { environment, context, walk, parts }
}

async function byIndex(listing: Listing, skip: number, count: number): Promise<Page> {
  const limit = listing.parts.length > 1 ? skipLimit.several : skipLimit.one
  if (skip > limit) {
    // Past the end nothing is skipped, and the true total is due (RFC 7644 section 3.4.2.4).
    const total = await countAll(listing)
    if (skip >= total) return { rows: [], total, next: null, previous: null }
    throw new UsherError('too_many', `startIndex may be at most ${limit + 1} here. Use cursor to walk further.`)
  }
  const found = count === 0 ? [] : await readBehind(listing, skip, count)
  const hasEnded = found.length < count && (found.length > 0 || skip === 0)
  const total = hasEnded ? skip + found.length : await countAll(listing)
  return { rows: await show(listing, found), total, next: null, previous: null }
}

async function byCursor(listing: Listing, position: Position | null, count: number): Promise<Page> {
  if (count === 0) return { rows: [], total: await countAll(listing), next: null, previous: null }
  // It may be left out where it is not known (RFC 9865 section 2): the walk needs none.
  const total = position === null ? await countAll(listing).catch(unlessTooMany) : null
  const backward = position?.direction === 'backward'
  const rows = await readFrom(listing, position, backward, count + 1)
  const more = rows.length > count
  const page = rows.slice(0, count)
  if (backward) page.reverse()
  const first = page[0]
  const last = page.at(-1)
  return {
    rows: await show(listing, page),
    total,
    next: last !== undefined && (backward || more) ? positionAt(placeOf(last), 'forward') : null,
    previous:
      first !== undefined && position !== null && (!backward || more) ? positionAt(placeOf(first), 'backward') : null,
  }
}

/** The rows behind so many others. */
async function readBehind(listing: Listing, skip: number, count: number): Promise<readonly Row[]> {
  const [part, ...others] = listing.parts
  if (part === undefined) return []
  if (others.length === 0) return skipWithin(listing, part, skip, count)
  let position: Position | null = null
  for (let left = skip; left > 0; left -= passedOver) {
    const passed = await readFrom(listing, position, false, Math.min(left, passedOver), 'keys')
    const last = passed.at(-1)
    if (last === undefined) return []
    position = positionAt(placeOf(last), 'forward')
  }
  return readFrom(listing, position, false, count)
}

/** Of one type the database itself skips, stretch by stretch. */
async function skipWithin(listing: Listing, part: Part, skip: number, count: number): Promise<readonly Row[]> {
  const rows: Row[] = []
  let left = skip
  for (const stretch of stretchesOf(listing.walk, false)) {
    rows.push(...(await readPart(listing, part, stretch, null, false, { skip: left, limit: count - rows.length })))
    if (rows.length >= count) break
    left = rows.length > 0 ? 0 : Math.max(0, left - (await countStretch(listing, part, stretch, left + 1)))
  }
  return rows
}

/** The rows that follow a position in one direction, of all types together. */
async function readFrom(
  listing: Listing,
  from: Position | null,
  backward: boolean,
  limit: number,
  content: 'documents' | 'keys' = 'documents',
): Promise<readonly Row[]> {
  const { walk, parts } = listing
  const stretches = stretchesOf(walk, backward)
  const start = from === null ? 0 : stretches.indexOf(stretchOf(walk, from))
  const rows: Row[] = []
  for (const [index, stretch] of stretches.slice(start).entries()) {
    const position = index === 0 ? from : null
    const options = { limit: limit - rows.length, content }
    const found = await Promise.all(parts.map((part) => readPart(listing, part, stretch, position, backward, options)))
    const compare = comparing(walk, stretch, backward)
    const merged = found.length === 1 ? found[0]! : found.flat().sort((a, b) => compare(placeOf(a), placeOf(b)))
    rows.push(...merged.slice(0, options.limit))
    if (rows.length >= limit) break
  }
  return rows
}

interface PartOptions {
  readonly limit: number
  readonly skip?: number
  /** Whether only what the order is made of is read. */
  readonly content?: 'documents' | 'keys'
}

async function readPart(
  { environment, context, walk }: Listing,
  { type, query, sortKey }: Part,
  stretch: Stretch,
  position: Position | null,
  backward: boolean,
  { limit, skip = 0, content = 'documents' }: PartOptions,
): Promise<readonly Row[]> {
  const reading = readingOf(walk, stretch, type.name, sortKey, position, backward)
  if (reading === null) return []
  const key = sortKey?.key
  // A position holds the value that is sorted by.
  const { search: _search, ...withSearch } = withoutUnshown
  const whole = key === undefined ? withoutUnshown : withSearch
  const found = await collectionOf(environment, type).find(
    context.organization.id,
    { $and: [query, reading.query] },
    {
      sort: reading.order,
      ...(skip === 0 ? {} : { skip }),
      limit,
      projection: content === 'keys' ? { _id: 1, ...(key === undefined ? {} : { [key]: 1 }) } : whole,
    },
  )
  const read = (document: object) => (sortKey && stretch === 'present' ? sortValue(sortKey, document) : undefined)
  return found.map((document) => ({ type, id: document._id, value: read(document), document }))
}

function countStretch(listing: Listing, part: Part, stretch: Stretch, limit: number): Promise<number> {
  const { environment, context, walk } = listing
  const reading = readingOf(walk, stretch, part.type.name, part.sortKey, null, false)
  if (reading === null) return Promise.resolve(0)
  const query = { $and: [part.query, reading.query] }
  return collectionOf(environment, part.type).count(context.organization.id, query, { limit })
}

async function countAll({ environment, context, parts }: Listing): Promise<number> {
  const org = context.organization.id
  const counts = await Promise.all(
    parts.map(({ type, query }) =>
      environment.totals.read(`${org}|${type.name}|${JSON.stringify(query)}`, () =>
        collectionOf(environment, type).count(org, query),
      ),
    ),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

function unlessTooMany(error: unknown): null {
  if (error instanceof UsherError && error.code === 'too_many') return null
  throw error
}

function show({ environment, context, parts }: Listing, rows: readonly Row[]): Promise<Page['rows']> {
  const wants = new Map(parts.map((part) => [part.type, part.wants]))
  return showListed(environment, context, rows, (type) => wants.get(type)!)
}

function placeOf({ type, id, value }: Row) {
  return { type: type.name, id, value }
}
