import type { RequestContext } from '../context.ts'
import type { ListSource } from '../directory/types.ts'
import { UsherError } from '../errors.ts'
import { resolveSort } from '../filter/sort.ts'
import { resolvePath } from '../schema/path.ts'
import { createProjection } from '../schema/projection.ts'
import type { ResourceType } from '../schema/types.ts'
import type { Answer } from './answer.ts'
import type { ScimService } from './call.ts'
import { catalogueOf } from './catalogue.ts'
import { readableTypes } from './context.ts'
import { answerPages, readFilter, readPage } from './list.ts'
import type { QueryParameters } from './parameters.ts'

/** The name under which cursors of a query over all types are sealed; no resource type can have it. */
const everyType = '/'

/**
 * A query at the root: `GET /?filter=…` and `POST /.search` (RFC 7644 section 3.4.2.1). It runs over the resource types
 * that the directory keeps and the caller may read, in one order: by what is sorted by, then by type, then by id. An
 * attribute that a type does not have has no value there, so that `meta.resourceType eq "User"` and attributes of one
 * type alone narrow it down.
 *
 * @throws UsherError `forbidden` when the caller may read none; `too_many` without a filter; `invalid_value` for a
 * `sortBy` that no type has; as `list`
 */
export async function searchAll(
  service: ScimService,
  context: RequestContext,
  parameters: QueryParameters,
): Promise<Answer> {
  const kept = service.registry.resourceTypes.filter((type) => catalogueOf(type) === undefined)
  const types = readableTypes(context.principal, kept)
  if (parameters.filter === undefined) {
    throw new UsherError('too_many', 'A query over all resource types needs a filter.')
  }
  const sortable = types.filter((type) => isSortable(type, parameters.sortBy))
  // Nobody has it: the refusal is that of a list of one type.
  if (sortable.length === 0) resolveSort(types[0]!, parameters.sortBy, parameters.sortOrder)
  const projections = new Map(types.map((type) => [type, createProjection(type, parameters)]))
  const sources = types.map((type): ListSource => {
    const sortBy = sortable.includes(type) ? parameters.sortBy : undefined
    return {
      type,
      // That a type does not have an attribute, or another one by the name, is no tolerance here, and so it is not noted.
      filter: readFilter(type, parameters.filter, {
        ...context.dialect,
        unknownFilterAttribute: 'noValue',
        resourceTypes: kept,
      }),
      sort: resolveSort(type, sortBy, parameters.sortOrder) ?? null,
      wants: projections.get(type)!.wants,
    }
  })
  return answerPages(service, context, parameters, {
    name: types.length === kept.length ? everyType : types.map(({ endpoint }) => endpoint).join(''),
    read: (page) => readPage(service, context, sources, page),
    projectionOf: (type) => projections.get(type)!,
  })
}

function isSortable(type: ResourceType, sortBy: string | undefined): boolean {
  return sortBy !== undefined && resolvePath(type, sortBy.trim()) !== undefined
}
