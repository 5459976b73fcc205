import { refuseForbiddenKeys } from './forbidden-keys.ts'
import { readAttribute, readElement } from './read-attribute.ts'
import type { NormaliseOptions } from './reading.ts'
import type { Attribute, JsonValue, ResourceType } from './types.ts'

/**
 * Reads the value of one attribute or sub-attribute as PATCH needs it (RFC 7644 section 3.5.2), with the same checks
 * and tolerances as a whole body. For a multi-valued attribute the result is always a list.
 * It differs from a whole body in two ways: readOnly sub-attributes stay, since the caller answers for mutability, and
 * required ones may be missing, since the value may complete what is stored. `$ref` is never kept.
 *
 * @returns undefined for what means "no value"
 * @throws UsherError `invalid_value`, `invalid_syntax`
 */
export function normaliseValue(
  type: ResourceType,
  attribute: Attribute,
  subAttribute: Attribute | undefined,
  value: unknown,
  options: NormaliseOptions,
): JsonValue | undefined {
  refuseForbiddenKeys(value)
  return readAttribute({ type, ...pick(options), extent: 'part' }, subAttribute ?? attribute, value)
}

/**
 * Reads one element of a multi-valued attribute, or a part of one that is to be merged into an element: the same as
 * `normaliseValue`, but not as a list.
 *
 * @returns undefined for what means "no value"
 * @throws UsherError `invalid_value`, `invalid_syntax`
 */
export function normaliseElement(
  type: ResourceType,
  attribute: Attribute,
  value: unknown,
  options: NormaliseOptions,
): JsonValue | undefined {
  refuseForbiddenKeys(value)
  return readElement({ type, ...pick(options), extent: 'part' }, attribute, value)
}

function pick({ switches, note }: NormaliseOptions): NormaliseOptions {
  return { switches, note }
}
