import type { AttributeDefinition } from './types.ts'

const shared = { multiValued: false, required: false, mutability: 'readOnly', returned: 'default' } as const

/** The attributes that every resource has (RFC 7643 section 3.1), with `schemas` (section 3). */
export const commonAttributes: readonly AttributeDefinition[] = [
  {
    ...shared,
    name: 'schemas',
    type: 'string',
    multiValued: true,
    description: 'The URIs of the schemas that the resource has attributes of.',
    required: true,
    mutability: 'readWrite',
    returned: 'always',
  },
  {
    ...shared,
    name: 'id',
    type: 'string',
    description: 'The identifier that the service provider gave to the resource.',
    caseExact: true,
    returned: 'always',
    uniqueness: 'global',
  },
  {
    ...shared,
    name: 'externalId',
    type: 'string',
    description: 'The identifier that the client gave to the resource.',
    caseExact: true,
    mutability: 'readWrite',
  },
  {
    ...shared,
    name: 'meta',
    type: 'complex',
    description: 'What is known about the resource as such.',
    subAttributes: [
      { ...shared, name: 'resourceType', type: 'string', description: 'The resource type.', caseExact: true },
      { ...shared, name: 'created', type: 'dateTime', description: 'When the resource was created.' },
      { ...shared, name: 'lastModified', type: 'dateTime', description: 'When the resource last changed.' },
      { ...shared, name: 'location', type: 'reference', description: 'The URL of the resource.' },
      { ...shared, name: 'version', type: 'string', description: 'The version, as in the ETag.', caseExact: true },
    ],
  },
]
