import type { RequestContext } from '../context.ts'
import type { ListQuery, Page, Wants } from '../directory/types.ts'
import { refuseUnindexedTerms } from '../filter/indexed.ts'
import { parseFilter } from '../filter/parse.ts'
import { resolveFilter } from '../filter/resolve.ts'
import { resolveSort, type Sort } from '../filter/sort.ts'
import type { FilterSwitches, ResolvedFilter } from '../filter/types.ts'
import { createProjection, project } from '../schema/projection.ts'
import type { JsonObject, ResourceType } from '../schema/types.ts'
import { Answer } from './answer.ts'
import type { ScimService } from './call.ts'
import { catalogueOf, listEntries } from './catalogue.ts'
import { type CursorBinding, openCursor, sealCursor } from './cursor.ts'
import { limits } from './limits.ts'
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
  const filter = readFilter(type, parameters.filter, context.dialect)
  const sort = resolveSort(type, parameters.sortBy, parameters.sortOrder)
  const projection = createProjection(type, parameters)
  const read = (page: ListQuery['page']) => readPage(service, context, type, { filter, page }, sort, projection.wants)
  const resources = ({ rows }: Page) => rows.map((row) => project(projection, row.resource))

  if (parameters.cursor === undefined) {
    const startIndex = parameters.startIndex ?? 1
    const page = await read({ kind: 'index', startIndex, count: parameters.count ?? limits.defaultPageSize })
    return indexAnswer(resources(page), page.total ?? 0, startIndex)
  }

  const binding = bindingOf(context, type.name, parameters)
  const { cursor, count } = parameters
  const place =
    cursor === ''
      ? { position: null, count: count ?? limits.defaultPageSize, total: null }
      : openCursor(service.cursorKeys, binding, cursor, count, context.now)
  const page = await read({ kind: 'cursor', position: place.position, count: place.count })
  const total = place.total ?? page.total
  const seal = (position: Page['next']) =>
    position && sealCursor(service.cursorKeys, binding, { position, count: place.count, total }, context.now)
  return cursorAnswer(resources(page), total, seal(page.next), seal(page.previous))
}

/**
 * Reads the filter of a request for one resource type.
 * @throws UsherError `invalid_filter`; `too_many` when too many of its terms have no index
 */
export function readFilter(
  type: ResourceType,
  text: string | undefined,
  switches: FilterSwitches,
): ResolvedFilter | null {
  if (text === undefined) return null
  const filter = resolveFilter(type, parseFilter(text, { bareWords: switches.bareWords }), switches)
  refuseUnindexedTerms(filter)
  return filter
}

/** A page from the directory, or from the catalogue of a type that can only be read. */
export function readPage(
  service: ScimService,
  context: RequestContext,
  type: ResourceType,
  query: Pick<ListQuery, 'filter' | 'page'>,
  sort: Sort | undefined,
  wants: Wants,
): Promise<Page> {
  if (catalogueOf(type) !== undefined) return listEntries(service, context, type, query, sort)
  return service.scans.run(context.organization.id, query.filter, () =>
    service.directory.list(context, type, { ...query, sort: sort ?? null }, wants),
  )
}

/** What a cursor of this query is bound to. */
export function bindingOf(context: RequestContext, resourceType: string, parameters: QueryParameters): CursorBinding {
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

/** A page by index. `Resources` is there even when it is empty: clients read it without looking. */
export function indexAnswer(resources: readonly JsonObject[], total: number, startIndex: number): Answer {
  return new Answer(
    200,
    {},
    {
      schemas: [listResponseUrn],
      totalResults: total,
      startIndex,
      itemsPerPage: resources.length,
      Resources: resources,
    },
  )
}

/** A page of a cursor walk; the absence of `nextCursor` is what ends the walk (RFC 9865 section 2). */
export function cursorAnswer(
  resources: readonly JsonObject[],
  total: number | null,
  next: string | null,
  previous: string | null,
): Answer {
  return new Answer(
    200,
    {},
    {
      schemas: [listResponseUrn],
      ...(total === null ? {} : { totalResults: total }),
      itemsPerPage: resources.length,
      ...(next === null ? {} : { nextCursor: next }),
      ...(previous === null ? {} : { previousCursor: previous }),
      Resources: resources,
    },
  )
}
