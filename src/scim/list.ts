import type { RequestContext } from '../context.ts'
import type { ListPage, ListSource, Page } from '../directory/types.ts'
import { refuseUnindexedTerms } from '../filter/indexed.ts'
import { parseFilter } from '../filter/parse.ts'
import { resolveFilter } from '../filter/resolve.ts'
import { resolveSort } from '../filter/sort.ts'
import type { FilterReading, ResolvedFilter } from '../filter/types.ts'
import { createProjection, type Projection, project } from '../schema/projection.ts'
import type { JsonObject, ResourceType } from '../schema/types.ts'
import { Answer, StreamedBody } from './answer.ts'
import type { ScimService } from './call.ts'
import { catalogueOf, listEntries } from './catalogue.ts'
import { type CursorBinding, openCursor, sealCursor } from './cursor.ts'
import { limits } from './limits.ts'
import { isWhole, type Resources, withMembers } from './members.ts'
import type { QueryParameters } from './parameters.ts'

export const listResponseUrn = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'

/**
 * `GET /{type}` and `POST /{type}/.search` (RFC 7644 section 3.4.2, RFC 9865): a page by index, or by cursor when the
 * request has one, even an empty one.
 *
 * @throws UsherError `invalid_filter`, `invalid_value`, `too_many`, `invalid_cursor`, `expired_cursor`, `invalid_count`
 */
export async function list(
  service: ScimService,
  context: RequestContext,
  type: ResourceType,
  parameters: QueryParameters,
): Promise<Answer> {
  const filter = readFilter(type, parameters.filter, { ...context.dialect, note: context.note })
  const sort = resolveSort(type, parameters.sortBy, parameters.sortOrder) ?? null
  const projection = createProjection(type, parameters)
  const source = { type, filter, sort, wants: projection.wants }
  return answerPages(service, context, parameters, {
    name: type.name,
    read: (page) =>
      catalogueOf(type) === undefined
        ? readPage(service, context, [source], page)
        : listEntries(service, context, source, page),
    projectionOf: () => projection,
  })
}

/** What is listed, and how. */
export interface Pages {
  /** What cursors are bound to beside the query: the name of a resource type, or what stands for all. */
  readonly name: string
  readonly read: (page: ListPage) => Promise<Page>
  readonly projectionOf: (type: ResourceType) => Projection
}

/**
 * The page that the parameters ask for, by index or by cursor.
 * @throws UsherError `invalid_cursor`, `expired_cursor`, `invalid_count`, and what the reading throws
 */
export async function answerPages(
  service: ScimService,
  context: RequestContext,
  parameters: QueryParameters,
  { name, read, projectionOf }: Pages,
): Promise<Answer> {
  const { cursor, count } = parameters
  const show = ({ rows }: Page) => {
    const shown = rows.map(({ type, id, resource }) => ({ type, id, head: project(projectionOf(type), resource) }))
    return withMembers(service, context, shown, projectionOf)
  }
  if (cursor === undefined) {
    const startIndex = parameters.startIndex ?? 1
    const page = await read({ kind: 'index', startIndex, count: count ?? limits.defaultPageSize })
    const head = { totalResults: page.total ?? 0, startIndex, itemsPerPage: page.rows.length }
    return listAnswer(head, await show(page))
  }
  const binding = bindingOf(context, name, parameters)
  const place =
    cursor === ''
      ? { position: null, count: count ?? limits.defaultPageSize, total: null }
      : openCursor(service.cursorKeys, binding, cursor, count, context.now)
  const page = await read({ kind: 'cursor', position: place.position, count: place.count })
  const total = place.total ?? page.total
  const seal = (position: Page['next']) =>
    position && sealCursor(service.cursorKeys, binding, { position, count: place.count, total }, context.now)
  const next = seal(page.next)
  const previous = seal(page.previous)
  // The absence of `nextCursor` is what ends the walk (RFC 9865 section 2).
  const head = {
    ...(total === null ? {} : { totalResults: total }),
    itemsPerPage: page.rows.length,
    ...(next === null ? {} : { nextCursor: next }),
    ...(previous === null ? {} : { previousCursor: previous }),
  }
  return listAnswer(head, await show(page))
}

/**
 * Reads the filter of a request for one resource type.
 * @throws UsherError `invalid_filter`; `too_many` when too many of its terms have no index
 */
export function readFilter(
  type: ResourceType,
  text: string | undefined,
  reading: FilterReading,
): ResolvedFilter | null {
  if (text === undefined) return null
  const filter = resolveFilter(type, parseFilter(text, { bareWords: reading.bareWords, note: reading.note }), reading)
  refuseUnindexedTerms(filter)
  return filter
}

/** A page from the directory. */
export function readPage(
  service: ScimService,
  context: RequestContext,
  sources: readonly ListSource[],
  page: ListPage,
): Promise<Page> {
  const filters = sources.flatMap(({ filter }) => filter ?? [])
  return service.scans.run(context.organization.id, { kind: 'or', terms: filters }, () =>
    service.directory.list(context, sources, page),
  )
}

/** What a cursor of this query is bound to. */
function bindingOf(context: RequestContext, resourceType: string, parameters: QueryParameters): CursorBinding {
  const { filter, sortBy, sortOrder } = parameters
  return {
    organization: context.organization.id,
    caller: context.source,
    resourceType,
    filter,
    sortBy,
    sortOrder,
  }
}

/** `Resources` is there even when it is empty: clients read it without looking. */
function listAnswer(page: JsonObject, resources: Resources): Answer {
  const head = { schemas: [listResponseUrn], ...page }
  if (isWhole(resources)) return new Answer(200, {}, { ...head, Resources: resources })
  return new Answer(200, {}, new StreamedBody(textOf(head, resources)))
}

async function* textOf(head: JsonObject, resources: AsyncIterable<string>): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"Resources":[`
  yield* resources
  yield ']}'
}
