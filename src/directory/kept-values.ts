/** What a PUT leaves as it was although it does not say so (RFC 7644 section 3.5.1). */
import { UsherError } from '../errors.ts'
import { equalValues } from '../schema/equal.ts'
import type { Attribute, JsonObject, JsonValue, Resource, ResourceType } from '../schema/types.ts'
import { validateResource } from '../schema/validate.ts'

/**
 * The resource that a PUT makes, with what it cannot clear, because it is never shown (writeOnly), and with what is
 * immutable: the value that is there stays, and another one is refused. So it is in extensions and in singular complex
 * attributes; the elements of lists are replaced as a whole.
 *
 * @throws UsherError `mutability`; `invalid_value` when what stays needs what goes
 */
export function keepValues(type: ResourceType, before: Resource, after: Resource): Resource {
  let kept = keepIn(type.attributes, before, after)
  for (const { schema } of type.extensions) {
    const attributes = type.extensionAttributes.get(schema.toLowerCase())
    const container = before[schema] as JsonObject | undefined
    if (attributes === undefined || container === undefined) continue
    const there = kept[schema] as JsonObject | undefined
    const next = keepIn(attributes.values(), container, there ?? {})
    if (next !== there && Object.keys(next).length > 0) kept = { ...kept, [schema]: next }
  }
  if (kept !== after) validateResource(type, kept)
  return kept
}

function keepIn(attributes: Iterable<Attribute>, before: JsonObject, after: JsonObject): JsonObject {
  const kept: Record<string, JsonValue> = {}
  for (const attribute of attributes) {
    const old = before[attribute.name]
    if (old === undefined || old === null) continue
    const value = keptValue(attribute, old, after[attribute.name])
    if (value !== undefined && value !== after[attribute.name]) kept[attribute.name] = value
  }
  return Object.keys(kept).length === 0 ? after : { ...after, ...kept }
}

function keptValue(attribute: Attribute, old: JsonValue, value: JsonValue | undefined): JsonValue | undefined {
  switch (attribute.mutability) {
    case 'writeOnly':
      return value ?? old
    case 'immutable':
      if (value === undefined || equalValues(old, value)) return old
      throw new UsherError('mutability', `"${attribute.path}" is immutable and has a value already.`)
    default: {
      if (attribute.type !== 'complex' || attribute.multiValued) return value
      const parts = keepIn(attribute.subAttributes, old as JsonObject, (value ?? {}) as JsonObject)
      return Object.keys(parts).length === 0 ? value : parts
    }
  }
}
