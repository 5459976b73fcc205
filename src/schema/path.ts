import type { Attribute, ResolvedPath, ResourceType } from './types.ts'

/**
 * Finds what an attribute path means for a resource type (RFC 7644 section 3.10): names in any case, with or without
 * the URN of their schema in front, with at most one sub-attribute; or the URN of an extension alone. The attribute of
 * an extension is found without its URN when no other attribute has the name.
 * Filters in brackets are not part of such a path. Undefined for what the schemas do not know.
 */
export function resolvePath(type: ResourceType, path: string): ResolvedPath | undefined {
  const text = path.toLowerCase()
  if (!text.startsWith('urn:')) {
    return resolveNames(text, (name) => type.attributesByName.get(name) ?? extensionAttribute(type, name))
  }
  const schema = schemaInFront(type, text)
  if (schema === undefined) return undefined
  const { urn, names } = schema
  if (text.length === urn.length) {
    return urn === type.schema ? undefined : { kind: 'extension', schema: urn }
  }
  return resolveNames(text.slice(urn.length + 1), (name) => names.get(name))
}

/** The longest URN of the type's schemas that the path begins with: dots and colons of the URN separate nothing. */
function schemaInFront(
  type: ResourceType,
  text: string,
): { readonly urn: string; readonly names: ReadonlyMap<string, Attribute> } | undefined {
  let found: string | undefined = begins(text, type.schema) ? type.schema : undefined
  for (const { schema } of type.extensions) {
    if (begins(text, schema) && (found === undefined || schema.length > found.length)) found = schema
  }
  if (found === undefined) return undefined
  const names = found === type.schema ? type.attributesByName : type.extensionAttributes.get(found.toLowerCase())
  return names === undefined ? undefined : { urn: found, names }
}

function begins(text: string, urn: string): boolean {
  return text.startsWith(urn.toLowerCase()) && (text.length === urn.length || text[urn.length] === ':')
}

function resolveNames(text: string, find: (name: string) => Attribute | undefined): ResolvedPath | undefined {
  const dot = text.indexOf('.')
  const attribute = find(dot < 0 ? text : text.slice(0, dot))
  if (attribute === undefined) return undefined
  if (dot < 0) return { kind: 'attribute', attribute, subAttribute: undefined }
  const subAttribute = attribute.subAttributesByName.get(text.slice(dot + 1))
  return subAttribute === undefined ? undefined : { kind: 'attribute', attribute, subAttribute }
}

function extensionAttribute(type: ResourceType, name: string): Attribute | undefined {
  let found: Attribute | undefined
  for (const names of type.extensionAttributes.values()) {
    const attribute = names.get(name)
    if (attribute === undefined) continue
    if (found !== undefined) return undefined
    found = attribute
  }
  return found
}
