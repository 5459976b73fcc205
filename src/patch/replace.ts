import type { JsonValue } from '../schema/types.ts'
import type { Applying } from './applying.ts'
import { elementsOf, mergeIntoElements } from './elements.ts'
import { createElement, findMatches, refuseMiss, toPart } from './matching.ts'
import { mergeElement, replaceWhole } from './merge.ts'
import { refuse } from './reading.ts'
import type { AttributeTarget, PatchOperation } from './types.ts'

/**
 * The value of an attribute after a `replace` (RFC 7644 section 3.5.2.3): lists are replaced as a whole unless a filter
 * or a sub-attribute says which part is meant, complex values are completed or replaced as the dialect has it, and a
 * replacement by nothing unassigns.
 *
 * @throws UsherError `no_target`, `mutability`, `invalid_value`
 */
export function applyReplace(
  applying: Applying,
  { path, value }: PatchOperation<AttributeTarget>,
  current: JsonValue | undefined,
): JsonValue | undefined {
  const { attribute, subAttribute, filter } = path
  if (value === undefined && (subAttribute ?? attribute).required && filter === undefined) throw refuseEmpty(path)
  if (attribute.multiValued && (filter !== undefined || subAttribute !== undefined)) {
    return replaceInMatches(applying, path, current, value)
  }
  if (subAttribute !== undefined) return mergeElement(attribute, current, { [subAttribute.name]: value ?? null })
  if (value === undefined || attribute.multiValued || attribute.type !== 'complex') return value
  return applying.switches.complexReplace === 'whole'
    ? replaceWhole(attribute, current, value)
    : mergeElement(attribute, current, value)
}

function replaceInMatches(
  { switches, note }: Applying,
  path: AttributeTarget,
  current: JsonValue | undefined,
  value: JsonValue | undefined,
): JsonValue {
  const { attribute, subAttribute } = path
  const list = elementsOf(current)
  const places = findMatches(list, path)
  if (places.size === 0) {
    if (switches.filteredReplaceMiss === 'noTarget') throw refuseMiss(path)
    if (value === undefined) return list
    note('element created from the filter')
    return createElement(list, path, toPart(path, value))
  }
  if (value !== undefined) return mergeIntoElements(attribute, list, places, toPart(path, value))
  if (subAttribute === undefined) return list.filter((_element, at) => !places.has(at))
  if (subAttribute.required) throw refuseEmpty(path)
  return mergeIntoElements(attribute, list, places, { [subAttribute.name]: null })
}

function refuseEmpty({ canonical }: AttributeTarget) {
  return refuse('invalid_value', `"${canonical}" is required and cannot be left without a value.`)
}
