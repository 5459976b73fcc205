import { UsherError } from '../errors.ts'
import type { Attribute } from '../schema/types.ts'
import { domainOf } from './indexed.ts'
import { prefixRange } from './prefix-range.ts'
import type { CompareOperator, FilterTarget, MongoQuery, ResolvedFilter } from './types.ts'

type Literal = string | number | boolean | Date
/** Where the keys of a query start: at the document, or at one element of a multi-valued attribute. */
type Scope = 'document' | 'element'

/**
 * Compiles a filter into a query on documents that hold the comparison form under `search` (RFC 7644 section 3.4.2.2).
 *
 * The only operators are `$eq` by shorthand, `$ne $gt $gte $lt $lte $in $exists $elemMatch $and $or $nor` and `$regex`
 * with an escaped literal. Whatever restricts the caller, such as the organization, is to be `$and`-ed from outside.
 */
export function toMongo(filter: ResolvedFilter): MongoQuery {
  return compile(filter, 'document')
}

function compile(filter: ResolvedFilter, scope: Scope): MongoQuery {
  switch (filter.kind) {
    case 'and':
      return { $and: filter.terms.map((term) => compile(term, scope)) }
    case 'or':
      return { $or: filter.terms.map((term) => compile(term, scope)) }
    case 'not':
      return { $nor: [compile(filter.term, scope)] }
    case 'constant':
      // Nothing has an `_id` out of no values; elements have none at all.
      return filter.value ? {} : { _id: { $in: [] } }
    case 'present':
      return { [keyOf(filter.target, scope)]: { $exists: true } }
    case 'compare':
      return compileComparison(filter, scope)
    case 'valuePath':
      return { [documentKey(filter.attribute)]: { $elemMatch: compile(filter.filter, 'element') } }
    case 'query':
      return filter.query
  }
}

function compileComparison(filter: Extract<ResolvedFilter, { kind: 'compare' }>, scope: Scope): MongoQuery {
  const { target, operator, value } = filter
  const key = keyOf(target, scope)
  if (value === null) return { [key]: { $exists: operator === 'ne' } }
  const domain = domainOf(filter)
  if (domain !== undefined) return { [key.replace(/value$/, 'domain')]: domain }

  const { attribute, subAttribute } = target
  const manyElements = scope === 'document' && attribute.multiValued && subAttribute !== undefined
  const leaf = subAttribute ?? attribute
  if (manyElements && mustHoldInOneElement(operator)) {
    // `$exists` because an element without the sub-attribute has no value that differs.
    const exists = operator === 'ne' && !leaf.multiValued
    const condition = exists ? { [leaf.name]: { $exists: true, $ne: value } } : onKey(leaf.name, leaf, operator, value)
    return { [documentKey(attribute)]: { $elemMatch: condition } }
  }
  return onKey(key, leaf, operator, value)
}

/** A condition on one key; on a list of simple values it is about one of them. */
function onKey(key: string, leaf: Attribute, operator: CompareOperator, value: Literal): MongoQuery {
  if (operator === 'eq') return { [key]: value }
  const condition = literalCondition(operator, value)
  return { [key]: leaf.multiValued && mustHoldInOneElement(operator) ? { $elemMatch: condition } : condition }
}

/**
 * `$ne` on a path through an array means that no element is equal, and the two ends of a range may be met by two
 * different elements: both need `$elemMatch`.
 */
function mustHoldInOneElement(operator: CompareOperator): boolean {
  return operator === 'ne' || operator === 'sw'
}

/**
 * What an operator asks of a key with one value; `ne` also finds documents without the key. Texts of a client get into
 * a pattern as literals only.
 */
export function literalCondition(operator: CompareOperator, value: Literal): object {
  switch (operator) {
    case 'eq':
      return { $eq: value }
    case 'ne':
      return { $ne: value }
    case 'gt':
      return { $gt: value }
    case 'ge':
      return { $gte: value }
    case 'lt':
      return { $lt: value }
    case 'le':
      return { $lte: value }
    case 'sw':
      return prefixRange(String(value))
    case 'co':
      return { $regex: escapePattern(String(value)), $options: 's' }
    case 'ew':
      // `$` would also match before a final line break.
      return { $regex: `${escapePattern(String(value))}\\z`, $options: 's' }
  }
}

function escapePattern(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replaceAll('\0', '\\x00')
}

function keyOf(target: FilterTarget, scope: Scope): string {
  const { attribute, subAttribute } = target
  if (scope === 'document') return documentKey(subAttribute ?? attribute)
  if (subAttribute !== undefined) return subAttribute.name
  throw new UsherError('internal_error', 'A filter on one simple value cannot be asked of the database.')
}

function documentKey(attribute: Attribute): string {
  return `search.${attribute.searchKeys.join('.')}`
}
