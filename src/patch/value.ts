import { normaliseElement, normaliseValue } from '../schema/normalise-value.ts'
import { isObject } from '../schema/reading.ts'
import type { Attribute, JsonObject, JsonValue } from '../schema/types.ts'
import { type PatchReading, refuse } from './reading.ts'
import type { AttributeTarget, PatchVerb } from './types.ts'

/**
 * Reads the value of an `add` or `replace` into the canonical form of its target: a list for a whole multi-valued
 * attribute, one element or a part of one behind a filter, otherwise a value of the attribute or sub-attribute.
 *
 * @returns undefined for what means "no value" (RFC 7643 section 2.5)
 * @throws UsherError `invalid_value`, `invalid_syntax`
 */
export function readAssignedValue(
  reading: PatchReading,
  op: Exclude<PatchVerb, 'remove'>,
  { attribute, subAttribute, filter }: AttributeTarget,
  raw: unknown,
): JsonValue | undefined {
  const { type } = reading
  if (subAttribute !== undefined) return normaliseValue(type, attribute, subAttribute, raw, reading)
  if (filter !== undefined) {
    const element = unwrapElement(reading, attribute, raw)
    return readPart(reading, op, attribute, element, normaliseElement(type, attribute, element, reading))
  }
  const value = normaliseValue(type, attribute, undefined, raw, reading)
  if (attribute.multiValued) {
    requireInElements(attribute, raw)
    return Array.isArray(value)
      ? value.map((element: JsonValue) => withoutReadOnly(reading, attribute, element))
      : undefined
  }
  return readPart(reading, op, attribute, raw, value)
}

/**
 * Reads the value of a `remove` on a whole multi-valued attribute: the values that have to go. Microsoft Entra ID
 * removes members like this, although RFC 7644 knows no value of a remove; without the list everybody would go.
 *
 * @returns undefined if there is none; the empty list asks for nothing
 * @throws UsherError `invalid_value`, `invalid_syntax`
 */
export function readRemovedValues(reading: PatchReading, attribute: Attribute, raw: unknown): JsonValue | undefined {
  if (raw === undefined || raw === null) return undefined
  reading.note('remove with values')
  requireInElements(attribute, raw)
  return normaliseValue(reading.type, attribute, undefined, raw, reading) ?? []
}

/** Clients put the one element that a filter stands for into a list. */
function unwrapElement(reading: PatchReading, attribute: Attribute, raw: unknown): unknown {
  if (!Array.isArray(raw)) return raw
  if (raw.length > 1) throw refuse('invalid_value', `One value was expected for the elements of "${attribute.path}".`)
  reading.note('list for a single value')
  return raw[0]
}

/**
 * A complex value that is merged into what is there: what it leaves out stays, what it names without a value goes in a
 * `replace`, and an `add` of nothing does nothing.
 */
function readPart(
  reading: PatchReading,
  op: PatchVerb,
  attribute: Attribute,
  raw: unknown,
  value: JsonValue | undefined,
): JsonValue | undefined {
  if (attribute.type !== 'complex' || !isObject(raw)) {
    return value === undefined ? undefined : withoutReadOnly(reading, attribute, value)
  }
  const merged = attribute.multiValued || reading.switches.complexReplace === 'merge'
  if (op === 'add' || !merged) return value === undefined ? undefined : withoutReadOnly(reading, attribute, value)
  const part: Record<string, JsonValue> = {}
  for (const name of Object.keys(raw)) {
    const subAttribute = attribute.subAttributesByName.get(name.toLowerCase())
    if (subAttribute !== undefined && subAttribute.name !== '$ref') part[subAttribute.name] = null
  }
  return withoutReadOnly(reading, attribute, { ...part, ...(value as JsonObject | undefined) })
}

/** Clients send back what they have read; what is computed is not theirs to write and is passed over, as in a PUT. */
function withoutReadOnly(reading: PatchReading, attribute: Attribute, value: JsonValue): JsonValue {
  if (!isObject(value)) return value
  const kept: Record<string, JsonValue> = {}
  for (const [name, member] of Object.entries(value as JsonObject)) {
    const isReadOnly = attribute.subAttributesByName.get(name.toLowerCase())?.mutability === 'readOnly'
    if (isReadOnly) reading.note('readOnly sub-attribute dropped')
    else if (member !== undefined) kept[name] = member
  }
  return kept
}

/** An element without a required sub-attribute, such as a member without `value`, is a mistake and no empty element. */
function requireInElements(attribute: Attribute, raw: unknown): void {
  const required = attribute.subAttributes.filter((sub) => sub.required && sub.mutability !== 'readOnly')
  if (required.length === 0) return
  for (const element of Array.isArray(raw) ? (raw as readonly unknown[]) : [raw]) {
    if (!isObject(element)) continue
    const given = new Set(
      Object.keys(element)
        .filter((name) => isAssigned(element[name]))
        .map(toLowerCase),
    )
    for (const { name, path } of required) {
      if (!given.has(name.toLowerCase())) throw refuse('invalid_value', `"${path}" is required in every value.`)
    }
  }
}

function isAssigned(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
}

function toLowerCase(text: string): string {
  return text.toLowerCase()
}
