/** Documents made from their parts: one place where the stored form, the comparison form and the reservations arise. */
import type { Source } from '../context.ts'
import { fold } from '../schema/fold.ts'
import { type SearchForm, toSearchForm } from '../schema/search-form.ts'
import type { JsonObject, JsonValue, Resource, ResourceType } from '../schema/types.ts'
import type {
  AttributeSourceDocument,
  CustomResourceDocument,
  ExternalIdDocument,
  GrantDocument,
  GroupDocument,
  HoldDocument,
  ResourceDocument,
  UserDocument,
} from '../store/documents.ts'
import { externalIdOrder } from './external-id-order.ts'
import { isActive, reasonOf, stateOf } from './holds.ts'
import { reservations } from './reservations.ts'
import { displayOf } from './source-display.ts'
import { toStored } from './stored-form.ts'

/**
 * Version of the comparison form; a change of `toSearchForm`, of reservations or of this file's additions raises it. What
 * is stored in an older one is keyed anew at the next start.
 */
export const searchFormVersion = 3

export const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
/** Where the documents of users have the id of the manager. */
export const managerKey = 'search.enterprise.manager.value'
/** The extension of what Usher knows about a user; every user has it. */
export const provisioningUrn = 'urn:usher:scim:schemas:provisioning:1.0:User'

/** What every resource is made of; attributes that have a home of their own are not in `attributes`. */
export interface ResourceParts {
  readonly id: string
  readonly org: string
  readonly version: number
  readonly created: Date
  readonly lastModified: Date
  readonly attributes: Resource
  readonly externalIds: readonly ExternalIdDocument[]
  readonly sources: readonly AttributeSourceDocument[]
}

export interface UserParts extends ResourceParts {
  readonly holds: readonly HoldDocument[]
  readonly grants: readonly GrantDocument[]
  readonly provisionedBy: UserDocument['provisionedBy']
  readonly provenEmails: readonly string[]
  /** Sources that hold the user by a link alone. */
  readonly links: readonly Source[]
}

export function composeUser(type: ResourceType, parts: UserParts): UserDocument {
  const base = composeResource(type, parts, { roles: grantsAsRoles(parts.grants) })
  const state = stateOf(parts.holds)
  const reason = reasonOf(parts.holds)
  const managedBy = managersOf(parts)
  return {
    ...base,
    search: {
      ...base.search,
      schemas: [...(base.search.schemas as readonly string[]), fold(provisioningUrn)],
      active: isActive(parts.holds),
      provisioning: {
        provisionedBy: parts.provisionedBy,
        managedBy: managedBy.map((source) => ({ source: fold(source), display: fold(displayOf(source)) })),
        state,
        ...(reason === undefined ? {} : { reason: fold(reason) }),
      },
    },
    holds: parts.holds,
    state,
    grants: parts.grants,
    provisionedBy: parts.provisionedBy,
    provenEmails: parts.provenEmails,
    managedBy,
  }
}

export function composeGroup(type: ResourceType, parts: ResourceParts): GroupDocument {
  return composeResource(type, parts, {})
}

export function composeCustom(type: ResourceType, parts: ResourceParts): CustomResourceDocument {
  return { ...composeResource(type, parts, {}), type: type.name }
}

/** The union of the grants as values of `roles`. */
export function grantsAsRoles(grants: readonly GrantDocument[]): readonly JsonObject[] {
  return grants.map((grant) => {
    const details: Record<string, JsonValue> = { value: grant.role }
    for (const entry of grant.sources) {
      if (entry.display !== undefined) details.display ??= entry.display
      if (entry.type !== undefined) details.type ??= entry.type
      if (entry.primary !== undefined) details.primary ??= entry.primary
    }
    return details
  })
}

/** The externalId that a caller sees: a SCIM client its own, everybody else the one that was written last. */
export function externalIdFor(
  externalIds: readonly ExternalIdDocument[],
  client: string | undefined,
): string | undefined {
  if (client === undefined) return externalIds.at(-1)?.value
  return externalIds.find((entry) => entry.client === client)?.value
}

/** The list with this client's value set or, for undefined, taken away; the written one comes last. */
export function withExternalId(
  externalIds: readonly ExternalIdDocument[],
  client: string,
  value: string | undefined,
  unique: ExternalIdDocument['unique'],
): readonly ExternalIdDocument[] {
  const own = externalIds.find((entry) => entry.client === client)
  if (own?.value === value) return externalIds
  const others = externalIds.filter((entry) => entry !== own)
  if (value === undefined) return others
  return [...others, { client, value, ...(unique === undefined ? {} : { unique }) }]
}

/** URNs for `schemas`: the base and the extensions that have a value. */
export function schemasOf(type: ResourceType, attributes: Resource): readonly string[] {
  return [
    type.schema,
    ...type.extensions.filter(({ schema }) => attributes[schema] !== undefined).map(({ schema }) => schema),
  ]
}

export function versionTag(version: number): string {
  return `W/"${version}"`
}

function composeResource(type: ResourceType, parts: ResourceParts, more: JsonObject): ResourceDocument {
  const externalId = parts.externalIds.at(-1)?.value
  const searched: JsonObject = {
    ...parts.attributes,
    ...more,
    ...(externalId === undefined ? {} : { externalId }),
  }
  const keys = reservations(type, parts.attributes, parts.externalIds)
  const form = toSearchForm(type, searched)
  const order = externalIdOrder(type, parts.id, parts.externalIds)
  return {
    _id: parts.id,
    org: parts.org,
    version: parts.version,
    created: parts.created,
    lastModified: parts.lastModified,
    resource: toStored(type, parts.attributes),
    search: {
      ...form,
      ...(order === undefined ? {} : { sort: { ...(form.sort as SearchForm | undefined), externalId: order } }),
      schemas: schemasOf(type, parts.attributes).map(fold),
      meta: {
        resourceType: type.name,
        created: parts.created,
        lastModified: parts.lastModified,
        version: versionTag(parts.version),
      },
    },
    externalIds: parts.externalIds,
    ...(keys.length === 0 ? {} : { keys }),
    sources: parts.sources,
    form: searchFormVersion,
    outline: type.outline,
  }
}

/** Who gave something and is still there: values of a connection outlive the link to it, its say does not. */
function managersOf(parts: UserParts): readonly Source[] {
  const given = [
    ...parts.sources.map(({ source }) => source),
    ...parts.grants.flatMap(({ sources }) => sources.map(({ source }) => source)),
    ...parts.externalIds.map(({ client }) => client as Source),
  ]
  return [...new Set([...parts.links, ...given.filter((source) => !source.startsWith('login:'))])].sort()
}
