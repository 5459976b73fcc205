/** Targets of a mapping: SCIM paths with at most one value behind them, and how to read and write it. */
import { UsherError } from '../errors.ts'
import { parseAttributePath } from '../filter/parsePath.ts'
import type { FilterNode } from '../filter/types.ts'
import { isObject } from '../patch/place.ts'
import { equalValues } from '../schema/equal.ts'
import { fold } from '../schema/fold.ts'
import { leafOf } from '../schema/leaves.ts'
import { resolvePath } from '../schema/path.ts'
import type { Attribute, JsonObject, JsonValue, Resource, ResourceType } from '../schema/types.ts'

type Scalar = string | number | boolean

export interface Target {
  readonly attribute: Attribute
  readonly subAttribute: Attribute | undefined
  /** What the filter in brackets says about the value, and what a new one gets. */
  readonly selectors: Readonly<Record<string, Scalar>> | undefined
  /** The path in the spelling of the schema. */
  readonly canonical: string
}

/** The comparisons of a filter that only selects by equality; undefined for any other filter. */
function readSelectors(attribute: Attribute, filter: FilterNode): Record<string, Scalar> | undefined {
  const terms = filter.kind === 'and' ? filter.terms : [filter]
  const selectors: Record<string, Scalar> = {}
  for (const term of terms) {
    if (term.kind !== 'compare' || term.operator !== 'eq' || term.value === null) return undefined
    const subAttribute = attribute.subAttributesByName.get(term.path.toLowerCase())
    if (subAttribute === undefined) return undefined
    selectors[subAttribute.name] = term.value
  }
  return selectors
}

function canonicalPath(attribute: Attribute, subAttribute: Attribute | undefined, selectors: Target['selectors']) {
  if (selectors === undefined) return (subAttribute ?? attribute).path
  const comparisons = Object.entries(selectors).map(([name, value]) => `${name} eq ${JSON.stringify(value)}`)
  return `${attribute.path}[${comparisons.join(' and ')}]${subAttribute === undefined ? '' : `.${subAttribute.name}`}`
}

/**
 * Resolves the path of a mapping. A value of a list is named by equality (`emails[type eq "work"].value`; `.value` may
 * be left out); a complex attribute is mapped part by part. Gives a sentence for what cannot be a target.
 */
export function resolveTarget(type: ResourceType, path: string): Target | { readonly problem: string } {
  try {
    const parsed = parseAttributePath(path)
    const found = resolvePath(type, parsed.path)
    if (found === undefined) return { problem: `The schemas know no attribute "${path}".` }
    if (found.kind === 'extension') return { problem: 'Name an attribute of the extension.' }
    const { attribute } = found
    if (parsed.filter === undefined) return unfiltered(attribute, found.subAttribute)
    if (!attribute.multiValued || attribute.type !== 'complex' || found.subAttribute !== undefined) {
      return { problem: `"${attribute.path}" has no values to select from.` }
    }
    const selectors = readSelectors(attribute, parsed.filter)
    if (selectors === undefined) return { problem: 'Select a value by equality, such as emails[type eq "work"].' }
    const subAttribute = attribute.subAttributesByName.get((parsed.subAttribute ?? 'value').toLowerCase())
    if (subAttribute === undefined) return { problem: `"${attribute.path}" has no such sub-attribute.` }
    return { attribute, subAttribute, selectors, canonical: canonicalPath(attribute, subAttribute, selectors) }
  } catch (error) {
    if (error instanceof UsherError) return { problem: error.detail }
    throw error
  }
}

/**
 * Resolves a path that is only read: beside targets, a complex attribute as a whole (it has a value when a part has
 * one) and a sub-attribute of any value of a list (`emails.value`).
 */
export function resolveReadable(type: ResourceType, path: string): Target | { readonly problem: string } {
  const found = resolvePath(type, path)
  if (found?.kind !== 'attribute') return resolveTarget(type, path)
  const { attribute, subAttribute } = found
  return { attribute, subAttribute, selectors: undefined, canonical: (subAttribute ?? attribute).path }
}

function unfiltered(attribute: Attribute, subAttribute: Attribute | undefined): Target | { readonly problem: string } {
  if (attribute.multiValued && subAttribute !== undefined) {
    return { problem: `Say which value is meant, such as ${attribute.path}[type eq "work"].${subAttribute.name}.` }
  }
  if (attribute.type === 'complex' && !attribute.multiValued && subAttribute === undefined) {
    return { problem: `"${attribute.path}" is mapped part by part: name a sub-attribute.` }
  }
  return {
    attribute,
    subAttribute,
    selectors: undefined,
    canonical: canonicalPath(attribute, subAttribute, undefined),
  }
}

function walk(resource: Resource, keys: readonly string[]): JsonValue | undefined {
  return keys.reduce<JsonValue | undefined>((value, key) => (isObject(value) ? value[key] : undefined), resource)
}

function listAt(resource: Resource, keys: readonly string[]): readonly JsonObject[] {
  const list = walk(resource, keys)
  return Array.isArray(list) ? list.filter(isObject) : []
}

function isSelected(target: Target, element: JsonObject): boolean {
  return Object.entries(target.selectors ?? {}).every(([name, expected]) => {
    const actual = element[name]
    const caseExact = target.attribute.subAttributesByName.get(name.toLowerCase())?.caseExact === true
    if (typeof actual !== 'string' || typeof expected !== 'string' || caseExact) return actual === expected
    return fold(actual) === fold(expected)
  })
}

/** The value at a target; undefined if there is none. */
export function readTarget(resource: Resource, target: Target): JsonValue | undefined {
  const { attribute, subAttribute } = target
  if (!attribute.multiValued || subAttribute === undefined) return walk(resource, (subAttribute ?? attribute).keys)
  const values = listAt(resource, attribute.keys)
    .filter((element) => isSelected(target, element))
    .map((element) => element[subAttribute.name])
  return values.find((value) => value !== undefined)
}

/** A copy with the value at the keys; without it, and without containers that become empty, for undefined. */
function withValueAt(container: JsonObject, keys: readonly string[], value: JsonValue | undefined): JsonObject {
  const [key, ...rest] = keys
  if (key === undefined) return container
  const present = container[key]
  const inner = rest.length === 0 ? value : withValueAt(isObject(present) ? present : {}, rest, value)
  const gone = inner === undefined || (rest.length > 0 && isObject(inner) && Object.keys(inner).length === 0)
  const { [key]: _, ...others } = container
  return gone ? others : { ...container, [key]: inner }
}

/** Elements are kept in the order of the schema, so that equal ones are written alike. */
function inSchemaOrder(attribute: Attribute, element: JsonObject): JsonObject {
  const entries = attribute.subAttributes.map(({ name }) => [name, element[name]] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function withoutPart(target: Target, element: JsonObject): JsonObject | undefined {
  const { [target.subAttribute?.name ?? '']: _, ...rest } = element
  // what is left says of which kind a value was that is not there any more
  const empty = Object.keys(rest).every((name) => name === 'primary' || Object.hasOwn(target.selectors ?? {}, name))
  return empty ? undefined : rest
}

function writeElement(list: readonly JsonObject[], target: Target, value: JsonValue): readonly JsonObject[] {
  const name = target.subAttribute?.name ?? 'value'
  const selected = list.filter((element) => isSelected(target, element))
  if (selected.some((element) => equalValues(element[name], value))) return list
  const [first] = selected
  if (first === undefined) {
    return [...list, inSchemaOrder(target.attribute, { ...target.selectors, [name]: value })]
  }
  return list.map((element) =>
    element === first ? inSchemaOrder(target.attribute, { ...element, [name]: value }) : element,
  )
}

/**
 * A copy of the resource with the value at the target, or without any for undefined; the same object when that is how
 * it is. Of several values that the filter selects the first is written, and none when one of them has the value;
 * all are cleared.
 */
export function writeTarget(resource: Resource, target: Target, value: JsonValue | undefined): Resource {
  const { attribute, subAttribute, selectors } = target
  if (selectors === undefined) {
    const keys = (subAttribute ?? attribute).keys
    return equalValues(walk(resource, keys), value) ? resource : withValueAt(resource, keys, value)
  }
  const list = listAt(resource, attribute.keys)
  if (value !== undefined) {
    const written = writeElement(list, target, value)
    return written === list ? resource : withValueAt(resource, attribute.keys, written)
  }
  if (readTarget(resource, target) === undefined) return resource
  const kept = list.flatMap((element) => {
    const rest = isSelected(target, element) ? withoutPart(target, element) : element
    return rest === undefined ? [] : [rest]
  })
  return withValueAt(resource, attribute.keys, kept.length === 0 ? undefined : kept)
}

/** Whether what a mapping writes is kept, for the purposes of provenance, under this leaf. */
export function coversLeaf(target: Target, leaf: string): boolean {
  if (leaf === leafOf(target)) return true
  const { attribute, selectors } = target
  if (attribute.type !== 'complex' || !attribute.multiValued || selectors?.type !== undefined) return false
  return leaf === attribute.path || leaf.startsWith(`${attribute.path}[`)
}

/** A copy of the resource without everything that is kept under a leaf. */
export function withoutLeaf(type: ResourceType, resource: Resource, leaf: string): Resource {
  const target = resolveTarget(type, leaf)
  if ('problem' in target) return resource
  const { attribute, selectors } = target
  if (attribute.type !== 'complex' || !attribute.multiValued) return writeTarget(resource, target, undefined)
  const list = listAt(resource, attribute.keys)
  const kept = list.filter((element) =>
    selectors === undefined ? typeof element.type === 'string' : !isSelected(target, element),
  )
  return withValueAt(resource, attribute.keys, kept.length === 0 ? undefined : kept)
}
