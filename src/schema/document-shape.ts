import { UsherError } from '../errors.ts'
import { Problems } from './problems.ts'
import type {
  AttributeDefinition,
  AttributeType,
  Mutability,
  ResourceTypeDocument,
  Returned,
  SchemaDocument,
  Uniqueness,
} from './types.ts'

/** One document of a folder of schemas. */
export type Document =
  | { readonly kind: 'schema'; readonly schema: SchemaDocument }
  | { readonly kind: 'resourceType'; readonly resourceType: ResourceTypeDocument }

const schemaUrn = 'urn:ietf:params:scim:schemas:core:2.0:Schema'
const resourceTypeUrn = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType'

const types: readonly AttributeType[] = [
  'string',
  'boolean',
  'decimal',
  'integer',
  'dateTime',
  'binary',
  'reference',
  'complex',
]
const mutabilities: readonly Mutability[] = ['readOnly', 'readWrite', 'immutable', 'writeOnly']
const returns: readonly Returned[] = ['always', 'never', 'default', 'request']
const uniquenesses: readonly Uniqueness[] = ['none', 'server', 'global']

type Members = Readonly<Record<string, unknown>>

/**
 * Tells a Schema from a ResourceType document and checks its form; members that RFC 7643 does not know are left out.
 *
 * @param origin where the document came from, for the error
 * @throws UsherError `validation_failed`
 */
export function readDocument(value: unknown, origin: string): Document {
  const problems = new Problems()
  const document = readKind(value, origin, problems)
  problems.refuse()
  return document
}

function readKind(value: unknown, origin: string, problems: Problems): Document {
  const document = object(value, origin)
  const urns = Array.isArray(document.schemas) ? document.schemas : []
  if (urns.includes(schemaUrn) || (urns.length === 0 && Array.isArray(document.attributes))) {
    return { kind: 'schema', schema: readSchema(document, origin, problems) }
  }
  if (urns.includes(resourceTypeUrn) || (urns.length === 0 && 'endpoint' in document)) {
    return { kind: 'resourceType', resourceType: readResourceType(document, origin) }
  }
  throw refused(`${origin} is neither a Schema nor a ResourceType document.`)
}

function readSchema(document: Members, origin: string, problems: Problems): SchemaDocument {
  const id = text(document, 'id', origin)
  // "urn:" is what tells a path with a schema in front from one without
  if (!id.toLowerCase().startsWith('urn:')) throw refused(`The "id" in ${origin} is not a URN.`)
  return {
    schemas: [schemaUrn],
    id,
    name: text(document, 'name', origin),
    ...optional('description', optionalText(document, 'description', origin)),
    attributes: readAttributes(list(document, 'attributes', origin), origin, problems),
  }
}

function readResourceType(document: Members, origin: string): ResourceTypeDocument {
  return {
    schemas: [resourceTypeUrn],
    id: text(document, 'name', origin),
    name: text(document, 'name', origin),
    endpoint: text(document, 'endpoint', origin),
    ...optional('description', optionalText(document, 'description', origin)),
    schema: text(document, 'schema', origin),
    schemaExtensions: optionalList(document, 'schemaExtensions', origin).map((value) => {
      const extension = object(value, origin)
      return { schema: text(extension, 'schema', origin), required: flag(extension, 'required', origin) }
    }),
  }
}

function readAttributes(values: readonly unknown[], where: string, problems: Problems): readonly AttributeDefinition[] {
  return values.flatMap((value) => problems.collect(() => readAttribute(value, where, problems)) ?? [])
}

function readAttribute(value: unknown, origin: string, problems: Problems): AttributeDefinition {
  const attribute = object(value, origin)
  const name = text(attribute, 'name', origin)
  const where = `"${name}" in ${origin}`
  const subAttributes = readAttributes(optionalList(attribute, 'subAttributes', where), where, problems)
  const mutability = oneOf(attribute, 'mutability', mutabilities, 'readWrite', where)
  const returned = oneOf(attribute, 'returned', returns, 'default', where)
  return {
    name,
    type: oneOf(attribute, 'type', types, 'string', where),
    multiValued: flag(attribute, 'multiValued', where),
    description: optionalText(attribute, 'description', where) ?? '',
    required: flag(attribute, 'required', where),
    ...optional('canonicalValues', texts(attribute, 'canonicalValues', where)),
    caseExact: flag(attribute, 'caseExact', where),
    mutability,
    // Values that can only be written "SHALL NOT be returned" (RFC 7643 section 7), which many documents leave unsaid.
    returned: mutability === 'writeOnly' ? 'never' : returned,
    uniqueness: oneOf(attribute, 'uniqueness', uniquenesses, 'none', where),
    ...optional('referenceTypes', texts(attribute, 'referenceTypes', where)),
    ...(subAttributes.length === 0 ? {} : { subAttributes }),
    ...(flag(attribute, 'searchable', where) ? { searchable: true } : {}),
  }
}

function object(value: unknown, where: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(`${where} needs an object.`)
  return value as Members
}

function text(members: Members, name: string, where: string): string {
  const value = members[name]
  if (typeof value !== 'string' || value === '') throw refused(`"${name}" of ${where} must be a text.`)
  return value
}

function optionalText(members: Members, name: string, where: string): string | undefined {
  const value = members[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw refused(`"${name}" of ${where} must be a text.`)
  return value
}

function flag(members: Members, name: string, where: string): boolean {
  const value = members[name] ?? false
  if (typeof value !== 'boolean') throw refused(`"${name}" of ${where} must be true or false.`)
  return value
}

function list(members: Members, name: string, where: string): readonly unknown[] {
  const value = members[name]
  if (!Array.isArray(value)) throw refused(`"${name}" of ${where} must be a list.`)
  return value
}

function optionalList(members: Members, name: string, where: string): readonly unknown[] {
  return members[name] === undefined || members[name] === null ? [] : list(members, name, where)
}

function texts(members: Members, name: string, where: string): readonly string[] | undefined {
  const values = optionalList(members, name, where)
  if (values.length === 0) return undefined
  return values.map((value) => {
    if (typeof value !== 'string') throw refused(`"${name}" of ${where} must be a list of texts.`)
    return value
  })
}

function oneOf<Word extends string>(
  members: Members,
  name: string,
  words: readonly Word[],
  preset: Word,
  where: string,
): Word {
  const value = members[name] ?? preset
  const word = words.find((candidate) => candidate === value)
  if (word === undefined) throw refused(`"${name}" of ${where} must be one of ${words.join(', ')}.`)
  return word
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [N in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [N in Name]: Value })
}

function refused(detail: string): UsherError {
  return new UsherError('validation_failed', detail)
}
