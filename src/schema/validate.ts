import { checkElementCount, checkPrimary, requireAttributes, requireExtensions } from './constraints.ts'
import type { Attribute, JsonObject, JsonValue, Resource, ResourceType } from './types.ts'

/**
 * Checks a resource as a whole after its last change (RFC 7644 section 3.5.2): required attributes, required
 * extensions, one primary value at most. The single values were checked when they were read.
 *
 * @throws UsherError `invalid_value`
 */
export function validateResource(type: ResourceType, resource: Resource): void {
  validateAttributes(type, type.attributes, resource)
  requireExtensions(type, resource)
  for (const { schema } of type.extensions) {
    const container = resource[schema]
    const attributes = type.extensionAttributes.get(schema.toLowerCase())
    if (container === undefined || attributes === undefined) continue
    validateAttributes(type, attributes.values(), container as JsonObject)
  }
}

function validateAttributes(type: ResourceType, attributes: Iterable<Attribute>, values: JsonObject): void {
  for (const attribute of attributes) {
    requireAttributes(type, [attribute], values)
    const value = values[attribute.name]
    if (attribute.type !== 'complex' || value === undefined) {
      if (Array.isArray(value)) checkElementCount(type, attribute, value.length)
      continue
    }
    if (attribute.mutability === 'readOnly') continue
    const elements: readonly JsonValue[] = Array.isArray(value) ? value : [value]
    if (attribute.multiValued) {
      checkElementCount(type, attribute, elements.length)
      checkPrimary(type, attribute, elements)
    }
    for (const element of elements) requireAttributes(type, attribute.subAttributes, element as JsonObject)
  }
}
