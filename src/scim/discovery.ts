import { createHash } from 'node:crypto'
import { UsherError } from '../errors.ts'
import type { SchemaRegistry } from '../schema/registry.ts'
import type { JsonObject } from '../schema/types.ts'
import { Answer } from './answer.ts'
import type { Dialect } from './dialects.ts'
import { limits } from './limits.ts'
import { listResponseUrn } from './list.ts'
import type { DiscoveryDocument } from './place.ts'
import { noneMatches } from './preconditions.ts'
import { readQueryString } from './query-string.ts'

export interface DiscoveryRequest {
  readonly document: DiscoveryDocument
  readonly id: string | undefined
  readonly baseUrl: string
  readonly rawQuery: string
  readonly ifNoneMatch: string | undefined
  readonly dialect: Dialect
}

/**
 * `/ServiceProviderConfig`, `/ResourceTypes` and `/Schemas` (RFC 7644 section 4). They say nothing of the organization,
 * not even whether it exists; only the locations in them repeat the URL. Sorting and paging are ignored, a filter as
 * the dialect has it.
 *
 * @throws UsherError `not_found`, `forbidden`
 */
export function discover(registry: SchemaRegistry, request: DiscoveryRequest): Answer {
  const { document, id, baseUrl, dialect } = request
  const isList = document !== 'ServiceProviderConfig' && id === undefined
  if (isList && dialect.discoveryFilter === 'refuse' && readQueryString(request.rawQuery).has('filter')) {
    throw new UsherError('forbidden', `/${document} cannot be filtered (RFC 7644 section 4).`)
  }
  const body = bodyOf(registry, document, id, baseUrl, dialect)
  if (body === undefined) throw new UsherError('not_found', `There is no such entry in /${document}.`)
  const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22)}"`
  const headers = { ETag: etag, 'Cache-Control': 'private, max-age=300', Vary: 'Accept, Authorization' }
  return noneMatches(request.ifNoneMatch, etag) ? new Answer(304, headers) : new Answer(200, headers, body)
}

function bodyOf(
  registry: SchemaRegistry,
  document: DiscoveryDocument,
  id: string | undefined,
  baseUrl: string,
  dialect: Dialect,
): JsonObject | undefined {
  if (document === 'ServiceProviderConfig') return serviceProviderConfig(baseUrl, dialect)
  const entries = document === 'Schemas' ? schemas(registry, baseUrl) : resourceTypes(registry, baseUrl)
  if (id !== undefined) return entries.find((entry) => String(entry.id).toLowerCase() === id.toLowerCase())
  return {
    schemas: [listResponseUrn],
    totalResults: entries.length,
    startIndex: 1,
    itemsPerPage: entries.length,
    Resources: entries,
  }
}

function schemas(registry: SchemaRegistry, baseUrl: string): JsonObject[] {
  return registry.schemas.map((schema) => ({
    ...(schema as unknown as JsonObject),
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${schema.id}` },
  }))
}

function resourceTypes(registry: SchemaRegistry, baseUrl: string): JsonObject[] {
  return registry.resourceTypeDocuments.map((type) => ({
    ...(type as unknown as JsonObject),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${type.name}` },
  }))
}

/** RFC 7643 section 5, RFC 9865 section 4 and RFC 9967 section 4: what is said here is what the operations do. */
function serviceProviderConfig(baseUrl: string, { asyncRequests }: Dialect): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: true, maxOperations: limits.maxOperations, maxPayloadSize: limits.maxPayloadSize },
    filter: { supported: true, maxResults: limits.maxPageSize },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: limits.defaultPageSize,
      maxPageSize: limits.maxPageSize,
      cursorTimeout: limits.cursorTimeout,
    },
    // Only for those who asked for it: strict clients refuse a configuration with members that they do not know.
    ...(asyncRequests === 'accept' ? { securityEvents: { asyncRequest: 'long', eventUris: [] } } : {}),
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'The token of a SCIM client in the Authorization header.',
        specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
        primary: true,
      },
      {
        type: 'oauth2',
        name: 'OAuth 2.0 client credentials',
        description:
          'A SCIM client gets an access token by its id and token, or by a signed assertion, at the token endpoint of its organization (RFC 8414 metadata names it).',
        specUri: 'https://www.rfc-editor.org/rfc/rfc6749',
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  }
}
