import { toElementPredicate } from '../filter/predicate.ts'
import type { JsonValue } from '../schema/types.ts'
import { type Elements, mergeIntoElements } from './elements.ts'
import { mergeElement } from './merge.ts'
import { refuse } from './reading.ts'
import type { AttributeTarget } from './types.ts'

/** The places of the elements that a path means: those that its filter finds, or all of them. */
export function findMatches(list: Elements, { filter }: AttributeTarget): ReadonlySet<number> {
  if (filter === undefined) return new Set(list.keys())
  const matches = toElementPredicate(filter)
  const places = new Set<number>()
  for (const [at, element] of list.entries()) if (matches(element)) places.add(at)
  return places
}

/** The value of an operation as a part of an element. */
export function toPart({ subAttribute }: AttributeTarget, value: JsonValue): JsonValue {
  return subAttribute === undefined ? value : { [subAttribute.name]: value }
}

/**
 * Appends the element that a filter describes and a part completes.
 *
 * @throws UsherError `no_target` if the filter does not say what the element would be
 */
export function createElement(list: Elements, target: AttributeTarget, part: JsonValue): Elements {
  const selectors = target.filter === undefined ? {} : target.selectors
  if (selectors === undefined) throw refuseMiss(target)
  const { attribute } = target
  const described = attribute.type === 'complex' ? mergeElement(attribute, undefined, selectors) : undefined
  const element = mergeElement(attribute, described, part)
  const isPrimary = selectors.primary === true ? { primary: true } : part
  const appended = [...list, element]
  return attribute.type === 'complex'
    ? mergeIntoElements(attribute, appended, new Set([list.length]), isPrimary)
    : appended
}

export function refuseMiss({ canonical }: AttributeTarget) {
  return refuse('no_target', `"${canonical}" matches no value.`)
}
