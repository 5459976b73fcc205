import { notGenuine } from './not-genuine.ts'

export type Claims = Readonly<Record<string, unknown>>

const maxClaims = 500
const maxClaimLength = 65_536
const maxDepth = 16

/**
 * Copies a parsed JSON object of claims into null-prototype objects, all the way down, so that no claim's name can
 * reach what objects inherit.
 *
 * @throws UsherError `token_invalid` for what is no object, for more than 500 claims, for a claim of more than 64 KB,
 * and for nesting beyond any use
 */
export function readClaims(value: unknown): Claims {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw notGenuine('malformed', 'The claims are not a JSON object.')
  }
  const entries = Object.entries(value)
  if (entries.length > maxClaims) throw notGenuine('too_large', `There are more than ${maxClaims} claims.`)
  const claims: Record<string, unknown> = Object.create(null)
  for (const [name, claim] of entries) {
    claims[name] = copy(claim, 1)
    if ((JSON.stringify(claim) ?? '').length + name.length > maxClaimLength) {
      throw notGenuine('too_large', 'A claim is longer than 64 KB.')
    }
  }
  return claims
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > maxDepth) throw notGenuine('malformed', 'The claims are nested too deeply.')
  if (Array.isArray(value)) return value.map((element) => copy(element, depth + 1))
  const result: Record<string, unknown> = Object.create(null)
  for (const [name, member] of Object.entries(value)) result[name] = copy(member, depth + 1)
  return result
}
