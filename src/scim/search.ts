import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { resolveSort } from '../filter/sort.ts'
import { resolvePath } from '../schema/path.ts'
import { createProjection, project } from '../schema/projection.ts'
import type { JsonObject, ResourceType } from '../schema/types.ts'
import type { Answer } from './answer.ts'
import type { ScimService } from './call.ts'
import { catalogueOf } from './catalogue.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { limits } from './limits.ts'
import { bindingOf, cursorAnswer, indexAnswer, readFilter, readPage } from './list.ts'
import type { QueryParameters } from './parameters.ts'

/** The name under which cursors of a query over all types are sealed; no resource type can have it. */
const everyType = '/'

/**
 * A query at the root: `GET /?filter=…` and `POST /.search` (RFC 7644 section 3.4.2.1). It runs over the resource types
 * in their order, each sorted by itself. An attribute that a type does not have has no value there, so that
 * `meta.resourceType eq "User"` and attributes of one type alone narrow it down.
 *
 * @throws UsherError `too_many` without a filter; as `list`
 */
export async function searchAll(
  service: ScimService,
  context: RequestContext,
  parameters: QueryParameters,
): Promise<Answer> {
  if (parameters.filter === undefined) {
    throw new UsherError('too_many', 'A query over all resource types needs a filter.')
  }
  const sources = service.registry.resourceTypes
    .filter((type) => catalogueOf(type) === undefined)
    .map((type) => sourceOf(service, context, type, parameters))
  // Nothing is walked when no row is asked for.
  if (parameters.cursor === undefined || parameters.count === 0) return pageByIndex(sources, parameters)
  return pageByCursor(service, context, sources, parameters, parameters.cursor)
}

type Source = ReturnType<typeof sourceOf>

function sourceOf(service: ScimService, context: RequestContext, type: ResourceType, parameters: QueryParameters) {
  const filter = readFilter(type, parameters.filter, { ...context.dialect, unknownFilterAttribute: 'noValue' })
  const { sortBy, sortOrder } = parameters
  const isSortable = sortBy !== undefined && resolvePath(type, sortBy.trim()) !== undefined
  const sort = resolveSort(type, isSortable ? sortBy : undefined, sortOrder)
  const projection = createProjection(type, parameters)
  return {
    show: (resource: JsonObject) => project(projection, resource),
    read: (page: Parameters<typeof readPage>[3]['page']) =>
      readPage(service, context, type, { filter, page }, sort, projection.wants),
  }
}

async function pageByIndex(sources: readonly Source[], parameters: QueryParameters): Promise<Answer> {
  const startIndex = parameters.startIndex ?? 1
  const count = parameters.count ?? limits.defaultPageSize
  const resources: JsonObject[] = []
  let before = 0
  for (const source of sources) {
    const skipped = Math.max(startIndex - 1 - before, 0)
    const page = await source.read({ kind: 'index', startIndex: skipped + 1, count: count - resources.length })
    resources.push(...page.rows.map((row) => source.show(row.resource)))
    before += page.total ?? 0
  }
  return indexAnswer(resources, before, startIndex)
}

async function pageByCursor(
  service: ScimService,
  context: RequestContext,
  sources: readonly Source[],
  parameters: QueryParameters,
  cursor: string,
): Promise<Answer> {
  const opened = cursor === '' ? undefined : openPlace(service, context, parameters, cursor)
  const count = opened?.count ?? parameters.count ?? limits.defaultPageSize
  const resources: JsonObject[] = []
  let index = opened?.index ?? 0
  let position = opened?.position ?? null
  while (index < sources.length && resources.length < count) {
    const source = sources[index]!
    const page = await source.read({ kind: 'cursor', position, count: count - resources.length })
    resources.push(...page.rows.map((row) => source.show(row.resource)))
    position = page.next
    if (position === null) index += 1
  }
  if (index >= sources.length) return cursorAnswer(resources, null, null, null)
  const next = sealCursor(
    service.cursorKeys,
    bindingOf(context, `${everyType}${index}`, parameters),
    { position, count, total: null },
    context.now,
  )
  return cursorAnswer(resources, null, `${index}-${next}`, null)
}

/** The cursor says in front of the sealed part with which type it goes on; the seal is bound to that type. */
function openPlace(service: ScimService, context: RequestContext, parameters: QueryParameters, cursor: string) {
  const index = /^\d{1,3}(?=-)/.exec(cursor)?.[0] ?? ''
  const binding = bindingOf(context, `${everyType}${index}`, parameters)
  const sealed = cursor.slice(index.length + 1)
  const place = openCursor(service.cursorKeys, binding, sealed, parameters.count, context.now)
  return { index: Number(index), position: place.position, count: place.count }
}
