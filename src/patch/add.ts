import type { JsonValue } from '../schema/types.ts'
import type { Applying } from './applying.ts'
import { addElements, elementsOf, mergeIntoElements } from './elements.ts'
import { createElement, findMatches, refuseMiss, toPart } from './matching.ts'
import { mergeElement } from './merge.ts'
import { memberOf } from './place.ts'
import type { AttributeTarget, PatchOperation } from './types.ts'

/**
 * The value of an attribute after an `add` (RFC 7644 section 3.5.2.1): lists grow, complex values are completed, other
 * values are set. Adding nothing changes nothing.
 *
 * @throws UsherError `no_target`, `mutability`, `invalid_value`
 */
export function applyAdd(
  applying: Applying,
  { path, value }: PatchOperation<AttributeTarget>,
  current: JsonValue | undefined,
): JsonValue | undefined {
  if (value === undefined) return current
  const { attribute, subAttribute, filter } = path
  if (attribute.multiValued) {
    return filter === undefined && subAttribute === undefined
      ? addElements(attribute, elementsOf(current), elementsOf(value))
      : addToMatches(applying, path, current, value)
  }
  if (subAttribute?.multiValued) {
    const before = memberOf(current, subAttribute.name)
    return mergeElement(attribute, current, {
      [subAttribute.name]: addElements(subAttribute, elementsOf(before), elementsOf(value)),
    })
  }
  if (subAttribute === undefined && attribute.type !== 'complex') return value
  return mergeElement(attribute, current, toPart(path, value))
}

function addToMatches(
  { switches, note }: Applying,
  path: AttributeTarget,
  current: JsonValue | undefined,
  value: JsonValue,
): JsonValue {
  const list = elementsOf(current)
  const places = findMatches(list, path)
  const part = toPart(path, value)
  if (places.size > 0) return mergeIntoElements(path.attribute, list, places, part)
  if (switches.filteredAddMiss === 'refuse') throw refuseMiss(path)
  note('element created from the filter')
  return createElement(list, path, part)
}
