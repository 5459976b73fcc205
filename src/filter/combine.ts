import type { Attribute } from '../schema/types.ts'
import type { ResolvedFilter } from './types.ts'

/** A constant truth: what a comparison with an attribute that has no value comes to. */
export function constant(value: boolean): ResolvedFilter {
  return { kind: 'constant', value }
}

/** The conjunction, without constants in it. */
export function allOf(terms: readonly ResolvedFilter[]): ResolvedFilter {
  return combine('and', terms, false)
}

/** The disjunction, without constants in it. */
export function anyOf(terms: readonly ResolvedFilter[]): ResolvedFilter {
  return combine('or', terms, true)
}

/** The negation; never pushed inwards, since `gt` negated is not `le` where there is no value. */
export function negate(term: ResolvedFilter): ResolvedFilter {
  return term.kind === 'constant' ? constant(!term.value) : { kind: 'not', term }
}

/** One element of a multi-valued attribute that meets the whole filter. */
export function anyElement(attribute: Attribute, filter: ResolvedFilter): ResolvedFilter {
  if (filter.kind !== 'constant') return { kind: 'valuePath', attribute, filter }
  return filter.value ? { kind: 'present', target: { attribute, subAttribute: undefined } } : filter
}

function combine(kind: 'and' | 'or', terms: readonly ResolvedFilter[], absorbing: boolean): ResolvedFilter {
  const kept: ResolvedFilter[] = []
  for (const term of terms) {
    if (term.kind !== 'constant') kept.push(term)
    else if (term.value === absorbing) return term
  }
  if (kept.length === 0) return constant(!absorbing)
  return kept.length === 1 ? kept[0]! : { kind, terms: kept }
}
