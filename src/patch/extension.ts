import type { Resource, ResourceType } from '../schema/types.ts'
import { memberOf, withMember } from './place.ts'
import { refuse, refuseMutation } from './reading.ts'
import type { ExtensionTarget, PatchOperation } from './types.ts'

/**
 * Takes all attributes of an extension away, by a `remove` of its URN or a `replace` by null. With them goes the URN in
 * `schemas`, which follows from the attributes.
 *
 * @throws UsherError `mutability` for an extension that is required or has an immutable value
 */
export function removeExtension(
  type: ResourceType,
  resource: Resource,
  { op, path: { schema } }: PatchOperation<ExtensionTarget>,
): Resource {
  if (type.extensions.some((extension) => extension.schema === schema && extension.required)) {
    if (op === 'replace') throw refuse('invalid_value', `"${schema}" is required and cannot be left without a value.`)
    throw refuseMutation(schema, 'is required and cannot be removed')
  }
  for (const attribute of type.extensionAttributes.get(schema.toLowerCase())?.values() ?? []) {
    if (attribute.mutability === 'immutable' && memberOf(resource[schema], attribute.name) !== undefined) {
      throw refuseMutation(attribute.path, 'cannot be changed once it has a value')
    }
  }
  return withMember(resource, schema, undefined)
}
