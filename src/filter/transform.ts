import { allOf, anyOf, negate } from './combine.ts'
import type { ResolvedFilter } from './types.ts'

export type FilterLeaf = Extract<ResolvedFilter, { readonly kind: 'present' | 'compare' | 'valuePath' }>

/**
 * Rewrites the leaves of a filter: comparisons, `pr` and whole value paths, whose inside is not visited. What `visit`
 * answers takes the place of the leaf; `undefined` keeps it.
 *
 * One leaf after the other, from left to right. A constant that decides its `and` or `or` spares the leaves behind it.
 */
export async function transformLeaves(
  filter: ResolvedFilter,
  visit: (leaf: FilterLeaf) => Promise<ResolvedFilter | undefined>,
): Promise<ResolvedFilter> {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const absorbing = filter.kind === 'or'
      const terms: ResolvedFilter[] = []
      for (const term of filter.terms) {
        const transformed = await transformLeaves(term, visit)
        if (transformed.kind === 'constant' && transformed.value === absorbing) return transformed
        terms.push(transformed)
      }
      return filter.kind === 'and' ? allOf(terms) : anyOf(terms)
    }
    case 'not':
      return negate(await transformLeaves(filter.term, visit))
    case 'present':
    case 'compare':
    case 'valuePath':
      return (await visit(filter)) ?? filter
    case 'constant':
    case 'query':
      return filter
  }
}
