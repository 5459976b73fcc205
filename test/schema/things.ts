import { createRegistry } from '../../src/schema/registry.ts'
import type { AttributeDefinition, ResourceTypeDocument, SchemaDocument } from '../../src/schema/types.ts'

export const coreUrn = 'urn:example:1.0:Thing'

export function attribute(name: string, more: Partial<AttributeDefinition> = {}): AttributeDefinition {
  return {
    name,
    type: 'string',
    multiValued: false,
    description: '',
    required: false,
    mutability: 'readWrite',
    returned: 'default',
    ...more,
  }
}

export function schema(id: string, ...attributes: AttributeDefinition[]): SchemaDocument {
  return { id, name: 'Thing', attributes }
}

export function thing(more: Partial<ResourceTypeDocument> = {}): ResourceTypeDocument {
  return { name: 'Thing', endpoint: '/Things', schema: coreUrn, ...more }
}

export function create(...attributes: AttributeDefinition[]) {
  return createRegistry({ schemas: [schema(coreUrn, ...attributes)], resourceTypes: [thing()] })
}
