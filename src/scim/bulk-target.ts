import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { SchemaRegistry } from '../schema/registry.ts'
import type { ResourceType } from '../schema/types.ts'
import { catalogueOf } from './catalogue.ts'
import { authorize } from './context.ts'
import { checkRoute } from './gate.ts'
import { locate, splitPath } from './place.ts'

/** What an operation of a bulk is aimed at. */
export type BulkTarget =
  | { readonly method: 'POST'; readonly type: ResourceType }
  | { readonly method: 'PUT' | 'PATCH' | 'DELETE'; readonly type: ResourceType; readonly id: string }

/**
 * Reads method and path of an operation by the rules of single requests. The path is relative to the organization's
 * base, with or without a slash in front, or an absolute URL below that base.
 *
 * @throws UsherError `invalid_value` for what cannot be in a bulk; `not_found`, `method_not_allowed`, `forbidden`
 */
export function readBulkTarget(
  registry: SchemaRegistry,
  context: RequestContext,
  method: string,
  path: string,
): BulkTarget {
  const relative = path.startsWith(`${context.baseUrl}/`) ? path.slice(context.baseUrl.length) : path
  if (/^https?:/i.test(relative) || relative.startsWith('//')) {
    throw new UsherError('invalid_value', 'The path leads out of the organization.')
  }
  const parts = splitPath(`base/${relative.replace(/^\//, '').replace(/\?.*$/s, '')}`)
  const located = parts && locate(registry, parts.segments, (type) => catalogueOf(type) !== undefined)
  if (method === 'GET' || method === 'HEAD') {
    throw new UsherError('invalid_value', 'A bulk holds changes only; GET is not one.')
  }
  const { place } = checkRoute(located, method, context.dialect)
  if (place.kind === 'collection' || place.kind === 'resource') authorize(context.principal, 'write', place.type)
  if (place.kind === 'collection' && method === 'POST') return { method, type: place.type }
  if (place.kind === 'resource' && (method === 'PUT' || method === 'PATCH' || method === 'DELETE')) {
    return { method, type: place.type, id: place.id }
  }
  throw new UsherError('invalid_value', 'This endpoint cannot be part of a bulk.')
}
