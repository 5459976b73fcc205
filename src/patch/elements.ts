import { collapseEqualElements } from '../schema/collapse.ts'
import { comparisonText } from '../schema/fold.ts'
import type { Attribute, JsonValue } from '../schema/types.ts'
import { mergeElement } from './merge.ts'
import { isObject, memberOf } from './place.ts'
import { refuse } from './reading.ts'
import { holdsPart } from './same.ts'

export type Elements = readonly JsonValue[]

/** The elements of a multi-valued attribute; none if it is unassigned. */
export function elementsOf(value: JsonValue | undefined): Elements {
  return Array.isArray(value) ? value : []
}

/**
 * Appends values to a list (RFC 7644 section 3.5.2.1). A value that is there already is not added again; one that has
 * the value and type of an element that is there completes that element, since a list has each such pair once
 * (RFC 7643 section 2.4).
 */
export function addElements(attribute: Attribute, list: Elements, added: Elements): Elements {
  const result = [...list]
  const places = indexByValue(attribute, list)
  let primary: number | undefined
  for (const part of added) {
    // what was added just now is not compared: a list that is written as a whole has each value once already
    const candidates = places.get(valueKey(attribute, part)) ?? []
    if (candidates.some((at) => holdsPart(attribute, result[at]!, part))) continue
    const same = candidates.find((at) => isSamePair(attribute, result[at]!, part))
    const at = same ?? result.length
    result[at] = mergeElement(attribute, result[at], part)
    if (memberOf(part, 'primary') !== true) continue
    if (primary !== undefined) throw refuseTwoPrimaries(attribute)
    primary = at
  }
  return primary === undefined ? result : withOnlyPrimary(result, primary)
}

/** Takes values away: an element goes if it has all that one of the values says about value and type. */
export function removeElements(attribute: Attribute, list: Elements, removed: Elements): Elements {
  const wanted = indexByValue(attribute, removed)
  return list.filter((element) => {
    const candidates = wanted.get(valueKey(attribute, element)) ?? []
    return !candidates.some((at) => holdsPart(attribute, element, pairOf(removed[at]!)))
  })
}

/**
 * Merges a part into the elements at some places. One that becomes primary takes that from the others (RFC 7644
 * section 3.5.2); simple elements are replaced.
 *
 * @throws UsherError `invalid_value` if several would become primary; `mutability`
 */
export function mergeIntoElements(
  attribute: Attribute,
  list: Elements,
  places: ReadonlySet<number>,
  part: JsonValue,
): Elements {
  const result = list.map((element, at) => (places.has(at) ? mergeElement(attribute, element, part) : element))
  if (memberOf(part, 'primary') !== true) return result
  const [place, ...others] = places
  if (place === undefined) return result
  if (others.length > 0) throw refuseTwoPrimaries(attribute)
  return withOnlyPrimary(result, place)
}

/** What is kept of a list after the last operation: no element without content, none twice; undefined if empty. */
export function tidyElements(attribute: Attribute, list: Elements): JsonValue | undefined {
  const kept = list.filter((element) => !isWithoutContent(element))
  return kept.length === 0 ? undefined : collapseEqualElements(attribute, kept)
}

/** An element that only says what kind of value it would be. */
function isWithoutContent(element: JsonValue): boolean {
  return isObject(element) && Object.keys(element).every((name) => name === 'type' || name === 'primary')
}

function withOnlyPrimary(list: Elements, place: number): Elements {
  return list.map((element, at) => {
    return at !== place && isObject(element) && element.primary === true ? { ...element, primary: false } : element
  })
}

/** Keeps the additions of long lists to long lists from comparing everything with everything. */
function indexByValue(attribute: Attribute, list: Elements): Map<string, readonly number[]> {
  const places = new Map<string, number[]>()
  for (const [at, element] of list.entries()) {
    const key = valueKey(attribute, element)
    const found = places.get(key)
    if (found === undefined) places.set(key, [at])
    else found.push(at)
  }
  return places
}

function valueKey(attribute: Attribute, element: JsonValue): string {
  const value = isObject(element) ? memberOf(element, 'value') : element
  if (typeof value !== 'string') return JSON.stringify(value) ?? ''
  const compared = attribute.type === 'complex' ? attribute.subAttributesByName.get('value') : attribute
  return `"${compared === undefined ? value : comparisonText(compared, value)}`
}

function isSamePair(attribute: Attribute, element: JsonValue, part: JsonValue): boolean {
  if (!isObject(element) || !isObject(part) || memberOf(part, 'value') === undefined) return false
  return isObject(pairOf(part)) && hasSameType(attribute, element, part)
}

function hasSameType(attribute: Attribute, element: JsonValue, part: JsonValue): boolean {
  const type = memberOf(part, 'type')
  return type === undefined ? memberOf(element, 'type') === undefined : holdsPart(attribute, element, { type })
}

/** What tells values apart where they have a `value`; all there is where they have none, as addresses. */
function pairOf(element: JsonValue): JsonValue {
  const value = memberOf(element, 'value')
  if (value === undefined) return element
  const type = memberOf(element, 'type')
  return type === undefined ? { value } : { value, type }
}

function refuseTwoPrimaries(attribute: Attribute) {
  return refuse('invalid_value', `"${attribute.path}" must not have more than one primary value.`)
}
