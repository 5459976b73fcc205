import { UsherError } from '../errors.ts'
import { resolvePath } from '../schema/path.ts'
import type { Attribute, ResourceType } from '../schema/types.ts'
import { isReadable } from './readable.ts'
import type { FilterTarget } from './types.ts'

/** An order of resources: by one key of their documents, resources without the key last when ascending. */
export interface Sort {
  /** Where the documents have it: `search.userName`, `search.sort.emails`. */
  readonly key: string
  readonly descending: boolean
  /** What is sorted by, for callers that answer an order out of something else than the documents. */
  readonly target: FilterTarget
}

/**
 * Finds the key that `sortBy` and `sortOrder` ask for (RFC 7644 section 3.4.2.3). A multi-valued attribute is sorted by
 * its primary value, else by its first. Without `sortBy` there is no order, and `sortOrder` says nothing.
 * @throws UsherError `invalid_value` for an attribute that is unknown, never returned, complex or without an order
 */
export function resolveSort(type: ResourceType, sortBy: string | undefined, sortOrder?: string): Sort | undefined {
  const descending = readOrder(sortOrder)
  if (sortBy === undefined) return undefined
  const found = resolvePath(type, sortBy.trim())
  if (found?.kind !== 'attribute') return refuse(sortBy, 'is not an attribute')
  const { attribute, subAttribute } = found
  if (!isReadable(attribute) || (subAttribute !== undefined && !isReadable(subAttribute))) {
    return refuse(sortBy, 'is never returned')
  }
  const target = { attribute, subAttribute }
  return { key: attribute.multiValued ? keyOfMany(target, sortBy) : keyOfOne(target, sortBy), descending, target }
}

function readOrder(sortOrder: string | undefined): boolean {
  const order = sortOrder?.toLowerCase() ?? 'ascending'
  if (order !== 'ascending' && order !== 'descending') {
    throw new UsherError('invalid_value', 'sortOrder must be "ascending" or "descending".')
  }
  return order === 'descending'
}

function keyOfOne({ attribute, subAttribute }: FilterTarget, sortBy: string): string {
  const leaf = subAttribute ?? attribute
  if (leaf.type === 'complex') return refuse(sortBy, 'is complex; name a sub-attribute')
  if (leaf.multiValued || leaf.name === '$ref') return refuse(sortBy, 'has no order')
  return `search.${leaf.searchKeys.join('.')}`
}

/** The comparison form keeps one value of a list beside it: `value`, or the whole element where there is no `value`. */
function keyOfMany({ attribute, subAttribute }: FilterTarget, sortBy: string): string {
  const key = ['search', 'sort', ...attribute.searchKeys].join('.')
  if (attribute.type !== 'complex') return isSortable(attribute) ? key : refuse(sortBy, 'has no order')
  const value = attribute.subAttributesByName.get('value')
  if (value === undefined) {
    if (subAttribute === undefined) return refuse(sortBy, 'is complex; name a sub-attribute')
    return isSortable(subAttribute) ? `${key}.${subAttribute.name}` : refuse(sortBy, 'has no order')
  }
  const byValue = subAttribute === undefined || subAttribute === value
  return byValue && isSortable(value) && isReadable(value) ? key : refuse(sortBy, 'has no order')
}

function isSortable(attribute: Attribute): boolean {
  const { type, path, name } = attribute
  return type !== 'binary' && type !== 'reference' && path !== 'schemas' && name !== '$ref'
}

function refuse(sortBy: string, reason: string): never {
  throw new UsherError(
    'invalid_value',
    `Resources cannot be sorted by ${JSON.stringify(sortBy.slice(0, 100))}: it ${reason}.`,
  )
}
