import { checkBodySchemas, meantSchema } from './body-schemas.ts'
import { collectMembers } from './collect-members.ts'
import { requireAttributes, requireExtensions } from './constraints.ts'
import { refuseForbiddenKeys } from './forbidden-keys.ts'
import { readAttribute } from './read-attribute.ts'
import {
  isObject,
  isUnassigned,
  meetUnknown,
  type NormaliseOptions,
  quote,
  type Reading,
  syntaxError,
} from './reading.ts'
import type { Attribute, JsonObject, JsonValue, Resource, ResourceType } from './types.ts'

/**
 * Reads the body of a POST or PUT into a resource in canonical form (RFC 7644 sections 3.3 and 3.5.1). The result is
 * built from the schema, attribute by attribute, so that it holds nothing that the schema does not describe. It has
 * neither `schemas` (they follow from the attributes) nor anything readOnly: `id`, `meta`, `groups`, `$ref`.
 *
 * @param input the parsed JSON body
 * @param kept what stands for the attributes that the body omits; null and an empty list omit nothing
 * @throws UsherError `invalid_syntax` for the form of the body, `invalid_value` for the value of an attribute
 */
export function normalise(
  type: ResourceType,
  input: unknown,
  options: NormaliseOptions,
  kept: Resource = {},
): Resource {
  if (!isObject(input)) throw syntaxError('The body must be a JSON object.')
  refuseForbiddenKeys(input)
  const reading: Reading = { type, switches: options.switches, note: options.note, extent: 'whole' }
  const { core, containers, schemas } = sortMembers(reading, input)
  checkBodySchemas(reading, schemas)

  const resource: Record<string, JsonValue> = readAll(reading, type.attributes, core, kept) ?? {}
  requireAttributes(type, type.attributes, resource)
  for (const { schema } of type.extensions) {
    const urn = schema.toLowerCase()
    const before = kept[schema] as JsonObject | undefined
    const container = containers.has(urn) ? readContainer(reading, schema, containers.get(urn), before) : before
    if (container !== undefined) resource[schema] = container
  }
  requireExtensions(type, resource)
  return resource
}

interface SortedMembers {
  readonly core: ReadonlyMap<Attribute, unknown>
  /** By the extension's URN in lower case. */
  readonly containers: ReadonlyMap<string, unknown>
  readonly schemas: unknown
}

/** Tells the members of a body apart: attributes in any spelling, containers of extensions, `schemas`, unknown ones. */
function sortMembers(reading: Reading, body: Readonly<Record<string, unknown>>): SortedMembers {
  const { type } = reading
  const core = new Map<Attribute, unknown>()
  const containers = new Map<string, unknown>()
  let schemas: unknown
  for (const name of Object.keys(body)) {
    const attribute = type.attributesByName.get(name.toLowerCase())
    if (attribute !== undefined) {
      if (core.has(attribute)) throw syntaxError(`The body has ${quote(name)} twice, in two spellings.`)
      core.set(attribute, body[name])
      if (attribute.path === 'schemas') schemas = body[name]
      continue
    }
    const urn = name.includes(':') ? meantSchema(type, name) : undefined
    if (urn === undefined || !type.extensionAttributes.has(urn)) {
      meetUnknown(reading, name, `A ${type.name}`)
      continue
    }
    if (containers.has(urn)) throw syntaxError(`The body has the extension ${quote(name)} twice, in two spellings.`)
    if (urn !== name.toLowerCase()) reading.note('former schema URI')
    containers.set(urn, body[name])
  }
  return { core, containers, schemas }
}

function readContainer(reading: Reading, urn: string, value: unknown, kept: JsonObject = {}): JsonObject | undefined {
  if (isUnassigned(value)) return undefined
  const attributes = reading.type.extensionAttributes.get(urn.toLowerCase())
  if (attributes === undefined) return undefined
  if (!isObject(value)) throw syntaxError(`"${urn}" must be an object.`)
  const members = collectMembers(reading, attributes, value, `"${urn}"`)
  const container = readAll(reading, attributes.values(), members, kept)
  if (container !== undefined) requireAttributes(reading.type, attributes.values(), container)
  return container
}

/** Undefined if nothing has a value. */
function readAll(
  reading: Reading,
  attributes: Iterable<Attribute>,
  members: ReadonlyMap<Attribute, unknown>,
  kept: JsonObject,
): Record<string, JsonValue> | undefined {
  const values: Record<string, JsonValue> = {}
  let assigned = false
  for (const attribute of attributes) {
    if (attribute.mutability === 'readOnly' || attribute.path === 'schemas') continue
    const value = members.has(attribute)
      ? readAttribute(reading, attribute, members.get(attribute))
      : kept[attribute.name]
    if (value === undefined) continue
    values[attribute.name] = value
    assigned = true
  }
  return assigned ? values : undefined
}
