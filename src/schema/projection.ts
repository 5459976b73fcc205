import { resolvePath } from './path.ts'
import type { Attribute, JsonObject, JsonValue, ResourceType } from './types.ts'

/** What a request asks to see (RFC 7644 section 3.9). */
export interface ProjectionRequest {
  readonly attributes?: readonly string[] | undefined
  readonly excludedAttributes?: readonly string[] | undefined
  /** Canonical paths of attributes that the request itself wrote: of those, `returned: request` ones are shown too. */
  readonly supplied?: ReadonlySet<string> | undefined
}

interface ShownAttribute {
  readonly attribute: Attribute
  /** The sub-attributes to show; undefined if the value is shown as it is. */
  readonly parts: readonly Attribute[] | undefined
}

/** What of a resource is shown; made by `createProjection`, applied by `project`. */
export interface Projection {
  readonly core: readonly ShownAttribute[]
  readonly extensions: readonly { readonly schema: string; readonly shown: readonly ShownAttribute[] }[]
  /**
   * Whether an attribute, or an extension named by its URN, is shown at all: what is not need not be computed.
   * Takes a path in any spelling.
   */
  wants(path: string): boolean
}

interface Selection {
  /** Whether only what is named is shown. */
  readonly named: boolean
  /** Attributes and sub-attributes that the request names, and extensions by their URN. */
  readonly names: ReadonlySet<Attribute | string>
  /** Attributes of which some sub-attribute is named. */
  readonly outer: ReadonlySet<Attribute>
  readonly supplied: ReadonlySet<string>
}

/**
 * Works out what a request is shown. `attributes` wins over `excludedAttributes`; unknown names are ignored, filters
 * in brackets as well; what is always returned cannot be excluded, what is never returned cannot be asked for, and
 * what is returned on request has to be named or supplied (RFC 7643 section 7).
 */
export function createProjection(type: ResourceType, request: ProjectionRequest = {}): Projection {
  const named = request.attributes?.some((name) => name.trim() !== '') ?? false
  const selection = select(
    type,
    (named ? request.attributes : request.excludedAttributes) ?? [],
    named,
    request.supplied,
  )
  const core = shownOf(type.attributes, undefined, selection)
  const extensions = type.extensions.flatMap(({ schema }) => {
    const attributes = type.extensionAttributes.get(schema.toLowerCase())
    const shown = attributes === undefined ? [] : shownOf(attributes.values(), schema, selection)
    return shown.length === 0 ? [] : [{ schema, shown }]
  })
  const known = new Map<string, boolean>()
  const shows = (path: string) => {
    const target = resolvePath(type, path)
    if (target === undefined) return false
    if (target.kind === 'extension') return extensions.some(({ schema }) => schema === target.schema)
    const { attribute, subAttribute } = target
    const list = extensions.find(({ schema }) => schema === attribute.extension)?.shown
    const shown = (attribute.extension === undefined ? core : list)?.find((entry) => entry.attribute === attribute)
    if (shown === undefined || subAttribute === undefined) return shown !== undefined
    return shown.parts === undefined || shown.parts.includes(subAttribute)
  }
  return {
    core,
    extensions,
    // Asked for the same few paths by every resource of a page.
    wants(path) {
      const wanted = known.get(path) ?? shows(path)
      known.set(path, wanted)
      return wanted
    },
  }
}

/**
 * The part of a resource that is shown, in the order of the schemas and with nothing that they do not describe.
 *
 * @param shown the resource with everything computed: `schemas`, `id`, `meta`, `groups`, `$ref`
 */
export function project(projection: Projection, shown: JsonObject): JsonObject {
  const result = pick(projection.core, shown) ?? {}
  for (const { schema, shown: attributes } of projection.extensions) {
    const container = shown[schema]
    if (container === undefined || container === null) continue
    const picked = pick(attributes, container as JsonObject)
    if (picked !== undefined) result[schema] = picked
  }
  return result
}

function select(
  type: ResourceType,
  names: readonly string[],
  named: boolean,
  supplied: ReadonlySet<string> | undefined,
): Selection {
  const chosen = new Set<Attribute | string>()
  const outer = new Set<Attribute>()
  for (const name of names) {
    const target = resolvePath(type, withoutFilter(name.trim()))
    if (target === undefined) continue
    if (target.kind === 'extension') chosen.add(target.schema)
    else {
      chosen.add(target.subAttribute ?? target.attribute)
      if (target.subAttribute !== undefined) outer.add(target.attribute)
    }
  }
  return { named, names: chosen, outer, supplied: supplied ?? new Set() }
}

/** `emails[type eq "work"].value` as `emails.value`. */
function withoutFilter(name: string): string {
  const open = name.indexOf('[')
  const close = name.lastIndexOf(']')
  return open < 0 || close < open ? name : name.slice(0, open) + name.slice(close + 1)
}

function shownOf(attributes: Iterable<Attribute>, schema: string | undefined, selection: Selection): ShownAttribute[] {
  const shown: ShownAttribute[] = []
  const isExtensionChosen = schema !== undefined && selection.names.has(schema)
  for (const attribute of attributes) {
    const isChosen = selection.names.has(attribute)
    if (!isShown(attribute, isChosen, isExtensionChosen, selection)) continue
    const parts = partsOf(attribute, isChosen || isExtensionChosen, selection)
    if (parts === undefined || parts.length > 0) shown.push({ attribute, parts })
  }
  return shown
}

function isShown(attribute: Attribute, isChosen: boolean, isExtensionChosen: boolean, selection: Selection): boolean {
  if (attribute.returned === 'always') return true
  if (attribute.returned === 'never') return false
  const isNamed = isChosen || selection.outer.has(attribute)
  if (attribute.returned === 'request' && !selection.supplied.has(attribute.path)) return selection.named && isNamed
  return selection.named ? isNamed || isExtensionChosen : !(isChosen || isExtensionChosen)
}

function partsOf(attribute: Attribute, isWhole: boolean, selection: Selection): readonly Attribute[] | undefined {
  if (attribute.type !== 'complex') return undefined
  const parts = attribute.subAttributes.filter((part) => isPartShown(part, attribute, isWhole, selection))
  return parts.length === attribute.subAttributes.length ? undefined : parts
}

function isPartShown(part: Attribute, attribute: Attribute, isWhole: boolean, selection: Selection): boolean {
  const isChosen = selection.names.has(part)
  if (part.returned === 'always') return true
  if (part.returned === 'never') return false
  if (selection.named) {
    if (isChosen) return true
    if (part.returned === 'request') return false
    // an attribute that is shown because it always is, is shown whole
    return isWhole || !selection.outer.has(attribute)
  }
  return part.returned !== 'request' && !isChosen
}

/** Undefined if nothing of it has a value. */
function pick(attributes: readonly ShownAttribute[], values: JsonObject): Record<string, JsonValue> | undefined {
  const result: Record<string, JsonValue> = {}
  let assigned = false
  for (const { attribute, parts } of attributes) {
    const value = values[attribute.name]
    if (value === undefined || value === null) continue
    const picked = parts === undefined ? value : pickParts(parts, value)
    if (picked === undefined) continue
    result[attribute.name] = picked
    assigned = true
  }
  return assigned ? result : undefined
}

function pickParts(parts: readonly Attribute[], value: JsonValue): JsonValue | undefined {
  if (!Array.isArray(value)) return pickFrom(parts, value as JsonObject)
  const elements: JsonValue[] = []
  for (const element of value as readonly JsonObject[]) {
    const picked = pickFrom(parts, element)
    if (picked !== undefined) elements.push(picked)
  }
  return elements.length === 0 ? undefined : elements
}

function pickFrom(parts: readonly Attribute[], value: JsonObject): JsonObject | undefined {
  const result: Record<string, JsonValue> = {}
  let assigned = false
  for (const { name } of parts) {
    const part = value[name]
    if (part === undefined || part === null) continue
    result[name] = part
    assigned = true
  }
  return assigned ? result : undefined
}
