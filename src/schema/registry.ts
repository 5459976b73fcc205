import { UsherError } from '../errors.ts'
import { compileResourceType } from './compile.ts'
import { Problems } from './problems.ts'
import type { AttributeDefinition, ResourceType, ResourceTypeDocument, SchemaDocument } from './types.ts'

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
  /** URNs of schemas that no resource type names, so that nothing comes of them. */
  readonly unusedSchemas: readonly string[]
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
const reservedEndpoints = new Set([
  '/me',
  '/bulk',
  '/schemas',
  '/resourcetypes',
  '/serviceproviderconfig',
  '/asyncresults',
])

/**
 * Compiles the documents into a registry.
 *
 * @throws UsherError `validation_failed` with everything by which documents contradict each other or describe what cannot
 * be served
 */
export function createRegistry(documents: SchemaDocuments): SchemaRegistry {
  const problems = new Problems()
  const known = new Map<string, SchemaDocument>()
  for (const schema of documents.schemas) {
    if (known.has(schema.id.toLowerCase())) problems.add(`The schema "${schema.id}" is described twice.`)
    else known.set(schema.id.toLowerCase(), schema)
  }

  const typeDocuments = mergeExtensions(documents.resourceTypes)
  const types = new Map<string, ResourceType>()
  const byEndpoint = new Map<string, ResourceType>()
  const used = new Set<string>()
  for (const document of typeDocuments) {
    const endpoint = document.endpoint.toLowerCase()
    if (!endpointForm.test(document.endpoint) || reservedEndpoints.has(endpoint)) {
      problems.add(`The endpoint "${document.endpoint}" of the resource type "${document.name}" cannot be used.`)
    } else if (byEndpoint.has(endpoint)) {
      problems.add(`The endpoint "${document.endpoint}" is given to two resource types.`)
    }
    if (types.has(document.name.toLowerCase())) {
      problems.add(
        `The resource type "${document.name}" is described twice. To add extensions, repeat its name, endpoint and schema.`,
      )
      continue
    }
    const type = problems.collect(() => compileResourceType(document, (urn) => known.get(urn.toLowerCase()), problems))
    if (type === undefined) continue
    types.set(type.name.toLowerCase(), type)
    byEndpoint.set(endpoint, type)
    for (const urn of [type.schema, ...type.extensions.map((extension) => extension.schema)]) used.add(urn)
  }
  problems.refuse()

  const byName = new Map([...types.values()].map((type) => [type.name, type]))
  const shown = new Set([...used, ...discoveryUrns])
  const schemas = documents.schemas.filter(({ id }) => shown.has(id)).map(describeSchema)
  const shownByUrn = new Map(schemas.map((schema) => [schema.id.toLowerCase(), schema]))
  return {
    resourceTypes: [...byName.values()],
    resourceTypeDocuments: typeDocuments.map((document) => describe(document, byName.get(document.name)!)),
    schemas,
    unusedSchemas: documents.schemas.map(({ id }) => id).filter((id) => !shown.has(id)),
    resourceType(name) {
      const type = byName.get(name)
      if (type === undefined) throw new UsherError('internal_error', `There is no resource type "${name}".`)
      return type
    },
    resourceTypeAt: (endpoint) => byEndpoint.get(endpoint.toLowerCase()),
    schemaOf: (urn) => shownByUrn.get(urn.toLowerCase()),
  }
}

/**
 * A document with name, endpoint and schema of an earlier one only adds its extensions to it: so an installation gives
 * User or Group further attributes without describing the type again. An extension of both stays as it was first named.
 */
function mergeExtensions(documents: readonly ResourceTypeDocument[]): readonly ResourceTypeDocument[] {
  const merged: ResourceTypeDocument[] = []
  for (const document of documents) {
    const at = merged.findIndex(
      ({ name, endpoint, schema }) =>
        name === document.name && endpoint === document.endpoint && schema === document.schema,
    )
    const earlier = merged[at]
    if (earlier === undefined) {
      merged.push(document)
      continue
    }
    const extensions = earlier.schemaExtensions ?? []
    const known = new Set(extensions.map(({ schema }) => schema.toLowerCase()))
    const further = (document.schemaExtensions ?? []).filter(({ schema }) => !known.has(schema.toLowerCase()))
    merged[at] = { ...earlier, schemaExtensions: [...extensions, ...further] }
  }
  return merged
}

/** As discovery shows it: without what is said to us only. */
function describeSchema(schema: SchemaDocument): SchemaDocument {
  return { ...schema, attributes: schema.attributes.map(describeAttribute) }
}

function describeAttribute({ searchable: _, ...definition }: AttributeDefinition): AttributeDefinition {
  const { subAttributes } = definition
  return subAttributes === undefined
    ? definition
    : { ...definition, subAttributes: subAttributes.map(describeAttribute) }
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
