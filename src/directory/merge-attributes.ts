/** The attributes of two users as those of one. Pure: what the survivor says stays, what only the other says is added. */
import { equalValues } from '../schema/equal.ts'
import { fold } from '../schema/fold.ts'
import { leafOf, leaves } from '../schema/leaves.ts'
import type { Attribute, JsonObject, JsonValue, Resource, ResourceType } from '../schema/types.ts'
import type { AttributeSourceDocument } from '../store/documents.ts'

export interface Sourced {
  readonly attributes: Resource
  readonly sources: readonly AttributeSourceDocument[]
}

/**
 * - A part that the survivor lacks comes with its source.
 * - Of a part that both have, the survivor's value stays; what the other's source said is kept as shadowed.
 * - Of a list, values that the survivor lacks are appended, so that the person is still found by each address.
 *
 * @param isLocked whether a connection keeps a part (see `leaves`) of the survivor to itself: then nothing is added
 */
export function mergeAttributes(
  type: ResourceType,
  survivor: Sourced,
  other: Sourced,
  isLocked: (leaf: string) => boolean,
): Sourced {
  const extensions = type.extensions.flatMap(({ schema }): readonly (readonly [string, Resource])[] => {
    const known = [...(type.extensionAttributes.get(schema.toLowerCase())?.values() ?? [])]
    const container = fill(known, member(survivor.attributes, schema), member(other.attributes, schema), isLocked)
    return Object.keys(container).length === 0 ? [] : [[schema, container]]
  })
  const core = fill(type.attributes, survivor.attributes, other.attributes, isLocked)
  const attributes = { ...core, ...Object.fromEntries(extensions) }
  return { attributes, sources: mergeSources(type, survivor, other, attributes) }
}

function fill(
  attributes: readonly Attribute[],
  into: Resource,
  from: Resource,
  isLocked: (leaf: string) => boolean,
): Resource {
  const filled: Record<string, JsonValue | undefined> = { ...into }
  for (const attribute of attributes) {
    const value = from[attribute.name]
    if (value === undefined) continue
    const own = into[attribute.name]
    if (attribute.multiValued && attribute.type === 'complex') {
      const more = append(attribute, list(own), list(value), isLocked)
      if (more.length > 0) filled[attribute.name] = [...list(own), ...more]
    } else if (attribute.type === 'complex') {
      const isFree = (name: string) => !isLocked(attribute.subAttributesByName.get(name.toLowerCase())?.path ?? name)
      const parts = Object.fromEntries(Object.entries(value as JsonObject).filter(([name]) => isFree(name)))
      const whole = { ...parts, ...(own as JsonObject | undefined) }
      if (Object.keys(whole).length > 0) filled[attribute.name] = whole
    } else if (own === undefined && !isLocked(attribute.path)) filled[attribute.name] = value
  }
  return filled
}

/** The values that are new; a list keeps the primary value that it has. */
function append(
  attribute: Attribute,
  own: readonly JsonObject[],
  values: readonly JsonObject[],
  isLocked: (leaf: string) => boolean,
): readonly JsonObject[] {
  const hasPrimary = own.some(({ primary }) => primary === true)
  const isKnown = (value: JsonObject) =>
    own.some((element) =>
      typeof value.value === 'string'
        ? typeof element.value === 'string' && fold(element.value) === fold(value.value)
        : leaf(attribute, element) === leaf(attribute, value) || equalValues(element, value),
    )
  return values
    .filter((value) => !isKnown(value) && !isLocked(leaf(attribute, value)))
    .map(({ primary, ...value }) => (primary === undefined || hasPrimary ? value : { ...value, primary }))
}

function leaf(attribute: Attribute, { type }: JsonObject): string {
  return leafOf({ attribute, subAttribute: undefined, selectors: type === undefined ? {} : { type } })
}

function mergeSources(
  type: ResourceType,
  survivor: Sourced,
  other: Sourced,
  merged: Resource,
): readonly AttributeSourceDocument[] {
  const own = new Map(survivor.sources.map((entry) => [entry.path, entry]))
  const theirs = new Map(other.sources.map((entry) => [entry.path, entry]))
  const said = leaves(type, other.attributes)
  return [...leaves(type, merged)].flatMap(([path, value]) => {
    const entry = own.get(path)
    const added = theirs.get(path)
    if (entry === undefined) return added ?? []
    const differs = added !== undefined && !equalValues(said.get(path), value) && added.source !== entry.source
    const opinion = differs ? [{ source: added.source, value: said.get(path)!, at: added.at }] : []
    const known = entry.shadowed ?? []
    const more = [...opinion, ...(added?.shadowed ?? [])].filter(
      ({ source }) => source !== entry.source && !known.some((shadow) => shadow.source === source),
    )
    return more.length === 0 ? entry : { ...entry, shadowed: [...known, ...more] }
  })
}

function list(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : []
}

function member(value: JsonValue | undefined, name: string): Resource {
  const found = (value as JsonObject | undefined)?.[name]
  return (found ?? {}) as Resource
}
