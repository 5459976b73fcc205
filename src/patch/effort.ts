import type { ResolvedFilter } from '../filter/types.ts'
import type { Resource } from '../schema/types.ts'
import { elementsOf } from './elements.ts'
import { valueAt } from './place.ts'
import type { AttributeTarget } from './types.ts'

/**
 * The highest number of comparisons of all filters of one request. A thousand operations that look for one value among
 * a thousand stay below it; long filters over long lists would keep the process busy for half a minute.
 */
export const effortLimit = 1_000_000

/** The comparisons that finding the elements of a path takes. */
export function effortOf(resource: Resource, { attribute, filter }: AttributeTarget): number {
  return filter === undefined ? 0 : countComparisons(filter) * elementsOf(valueAt(resource, attribute.keys)).length
}

function countComparisons(filter: ResolvedFilter): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.reduce((sum, term) => sum + countComparisons(term), 0)
    case 'not':
      return countComparisons(filter.term)
    default:
      return 1
  }
}
