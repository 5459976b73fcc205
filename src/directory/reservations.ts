/** Reservation strings: one unique index serves every uniqueness that a dialect or a schema document switches on. */
import { parseDateTime } from '../schema/date-time.ts'
import { fold } from '../schema/fold.ts'
import type { Attribute, JsonObject, JsonValue, Resource, ResourceType } from '../schema/types.ts'
import type { ExternalIdDocument } from '../store/documents.ts'

/** What no other resource of the organization may have besides one with these attributes and externalIds. */
export function reservations(
  type: ResourceType,
  attributes: Resource,
  externalIds: readonly ExternalIdDocument[],
): readonly string[] {
  const keys = new Set<string>()
  for (const { client, value, unique } of externalIds) {
    if (unique === 'client') keys.add(`externalId|${client}|${value}`)
    if (unique === 'organization') keys.add(`externalId|*|${value}`)
  }
  reserve(type, type.attributes, attributes, keys)
  for (const { schema } of type.extensions) {
    const container = attributes[schema] as JsonObject | undefined
    const described = type.extensionAttributes.get(schema.toLowerCase())
    if (container !== undefined && described !== undefined) reserve(type, described.values(), container, keys)
  }
  return [...keys]
}

/** `id` and `userName` have indexes of their own. */
const guardedOtherwise: ReadonlySet<string> = new Set(['id', 'userName'])

function reserve(type: ResourceType, attributes: Iterable<Attribute>, values: JsonObject, keys: Set<string>): void {
  for (const attribute of attributes) {
    const value = values[attribute.name]
    if (value === undefined || value === null) continue
    for (const element of Array.isArray(value) ? (value as readonly JsonValue[]) : [value]) {
      if (attribute.type === 'complex') reserve(type, attribute.subAttributes, element as JsonObject, keys)
      else if (attribute.uniqueness !== 'none' && !guardedOtherwise.has(attribute.path)) {
        keys.add(`${type.name}|${attribute.path}|${comparable(attribute, element)}`)
      }
    }
  }
}

/** Two values with the same text here are the same to a filter. */
function comparable(attribute: Attribute, value: JsonValue): string {
  if (typeof value !== 'string') return String(value)
  if (attribute.type === 'dateTime') return new Date(parseDateTime(value) ?? 0).toISOString()
  return attribute.caseExact ? value : fold(value)
}
