import { createHash } from 'node:crypto'
import type { Attribute, ResourceType } from './types.ts'

/**
 * What of a resource type decides how its resources are compared and which of their values are reserved, as one short
 * text: two types with the same text give the same comparison form and the same reservations for the same resource.
 */
export function outlineOf(
  type: Pick<ResourceType, 'name' | 'attributes' | 'extensions' | 'extensionAttributes'>,
): string {
  const containers = type.extensions.map(({ schema, alias }) => [
    alias,
    ...[...(type.extensionAttributes.get(schema.toLowerCase())?.values() ?? [])].map(traits),
  ])
  const text = JSON.stringify([type.name, ...type.attributes.map(traits), ...containers])
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}

function traits(attribute: Attribute): readonly unknown[] {
  const { path, type, multiValued, caseExact, returned, uniqueness, subAttributes } = attribute
  return [path, type, multiValued, caseExact, returned === 'never', uniqueness !== 'none', subAttributes.map(traits)]
}
