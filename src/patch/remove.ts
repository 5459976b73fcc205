import type { JsonValue } from '../schema/types.ts'
import type { Applying } from './applying.ts'
import { elementsOf, mergeIntoElements, removeElements } from './elements.ts'
import { findMatches, refuseMiss } from './matching.ts'
import { mergeElement } from './merge.ts'
import { refuseMutation } from './reading.ts'
import type { AttributeTarget, PatchOperation } from './types.ts'

/**
 * The value of an attribute after a `remove` (RFC 7644 section 3.5.2.2). Removing what is not there succeeds, unless
 * the dialect wants a filter to find something. No other element becomes primary in place of a removed one.
 *
 * @throws UsherError `mutability` for what is required or immutable, `no_target`
 */
export function applyRemove(
  applying: Applying,
  operation: PatchOperation<AttributeTarget>,
  current: JsonValue | undefined,
): JsonValue | undefined {
  const { path } = operation
  const { attribute, subAttribute } = path
  if (subAttribute?.required) throw refuseRequired(path)
  if (attribute.multiValued) return removeFromList(applying, operation, current)
  if (subAttribute === undefined) {
    if (attribute.required) throw refuseRequired(path)
    return undefined
  }
  return current === undefined ? undefined : mergeElement(attribute, current, { [subAttribute.name]: null })
}

function removeFromList(
  { switches }: Applying,
  { path, value }: PatchOperation<AttributeTarget>,
  current: JsonValue | undefined,
): JsonValue | undefined {
  const { attribute, subAttribute, filter } = path
  const list = elementsOf(current)
  const places = findMatches(list, path)
  if (filter !== undefined && places.size === 0) {
    if (switches.filteredRemoveMiss === 'noTarget') throw refuseMiss(path)
    return current
  }
  if (subAttribute !== undefined) return mergeIntoElements(attribute, list, places, { [subAttribute.name]: null })
  const rest =
    value === undefined
      ? list.filter((_element, at) => !places.has(at))
      : removeElements(attribute, list, elementsOf(value))
  if (attribute.required && rest.length === 0) throw refuseRequired(path)
  return rest
}

function refuseRequired({ canonical }: AttributeTarget) {
  return refuseMutation(canonical, 'is required and cannot be removed')
}
