import { UsherError } from '../errors.ts'
import type { CompareOperator, FilterTarget, ResolvedFilter } from './types.ts'

type Comparison = Extract<ResolvedFilter, { readonly kind: 'compare' }>

/**
 * The domain that `emails.value ew "@example.com"` asks for. The comparison form keeps the part behind the last `@` of
 * every address, so this suffix is an equality there; `undefined` for every other comparison.
 */
export function domainOf(comparison: Comparison): string | undefined {
  const { target, operator, value } = comparison
  if (operator !== 'ew' || typeof value !== 'string' || !isEmailAddress(target)) return undefined
  const domain = value.slice(1)
  return value.startsWith('@') && domain !== '' && !domain.includes('@') ? domain : undefined
}

/** How many terms of the filter no index can serve: `co` and `ew`, which look at every value. */
export function countUnindexedTerms(filter: ResolvedFilter): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.reduce((sum, term) => sum + countUnindexedTerms(term), 0)
    case 'not':
      return countUnindexedTerms(filter.term)
    case 'valuePath':
      return countUnindexedTerms(filter.filter)
    case 'compare':
      return isSubstring(filter.operator) && domainOf(filter) === undefined ? 1 : 0
    default:
      return 0
  }
}

/**
 * Refuses a filter that would examine too much.
 * @throws UsherError `too_many` when more than `limit` terms have no index (RFC 7644 section 3.12, Table 9)
 */
export function refuseUnindexedTerms(filter: ResolvedFilter, limit = 5): void {
  const count = countUnindexedTerms(filter)
  if (count <= limit) return
  throw new UsherError('too_many', `The filter has ${count} terms with co or ew; at most ${limit} are allowed.`)
}

function isSubstring(operator: CompareOperator): boolean {
  return operator === 'co' || operator === 'ew'
}

function isEmailAddress(target: FilterTarget): boolean {
  return target.attribute.path === 'emails' && target.subAttribute?.name === 'value'
}
