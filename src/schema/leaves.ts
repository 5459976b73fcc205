import { fold } from './fold.ts'
import type { Attribute, JsonObject, JsonValue, Resource, ResourceType } from './types.ts'

/** Attributes whose sources are kept value by value, or as holds, and not per leaf; by the URN of their schema. */
const keptElsewhere: ReadonlyMap<string, readonly string[]> = new Map([
  ['urn:ietf:params:scim:schemas:core:2.0:User', ['active', 'roles', 'groups']],
  ['urn:ietf:params:scim:schemas:core:2.0:Group', ['members']],
])

/**
 * The parts of a resource for each of which one source is known, with their values:
 * - a simple attribute by its path, with the whole list if it is multi-valued;
 * - of a complex attribute each sub-attribute by its path;
 * - of a multi-valued complex attribute the elements of each `type`, as `emails[type eq "work"]`, and those without a
 *   type as `emails`.
 *
 * Left out are readOnly attributes, `schemas`, and what has sources of its own: `active`, `roles`, `groups`, `members`.
 */
export function leaves(type: ResourceType, resource: Resource): ReadonlyMap<string, JsonValue> {
  const found = new Map<string, JsonValue>()
  addLeaves(type.attributes, resource, found)
  for (const { schema } of type.extensions) {
    const container = resource[schema]
    const attributes = type.extensionAttributes.get(schema.toLowerCase())
    if (container !== undefined && attributes !== undefined) {
      addLeaves(attributes.values(), container as JsonObject, found)
    }
  }
  return found
}

/**
 * The path of the leaf to which a target belongs: `emails[type eq "work"]` for `emails[type eq "work"].value`. For a
 * singular complex attribute as a whole it is the attribute's path, in front of those of its leaves.
 *
 * @param path a parsed PATCH path or the target of a mapping; `selectors` are the comparisons of its filter
 */
export function leafOf(path: {
  readonly attribute: Attribute
  readonly subAttribute: Attribute | undefined
  readonly selectors?: Readonly<Record<string, JsonValue>> | undefined
}): string {
  const { attribute, subAttribute, selectors } = path
  if (attribute.type !== 'complex') return attribute.path
  if (!attribute.multiValued) return (subAttribute ?? attribute).path
  return elementPath(
    attribute,
    selectors !== undefined && Object.hasOwn(selectors, 'type') ? selectors.type : undefined,
  )
}

function addLeaves(attributes: Iterable<Attribute>, values: JsonObject, found: Map<string, JsonValue>): void {
  for (const attribute of attributes) {
    const value = values[attribute.name]
    if (value === undefined || value === null || isLeftOut(attribute)) continue
    if (attribute.type !== 'complex') found.set(attribute.path, value)
    else if (attribute.multiValued) addElements(attribute, value as readonly JsonObject[], found)
    else addParts(attribute, value as JsonObject, found)
  }
}

function isLeftOut(attribute: Attribute): boolean {
  if (attribute.mutability === 'readOnly' || attribute.path === 'schemas') return true
  return attribute.extension === undefined && (keptElsewhere.get(attribute.schema)?.includes(attribute.name) ?? false)
}

function addParts(attribute: Attribute, value: JsonObject, found: Map<string, JsonValue>): void {
  for (const subAttribute of attribute.subAttributes) {
    const part = value[subAttribute.name]
    if (part !== undefined && part !== null && subAttribute.name !== '$ref') found.set(subAttribute.path, part)
  }
}

function addElements(attribute: Attribute, elements: readonly JsonObject[], found: Map<string, JsonValue>): void {
  const groups = new Map<string, JsonObject[]>()
  for (const element of elements) {
    const path = elementPath(attribute, element.type)
    const group = groups.get(path)
    if (group === undefined) groups.set(path, [element])
    else group.push(element)
  }
  for (const [path, group] of groups) found.set(path, group)
}

/** Types that differ in case only are the same type, as in a filter. */
function elementPath(attribute: Attribute, type: JsonValue | undefined): string {
  if (typeof type !== 'string' || !attribute.subAttributesByName.has('type')) return attribute.path
  return `${attribute.path}[type eq ${JSON.stringify(fold(type))}]`
}
