import { UsherError } from '../errors.ts'
import { compileResourceType } from './compile.ts'
import type { ResourceType, ResourceTypeDocument, SchemaDocument } from './types.ts'

/** Schema and ResourceType documents as they were read. */
export interface SchemaDocuments {
  readonly schemas: readonly SchemaDocument[]
  readonly resourceTypes: readonly ResourceTypeDocument[]
}

/** Every resource type that this installation serves, compiled once at start. */
export interface SchemaRegistry {
  readonly resourceTypes: readonly ResourceType[]
  /** For `/ResourceTypes` (RFC 7643 section 6); `id` is always the name. */
  readonly resourceTypeDocuments: readonly ResourceTypeDocument[]
  /** For `/Schemas`: what the resource types use, and the descriptions of the discovery documents themselves. */
  readonly schemas: readonly SchemaDocument[]
  /** The resource type of this name; asking for one that does not exist is a mistake of ours. */
  resourceType(name: string): ResourceType
  /** The resource type at an endpoint such as `/Users`, whatever its case. */
  resourceTypeAt(endpoint: string): ResourceType | undefined
  /** A schema of `schemas` by its URN, whatever its case (RFC 7643 section 7). */
  schemaOf(urn: string): SchemaDocument | undefined
}

const resourceTypeUrn = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType'
const discoveryUrns = [
  'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
  resourceTypeUrn,
  'urn:ietf:params:scim:schemas:core:2.0:Schema',
]
const endpointForm = /^\/[A-Za-z][A-Za-z0-9_-]*$/
const reservedEndpoints = new Set(['/me', '/bulk', '/schemas', '/resourcetypes', '/serviceproviderconfig'])

/**
 * Compiles the documents into a registry.
 *
 * @throws UsherError `validation_failed` for documents that contradict each other or describe what cannot be served
 */
export function createRegistry(documents: SchemaDocuments): SchemaRegistry {
  const known = new Map<string, SchemaDocument>()
  for (const schema of documents.schemas) {
    if (known.has(schema.id.toLowerCase())) throw refused(`The schema "${schema.id}" is described twice.`)
    known.set(schema.id.toLowerCase(), schema)
  }

  const byName = new Map<string, ResourceType>()
  const byEndpoint = new Map<string, ResourceType>()
  const used = new Set<string>()
  for (const document of documents.resourceTypes) {
    const endpoint = document.endpoint.toLowerCase()
    if (!endpointForm.test(document.endpoint) || reservedEndpoints.has(endpoint)) {
      throw refused(`The endpoint "${document.endpoint}" of the resource type "${document.name}" cannot be used.`)
    }
    if (byEndpoint.has(endpoint)) throw refused(`The endpoint "${document.endpoint}" is given to two resource types.`)
    const type = compileResourceType(document, (urn) => known.get(urn.toLowerCase()))
    if ([...byName.keys()].some((name) => name.toLowerCase() === type.name.toLowerCase())) {
      throw refused(`The resource type "${type.name}" is described twice.`)
    }
    byName.set(type.name, type)
    byEndpoint.set(endpoint, type)
    for (const urn of [type.schema, ...type.extensions.map((extension) => extension.schema)]) used.add(urn)
  }

  const shown = new Set([...used, ...discoveryUrns])
  return {
    resourceTypes: [...byName.values()],
    resourceTypeDocuments: documents.resourceTypes.map((document) => describe(document, byName.get(document.name)!)),
    schemas: documents.schemas.filter((schema) => shown.has(schema.id)),
    resourceType(name) {
      const type = byName.get(name)
      if (type === undefined) throw new UsherError('internal_error', `There is no resource type "${name}".`)
      return type
    },
    resourceTypeAt: (endpoint) => byEndpoint.get(endpoint.toLowerCase()),
    schemaOf(urn) {
      const schema = known.get(urn.toLowerCase())
      return schema !== undefined && shown.has(schema.id) ? schema : undefined
    },
  }
}

function describe(document: ResourceTypeDocument, type: ResourceType): ResourceTypeDocument {
  return {
    schemas: [resourceTypeUrn],
    id: type.name,
    name: type.name,
    endpoint: type.endpoint,
    ...(document.description === undefined ? {} : { description: document.description }),
    schema: type.schema,
    schemaExtensions: type.extensions.map(({ schema, required }) => ({ schema, required })),
  }
}

function refused(detail: string): UsherError {
  return new UsherError('validation_failed', detail)
}
