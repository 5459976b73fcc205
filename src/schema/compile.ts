import { UsherError } from '../errors.ts'
import { commonAttributes } from './common-attributes.ts'
import { outlineOf } from './outline.ts'
import type { Problems } from './problems.ts'
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
 * in. What the rest of the program could not store or tell apart is a problem, in a sentence that names the schema and
 * the attribute.
 *
 * @throws UsherError `validation_failed` when there is no schema to begin with
 */
export function compileResourceType(
  document: ResourceTypeDocument,
  schemaOf: (urn: string) => SchemaDocument | undefined,
  problems: Problems,
): ResourceType {
  if (!nameForm.test(document.name)) {
    throw refused(`${JSON.stringify(document.name)} is not a name that a resource type can have.`)
  }
  const coreDocument = schemaOf(document.schema)
  if (coreDocument === undefined) {
    throw refused(`The resource type "${document.name}" has the unknown schema "${document.schema}".`)
  }
  const core = { schema: coreDocument.id, extension: undefined, alias: undefined }
  const attributes = [
    ...compileAttributes(commonAttributes, core, problems),
    ...compileAttributes(coreDocument.attributes.filter(isNotReserved(coreDocument.id, problems)), core, problems),
  ]
  const attributesByName = byName(attributes, coreDocument.id, problems)

  const extensions: { schema: string; required: boolean; alias: string }[] = []
  const extensionAttributes = new Map<string, ReadonlyMap<string, Attribute>>()
  const ofType = `of the resource type "${document.name}"`
  for (const { schema: urn, required } of document.schemaExtensions ?? []) {
    const schema = schemaOf(urn)
    if (schema === undefined) {
      problems.add(`The resource type "${document.name}" has the unknown extension "${urn}".`)
      continue
    }
    if (schema.id === coreDocument.id || extensionAttributes.has(lower(schema.id))) {
      problems.add(`The resource type "${document.name}" names the schema "${schema.id}" twice.`)
      continue
    }
    const alias = aliasOf(schema.id)
    if (alias === sortKeys || attributesByName.has(alias) || extensions.some((other) => other.alias === alias)) {
      problems.add(`The extension "${schema.id}" ${ofType} would be stored as "${alias}", which is taken.`)
    }
    if (attributes.every(isOurs))
      problems.add(`The extension "${schema.id}" ${ofType} cannot be: nobody writes a ${document.name}.`)
    const place = { schema: schema.id, extension: schema.id, alias }
    const compiled = compileAttributes(schema.attributes, place, problems)
    if (required && compiled.every(isOurs)) {
      problems.add(`The extension "${schema.id}" ${ofType} is required, and nobody can write any of its attributes.`)
    }
    extensions.push({ schema: schema.id, required, alias })
    extensionAttributes.set(lower(schema.id), byName(compiled, schema.id, problems))
  }
  const all = [...attributes, ...[...extensionAttributes.values()].flatMap((names) => [...names.values()])]
  return {
    name: document.name,
    endpoint: document.endpoint,
    description: document.description ?? '',
    schema: coreDocument.id,
    extensions,
    attributes,
    attributesByName,
    extensionAttributes,
    outline: outlineOf({ name: document.name, attributes, extensions, extensionAttributes }),
    secrets: all.flatMap((attribute) => [attribute, ...attribute.subAttributes]).filter(isSecret),
  }
}

/** What the service provider writes and clients do not; `externalId` and `schemas` tell nothing of a type. */
function isOurs({ mutability, name }: Attribute): boolean {
  return mutability === 'readOnly' || commonNames.has(lower(name))
}

function isSecret({ returned }: Attribute): boolean {
  return returned === 'never'
}

function compileAttributes(
  definitions: readonly AttributeDefinition[],
  place: Place,
  problems: Problems,
  parent?: Attribute,
): readonly Attribute[] {
  return definitions.flatMap((definition) => {
    return problems.collect(() => compileAttribute(definition, place, problems, parent)) ?? []
  })
}

function compileAttribute(
  definition: AttributeDefinition,
  place: Place,
  problems: Problems,
  parent: Attribute | undefined,
): Attribute {
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
  const uniqueness = definition.uniqueness ?? 'none'
  const searchable = definition.searchable ?? false
  const said = `"${parent === undefined ? name : `${parent.name}.${name}`}" of "${place.schema}"`
  if (uniqueness !== 'none' && (type === 'complex' || type === 'boolean')) {
    problems.add(`${said} is ${type}, and such values cannot be unique.`)
  }
  if (searchable && (type === 'complex' || definition.returned === 'never')) {
    problems.add(`${said} cannot be searchable: it is ${type === 'complex' ? 'complex' : 'never returned'}.`)
  }
  const attribute = {
    name,
    type,
    multiValued: definition.multiValued,
    required: definition.required,
    caseExact: type === 'reference' || type === 'binary' || (definition.caseExact ?? false),
    mutability: definition.mutability,
    returned: definition.returned,
    uniqueness,
    searchable: searchable || uniqueness !== 'none',
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
  const subAttributes = compileAttributes(definitions, place, problems, attribute)
  return {
    ...attribute,
    subAttributes,
    subAttributesByName: byName(subAttributes, `${place.schema}:${name}`, problems),
  }
}

function byName(attributes: readonly Attribute[], where: string, problems: Problems): ReadonlyMap<string, Attribute> {
  const found = new Map<string, Attribute>()
  for (const attribute of attributes) {
    if (found.has(lower(attribute.name))) problems.add(`"${where}" describes "${attribute.name}" twice.`)
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

function isNotReserved(schema: string, problems: Problems) {
  return ({ name }: AttributeDefinition): boolean => {
    if (!commonNames.has(lower(name)) && lower(name) !== sortKeys) return true
    problems.add(`"${schema}" must not describe "${name}": the name is reserved.`)
    return false
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
