/** What a login says about each mapped attribute. */
import { UsherError } from '../errors.ts'
import { normaliseValue } from '../schema/normalise-value.ts'
import type { JsonValue, NormaliseSwitches, ResourceType } from '../schema/types.ts'
import { type ClaimReading, type Claims, readClaim } from './claims.ts'
import { readExpression } from './expression/expression.ts'
import type { AttributeMapping } from './settings.ts'
import { resolveTarget, type Target } from './target.ts'
import { renderTemplate } from './template.ts'

export type MappedReading =
  | { readonly kind: 'absent' | 'empty' | 'overage' }
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'malformed'; readonly reason: string }

export interface MappedValue {
  readonly mapping: AttributeMapping
  readonly target: Target
  readonly reading: MappedReading
  /** What `onMissing: default` sets. */
  readonly fallback: JsonValue | undefined
}

/** A claim is read as a SCIM client's value would be, without the tolerances that only clients need. */
export const claimSwitches: NormaliseSwitches = {
  unknownAttributes: 'refuse',
  stringBooleans: 'accept',
  managerShape: 'accept',
  bareRoles: 'refuse',
  missingSchemas: 'infer',
  password: 'refuse',
  countryAlpha2: false,
}

/** Texts for a list of complex values are their values: providers send addresses and numbers as plain texts. */
function withBareTexts({ attribute, subAttribute }: Target, value: unknown): unknown {
  const isList = attribute.multiValued && attribute.type === 'complex' && subAttribute === undefined
  if (!isList || !attribute.subAttributesByName.has('value')) return value
  const asElement = (element: unknown) => (typeof element === 'string' ? { value: element } : element)
  return Array.isArray(value) ? value.map(asElement) : asElement(value)
}

/** A value as the schema has it: undefined for what means "no value", a sentence for what it does not allow. */
export function valueForTarget(
  type: ResourceType,
  target: Target,
  value: unknown,
): { readonly value: JsonValue | undefined } | { readonly problem: string } {
  try {
    const options = { switches: claimSwitches, note: () => {} }
    const meant = withBareTexts(target, value)
    return { value: normaliseValue(type, target.attribute, target.subAttribute, meant, options) }
  } catch (error) {
    if (error instanceof UsherError) return { problem: error.detail }
    throw error
  }
}

function giver(mapping: AttributeMapping, claims: Claims): ClaimReading {
  if (mapping.claim !== undefined) return readClaim(claims, mapping.claim)
  if (mapping.template !== undefined) return renderTemplate(mapping.template, claims)
  if (mapping.expression !== undefined) return readExpression(mapping.expression, claims)
  return { kind: 'value', value: mapping.value as JsonValue }
}

function readFor(type: ResourceType, target: Target, given: ClaimReading): MappedReading {
  if (given.kind !== 'value') return given
  const read = valueForTarget(type, target, given.value)
  if ('problem' in read) return { kind: 'malformed', reason: read.problem }
  return read.value === undefined ? { kind: 'empty' } : { kind: 'value', value: read.value }
}

/**
 * Reads every mapping of the settings, in their order. A mapping onto an attribute that the schemas no longer know
 * gives nothing: it was checked when it was saved.
 */
export function readMappedValues(
  type: ResourceType,
  mappings: readonly AttributeMapping[],
  claims: Claims,
): readonly MappedValue[] {
  return mappings.flatMap((mapping) => {
    const target = resolveTarget(type, mapping.attribute)
    if ('problem' in target) return []
    const fallback = mapping.default === undefined ? undefined : valueForTarget(type, target, mapping.default)
    return [
      {
        mapping,
        target,
        reading: readFor(type, target, giver(mapping, claims)),
        fallback: fallback !== undefined && 'value' in fallback ? fallback.value : undefined,
      },
    ]
  })
}
