import { UsherError } from '../errors.ts'
import { commonAttributes } from './common-attributes.ts'
import type { Attribute, AttributeDefinition, ResourceType, ResourceTypeDocument, SchemaDocument } from './types.ts'

// RFC 7643 section 2.1, without the dollar: it means something to the database and stands in `$ref` only
const nameForm = /^[A-Za-z][A-Za-z0-9_-]*$/
// every name that an object has without being given it, so that no reading of a name can reach a prototype
const inheritedNames = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype'].map(lower))
const commonNames = new Set(commonAttributes.map((attribute) => lower(attribute.name)))
// the comparison form keeps sort keys of multi-valued attributes under this name
const sortKeys = 'sort'

interface Place {
  readonly schema: string
  readonly extension: string | undefined
  readonly alias: string | undefined
}

/**
 * Makes a resource type of its document and of the schemas that it names, all defaults of RFC 7643 section 2.2 filled
 * in. Refuses what the rest of the program could not store or tell apart.
 *
 * @throws UsherError `validation_failed` with a sentence that names the schema and the attribute
 */
export function compileResourceType(
  document: ResourceTypeDocument,
  schemaOf: (urn: string) => SchemaDocument | undefined,
): ResourceType {
  const coreDocument = schemaOf(document.schema)
  if (coreDocument === undefined) {
    throw refused(`The resource type "${document.name}" has the unknown schema "${document.schema}".`)
  }
  const core = { schema: coreDocument.id, extension: undefined, alias: undefined }
  for (const definition of coreDocument.attributes) refuseReservedName(definition.name, coreDocument.id)
  const attributes = [
    ...commonAttributes.map((definition) => compileAttribute(definition, core)),
    ...coreDocument.attributes.map((definition) => compileAttribute(definition, core)),
  ]
  const attributesByName = byName(attributes, coreDocument.id)

  const extensions: { schema: string; required: boolean; alias: string }[] = []
  const extensionAttributes = new Map<string, ReadonlyMap<string, Attribute>>()
  for (const { schema: urn, required } of document.schemaExtensions ?? []) {
    const schema = schemaOf(urn)
    if (schema === undefined) {
      throw refused(`The resource type "${document.name}" has the unknown extension "${urn}".`)
    }
    if (schema.id === coreDocument.id || extensionAttributes.has(lower(schema.id))) {
      throw refused(`The resource type "${document.name}" names the schema "${schema.id}" twice.`)
    }
    const alias = aliasOf(schema.id)
    if (alias === sortKeys || attributesByName.has(alias) || extensions.some((other) => other.alias === alias)) {
      throw refused(
        `The extension "${schema.id}" of the resource type "${document.name}" would be stored as "${alias}", which is taken.`,
      )
    }
    const place = { schema: schema.id, extension: schema.id, alias }
    const compiled = schema.attributes.map((definition) => compileAttribute(definition, place))
    extensions.push({ schema: schema.id, required, alias })
    extensionAttributes.set(lower(schema.id), byName(compiled, schema.id))
  }
  return {
    name: document.name,
    endpoint: document.endpoint,
    description: document.description ?? '',
    schema: coreDocument.id,
    extensions,
    attributes,
    attributesByName,
    extensionAttributes,
  }
}

function compileAttribute(definition: AttributeDefinition, place: Place, parent?: Attribute): Attribute {
  const { name, type } = definition
  checkName(name, place.schema, parent !== undefined)
  if (parent !== undefined && type === 'complex') {
    throw refused(`"${parent.name}.${name}" of "${place.schema}" is complex inside complex, which no attribute may be.`)
  }
  const outer = parent ?? {
    path: undefined,
    keys: place.extension === undefined ? [] : [place.extension],
    searchKeys: place.alias === undefined ? [] : [place.alias],
  }
  const container = place.extension === undefined ? name : `${place.extension}:${name}`
  const attribute = {
    name,
    type,
    multiValued: definition.multiValued,
    required: definition.required,
    caseExact: type === 'reference' || type === 'binary' || (definition.caseExact ?? false),
    mutability: definition.mutability,
    returned: definition.returned,
    uniqueness: definition.uniqueness ?? 'none',
    canonicalValues: definition.canonicalValues ?? [],
    referenceTypes: definition.referenceTypes ?? [],
    subAttributes: [],
    subAttributesByName: new Map<string, Attribute>(),
    schema: place.schema,
    extension: place.extension,
    path: outer.path === undefined ? container : `${outer.path}.${name}`,
    keys: [...outer.keys, name],
    searchKeys: [...outer.searchKeys, name],
  } satisfies Attribute
  const definitions = definition.subAttributes ?? []
  if (type === 'complex' && definitions.length === 0) {
    throw refused(`The complex attribute "${name}" of "${place.schema}" has no sub-attributes.`)
  }
  if (type !== 'complex') {
    if (definitions.length > 0) throw refused(`"${name}" of "${place.schema}" has sub-attributes but is not complex.`)
    return attribute
  }
  const subAttributes = definitions.map((sub) => compileAttribute(sub, place, attribute))
  return { ...attribute, subAttributes, subAttributesByName: byName(subAttributes, `${place.schema}:${name}`) }
}

function byName(attributes: readonly Attribute[], where: string): ReadonlyMap<string, Attribute> {
  const found = new Map<string, Attribute>()
  for (const attribute of attributes) {
    if (found.has(lower(attribute.name))) throw refused(`"${where}" describes "${attribute.name}" twice.`)
    found.set(lower(attribute.name), attribute)
  }
  return found
}

function checkName(name: string, schema: string, isSubAttribute: boolean): void {
  if (isSubAttribute && name === '$ref') return
  if (!nameForm.test(name) || inheritedNames.has(lower(name))) {
    throw refused(
      `"${schema}" has an attribute named ${JSON.stringify(name)}, which is not a name an attribute can have.`,
    )
  }
}

function refuseReservedName(name: string, schema: string): void {
  if (commonNames.has(lower(name)) || lower(name) === sortKeys) {
    throw refused(`"${schema}" must not describe "${name}": the name is reserved.`)
  }
}

/**
 * URNs hold dots, which the database reads as paths, so an extension is stored under the part of its URN before the
 * version: `enterprise` of `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`.
 */
function aliasOf(urn: string): string {
  const parts = lower(urn).split(':')
  const version = parts.findLastIndex((part) => /^\d+(\.\d+)*$/.test(part))
  const named = version > 0 ? parts[version - 1] : parts.at(-1)
  return (named ?? '').replace(/[^a-z0-9]+/g, '_')
}

function lower(text: string): string {
  return text.toLowerCase()
}

function refused(detail: string): UsherError {
  return new UsherError('validation_failed', detail)
}
