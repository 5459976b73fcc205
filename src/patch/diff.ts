import { equalValues } from '../schema/equal.ts'
import type { Attribute, JsonObject, JsonValue, Resource, ResourceType } from '../schema/types.ts'
import { diffElements } from './diff-elements.ts'
import { isEmpty, isObject, memberOf, valueAt } from './place.ts'
import type { WrittenPatchOperation } from './types.ts'

export type { WrittenPatchOperation } from './types.ts'

/**
 * The fewest operations that make one resource of another, in the order of the schema: single sub-attributes and
 * single elements rather than whole values, so that they say what changed. Applied to `before` they give `after`.
 * What is readOnly is not a client's to write, and what is never returned is never recorded: both are left out.
 *
 * @param before in canonical form
 * @param after in canonical form
 */
export function diffOperations(
  type: ResourceType,
  before: Resource,
  after: Resource,
): readonly WrittenPatchOperation[] {
  const core = diffAttributes(type.attributes, before, after)
  const extensions = type.extensions.flatMap(({ schema }) => {
    const attributes = type.extensionAttributes.get(schema.toLowerCase())?.values() ?? []
    return diffExtension(schema, [...attributes], before, after)
  })
  return [...core, ...extensions]
}

function diffExtension(
  schema: string,
  attributes: readonly Attribute[],
  before: Resource,
  after: Resource,
): readonly WrittenPatchOperation[] {
  const isRemoved = before[schema] !== undefined && after[schema] === undefined
  return isRemoved && attributes.every((attribute) => attribute.mutability !== 'readOnly')
    ? [{ op: 'remove', path: schema }]
    : diffAttributes(attributes, before, after)
}

function diffAttributes(
  attributes: readonly Attribute[],
  before: Resource,
  after: Resource,
): readonly WrittenPatchOperation[] {
  return attributes.flatMap((attribute) => {
    if (!isRecorded(attribute) || attribute.path === 'schemas') return []
    const was = recordedPart(attribute, valueAt(before, attribute.keys))
    return diffAttribute(attribute, was, recordedPart(attribute, valueAt(after, attribute.keys)))
  })
}

function diffAttribute(
  attribute: Attribute,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): readonly WrittenPatchOperation[] {
  const { path } = attribute
  if (equalValues(before, after)) return []
  if (after === undefined) return [{ op: 'remove', path }]
  if (before === undefined) return [{ op: 'add', path, value: after }]
  if (attribute.multiValued && Array.isArray(before) && Array.isArray(after)) {
    return diffElements(attribute, before, after) ?? [{ op: 'replace', path, value: after }]
  }
  return isObject(before) && isObject(after)
    ? diffMembers(attribute, before, after)
    : [{ op: 'replace', path, value: after }]
}

function diffMembers(attribute: Attribute, before: JsonObject, after: JsonObject): readonly WrittenPatchOperation[] {
  return attribute.subAttributes.flatMap((sub): readonly WrittenPatchOperation[] => {
    const was = memberOf(before, sub.name)
    const is = memberOf(after, sub.name)
    if (equalValues(was, is)) return []
    if (is === undefined) return [{ op: 'remove', path: sub.path }]
    if (was === undefined) return [{ op: 'add', path: sub.path, value: is }]
    return [{ op: 'replace', path: sub.path, value: is }]
  })
}

/** A value without the sub-attributes that are left out of records. */
function recordedPart(attribute: Attribute, value: JsonValue | undefined): JsonValue | undefined {
  if (attribute.subAttributes.every(isRecorded)) return value
  if (Array.isArray(value)) return value.map((element: JsonValue) => recordedPart(attribute, element) ?? {})
  if (!isObject(value)) return value
  const part: Record<string, JsonValue> = {}
  for (const sub of attribute.subAttributes) {
    const member = memberOf(value, sub.name)
    if (member !== undefined && isRecorded(sub)) part[sub.name] = member
  }
  return isEmpty(part) ? undefined : part
}

function isRecorded({ name, mutability, returned }: Attribute): boolean {
  return name !== '$ref' && mutability !== 'readOnly' && mutability !== 'writeOnly' && returned !== 'never'
}
