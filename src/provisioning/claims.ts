/**
 * The typed bag of claims: absent, empty, malformed, overage and value are five different inputs, and what a login
 * does with each of them is a different matter.
 */
import type { JsonValue } from '../schema/types.ts'
import { isUsableClaimName } from './claim-names.ts'

export type Claims = Readonly<Record<string, unknown>>

export type ClaimReading =
  /** Not there, or null. */
  | { readonly kind: 'absent' }
  /** There, and empty: an empty text or list. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'value'; readonly value: JsonValue }
  /** There, and not of a form that could be used. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** The provider says that it left the claim out because it has too many values. */
  | { readonly kind: 'overage' }

const MAX_DEPTH = 16

/** A copy that holds JSON only, without the member names that mean something to JavaScript; undefined if it cannot be. */
export function copyJson(value: unknown, depth = 0): JsonValue | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return undefined
  if (Array.isArray(value)) {
    const copies = value.map((element) => copyJson(element, depth + 1))
    return copies.includes(undefined) ? undefined : (copies as JsonValue[])
  }
  const entries: [string, JsonValue][] = []
  for (const [name, member] of Object.entries(value)) {
    if (!isUsableClaimName(name) || member === undefined) continue
    const copy = copyJson(member, depth + 1)
    if (copy === undefined) return undefined
    entries.push([name, copy])
  }
  return Object.fromEntries(entries)
}

function ownMember(container: unknown, name: string): unknown {
  if (typeof container !== 'object' || container === null || Array.isArray(container)) return undefined
  if (!isUsableClaimName(name) || !Object.hasOwn(container, name)) return undefined
  return (container as Claims)[name]
}

/** The raw value: by the literal name first, which may hold dots or be a URL; failing that, by path. */
function findClaim(claims: Claims, name: string): unknown {
  if (!isUsableClaimName(name)) return undefined
  if (Object.hasOwn(claims, name)) return claims[name]
  if (!name.includes('.')) return undefined
  return name.split('.').reduce<unknown>(ownMember, claims)
}

/**
 * Whether the claim was left out for its size: `_claim_names` names it (OpenID Connect Core section 5.6.2), or, for
 * groups in the implicit flow of Microsoft Entra, `hasgroups` is set.
 */
function isOverage(claims: Claims, name: string): boolean {
  if (ownMember(ownMember(claims, '_claim_names'), name) !== undefined) return true
  const hasGroups = ownMember(claims, 'hasgroups')
  return name === 'groups' && (hasGroups === true || hasGroups === 'true')
}

/**
 * Reads one claim. Takes the verified claims and a name from the settings (literal, or a path such as
 * `address.locality`); looks at own members only. Never throws.
 */
export function readClaim(claims: Claims, name: string): ClaimReading {
  const raw = findClaim(claims, name)
  if (raw === undefined || raw === null) return isOverage(claims, name) ? { kind: 'overage' } : { kind: 'absent' }
  if (raw === '' || (Array.isArray(raw) && raw.length === 0)) return { kind: 'empty' }
  const value = copyJson(raw)
  if (value === undefined) return { kind: 'malformed', reason: 'it is nested too deeply or is no JSON' }
  return { kind: 'value', value }
}

/** The claim as one text; undefined for everything else. */
export function readText(claims: Claims, name: string): string | undefined {
  const reading = readClaim(claims, name)
  return reading.kind === 'value' && typeof reading.value === 'string' ? reading.value : undefined
}

export type ValuesReading =
  | { readonly kind: 'absent' | 'overage' }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'values'; readonly values: readonly string[] }

/** More values than this are taken as an overage: such a list cannot be told from one that was cut off. */
const MAX_VALUES = 1000

/** What was read as a list of texts, each once: groups or roles. One text is a list of one; an empty one is an empty list. */
export function valuesOf(reading: ClaimReading): ValuesReading {
  if (reading.kind === 'empty') return { kind: 'values', values: [] }
  if (reading.kind !== 'value') return reading
  const list = Array.isArray(reading.value) ? reading.value : [reading.value]
  if (!list.every((element) => typeof element === 'string')) {
    return { kind: 'malformed', reason: 'it is neither a text nor a list of texts' }
  }
  const values = [...new Set(list.filter((value) => value !== ''))]
  return values.length > MAX_VALUES ? { kind: 'overage' } : { kind: 'values', values }
}
