/**
 * The vocabulary of RFC 7643 as plain readonly data: what a schema document says, and what the registry makes of it
 * once at start.
 */

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined
}

/**
 * A SCIM resource in canonical form: attribute names spelled as in the schema, extension containers under their
 * canonical URN, unassigned attributes absent (no null, no empty string, array or object).
 * Computed attributes (`id`, `meta`, `groups`, `$ref` …) are absent until a resource is shown.
 */
export type Resource = JsonObject

export type AttributeType =
  | 'string'
  | 'boolean'
  | 'decimal'
  | 'integer'
  | 'dateTime'
  | 'binary'
  | 'reference'
  | 'complex'

export type Mutability = 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly'
export type Returned = 'always' | 'never' | 'default' | 'request'
export type Uniqueness = 'none' | 'server' | 'global'

/** An attribute as a Schema resource describes it (RFC 7643 section 7). */
export interface AttributeDefinition {
  readonly name: string
  readonly type: AttributeType
  readonly multiValued: boolean
  readonly description: string
  readonly required: boolean
  readonly caseExact?: boolean
  readonly mutability: Mutability
  readonly returned: Returned
  readonly uniqueness?: Uniqueness
  readonly canonicalValues?: readonly string[]
  readonly referenceTypes?: readonly string[]
  readonly subAttributes?: readonly AttributeDefinition[]
  /** Whether filters and orders by it are answered by an index; said to us only, and not shown by discovery. */
  readonly searchable?: boolean
}

/** A Schema resource (RFC 7643 section 7). */
export interface SchemaDocument {
  readonly schemas?: readonly string[]
  readonly id: string
  readonly name: string
  readonly description?: string
  readonly attributes: readonly AttributeDefinition[]
}

/** A ResourceType resource (RFC 7643 section 6). */
export interface ResourceTypeDocument {
  readonly schemas?: readonly string[]
  readonly id?: string
  readonly name: string
  readonly endpoint: string
  readonly description?: string
  readonly schema: string
  readonly schemaExtensions?: readonly { readonly schema: string; readonly required: boolean }[]
}

/** An attribute after compilation: every default filled in, its place in the resource known. */
export interface Attribute {
  readonly name: string
  readonly type: AttributeType
  readonly multiValued: boolean
  readonly required: boolean
  /** Reference and binary are case exact by type, whatever the document says (RFC 7643 section 2.3). */
  readonly caseExact: boolean
  readonly mutability: Mutability
  readonly returned: Returned
  readonly uniqueness: Uniqueness
  /** Whether there is an index for it: its document asks for one, or its values are unique. */
  readonly searchable: boolean
  readonly canonicalValues: readonly string[]
  readonly referenceTypes: readonly string[]
  /** Empty for a simple attribute. */
  readonly subAttributes: readonly Attribute[]
  /** Sub-attributes by lower-case name. */
  readonly subAttributesByName: ReadonlyMap<string, Attribute>
  /** The schema that defines it. The common attributes (`id`, `externalId`, `meta`, `schemas`) count as core. */
  readonly schema: string
  /** The extension URN under whose container the value stands; undefined for core attributes. */
  readonly extension: string | undefined
  /** Canonical path: `userName`, `name.givenName`, `urn:…:User:manager.value`. */
  readonly path: string
  /** Keys to walk from the resource: `['name', 'givenName']`, `['urn:…:User', 'manager', 'value']`. */
  readonly keys: readonly string[]
  /** Keys to walk in the comparison form, where extension containers stand under their alias. */
  readonly searchKeys: readonly string[]
}

/** A resource type after compilation. Made by the registry only. */
export interface ResourceType {
  readonly name: string
  /** With the leading slash: `/Users`. */
  readonly endpoint: string
  readonly description: string
  /** URN of the core schema. */
  readonly schema: string
  readonly extensions: readonly { readonly schema: string; readonly required: boolean; readonly alias: string }[]
  /** Common and core attributes in the order of their documents. */
  readonly attributes: readonly Attribute[]
  /** Core and common attributes by lower-case name. */
  readonly attributesByName: ReadonlyMap<string, Attribute>
  /** Attributes of each extension by lower-case URN, then by lower-case name. */
  readonly extensionAttributes: ReadonlyMap<string, ReadonlyMap<string, Attribute>>
  /** Attributes and sub-attributes that are never shown, wherever they stand. */
  readonly secrets: readonly Attribute[]
  /** What decides its comparison form and its reservations, as one short text; see `outlineOf`. */
  readonly outline: string
}

/** Where a path leads: an attribute, one of its sub-attributes, or a whole extension container. */
export type ResolvedPath =
  | { readonly kind: 'attribute'; readonly attribute: Attribute; readonly subAttribute: Attribute | undefined }
  | { readonly kind: 'extension'; readonly schema: string }

/** Switches of a dialect that the reading of a body depends on. Every other tolerance holds for everybody. */
export interface NormaliseSwitches {
  /** Unknown attributes and schema URIs in a body. */
  readonly unknownAttributes: 'ignore' | 'refuse'
  /** `"True"` and `"False"` for booleans. */
  readonly stringBooleans: 'accept' | 'refuse'
  /** `manager` as a bare string, `""` removes it. */
  readonly managerShape: 'accept' | 'refuse'
  /** `roles: ["admin"]`; `parse` also reads JSON text inside `value`. */
  readonly bareRoles: 'accept' | 'parse' | 'refuse'
  /** POST and PUT without `schemas`. */
  readonly missingSchemas: 'require' | 'infer'
  readonly password: 'discard' | 'refuse'
  readonly countryAlpha2: boolean
}
