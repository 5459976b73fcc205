import { UsherError } from '../errors.ts'
import type { JsonValue, Resource } from '../schema/types.ts'
import { comparableValue, hasValue, isCompared, memberOf } from './comparable.ts'
import { compareText } from './compare-text.ts'
import type { CompareOperator, FilterTarget, ResolvedFilter } from './types.ts'

type Comparable = string | number | boolean
type Predicate = (subject: JsonValue) => boolean
type Comparison = Extract<ResolvedFilter, { readonly kind: 'compare' }>
/** Where a predicate starts: at a resource, or at one element of a multi-valued attribute. */
type Scope = 'resource' | 'element'

/**
 * Makes a filter a test of resources in canonical form (RFC 7644 section 3.4.2.2). It agrees with the database query
 * of the same filter.
 * @throws UsherError `internal_error` for a filter with a leaf that only the database can answer
 */
export function toPredicate(filter: ResolvedFilter): (resource: Resource) => boolean {
  return compile(filter, 'resource')
}

/**
 * Makes a filter in brackets a test of one element: of an object, or of a simple value.
 * @throws UsherError `internal_error` as `toPredicate` does
 */
export function toElementPredicate(filter: ResolvedFilter): (element: JsonValue) => boolean {
  return compile(filter, 'element')
}

function compile(filter: ResolvedFilter, scope: Scope): Predicate {
  switch (filter.kind) {
    case 'and': {
      const terms = filter.terms.map((term) => compile(term, scope))
      return (subject) => terms.every((term) => term(subject))
    }
    case 'or': {
      const terms = filter.terms.map((term) => compile(term, scope))
      return (subject) => terms.some((term) => term(subject))
    }
    case 'not': {
      const term = compile(filter.term, scope)
      return (subject) => !term(subject)
    }
    case 'constant':
      return () => filter.value
    case 'present':
      return compilePresence(filter.target, scope)
    case 'compare':
      return compileComparison(filter, scope)
    case 'valuePath': {
      const { attribute } = filter
      const element = compile(filter.filter, 'element')
      return (resource) => valuesOf({ attribute, subAttribute: undefined }, 'resource', resource).some(element)
    }
    case 'query':
      throw new UsherError('internal_error', 'A database query was given to a filter that works in memory.')
  }
}

function compilePresence(target: FilterTarget, scope: Scope): Predicate {
  const leaf = target.subAttribute ?? target.attribute
  return (subject) => valuesOf(target, scope, subject).some((value) => hasValue(leaf, value))
}

function compileComparison({ target, operator, value }: Comparison, scope: Scope): Predicate {
  if (value === null) {
    const present = compilePresence(target, scope)
    return operator === 'ne' ? present : (subject) => !present(subject)
  }
  const leaf = target.subAttribute ?? target.attribute
  const literal = value instanceof Date ? value.getTime() : value
  const comparables = (subject: JsonValue) =>
    valuesOf(target, scope, subject).flatMap((raw) => comparableValue(leaf, raw) ?? [])
  if (operator === 'ne' && !canHaveManyValues(target, scope)) {
    return (subject) => !comparables(subject).includes(literal)
  }
  return (subject) => comparables(subject).some((comparable) => holds(operator, comparable, literal))
}

function canHaveManyValues({ attribute, subAttribute }: FilterTarget, scope: Scope): boolean {
  return (scope === 'resource' && attribute.multiValued) || subAttribute?.multiValued === true
}

function holds(operator: CompareOperator, value: Comparable, literal: Comparable): boolean {
  switch (operator) {
    case 'eq':
      return value === literal
    case 'ne':
      return value !== literal
    case 'co':
      return String(value).includes(String(literal))
    case 'sw':
      return String(value).startsWith(String(literal))
    case 'ew':
      return String(value).endsWith(String(literal))
    case 'gt':
      return order(value, literal) > 0
    case 'ge':
      return order(value, literal) >= 0
    case 'lt':
      return order(value, literal) < 0
    case 'le':
      return order(value, literal) <= 0
  }
}

function order(value: Comparable, literal: Comparable): number {
  if (typeof value === 'string' && typeof literal === 'string') return compareText(value, literal)
  return Number(value) - Number(literal)
}

/** Every value that the target has in the subject; lists are opened. */
function valuesOf({ attribute, subAttribute }: FilterTarget, scope: Scope, subject: JsonValue): readonly JsonValue[] {
  const elements = scope === 'element' ? [subject] : listOf(walk(subject, attribute.keys))
  if (subAttribute === undefined) return elements
  if (!isCompared(subAttribute)) return []
  return elements.flatMap((element) => listOf(memberOf(element, subAttribute.name)))
}

function walk(value: JsonValue, keys: readonly string[]): JsonValue | undefined {
  return keys.reduce<JsonValue | undefined>((container, key) => memberOf(container, key), value)
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value as JsonValue]
}
