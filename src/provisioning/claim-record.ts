/** What a decision remembers of the claims: the type of each, and the values of those that the settings use. */
import type { JsonValue } from '../schema/types.ts'
import { isUsableClaimName } from './claim-names.ts'
import { type Claims, copyJson, readClaim } from './claims.ts'
import { expressionClaims } from './expression/expression.ts'
import { grantRules } from './grant-rules.ts'
import type { AttributeMapping, JitSettings } from './settings.ts'
import { templateClaims } from './template.ts'
import type { Decision } from './types.ts'

/** `tid` and `oid` tell tenants and people of Microsoft Entra apart; the others decide what an e-mail proves. */
const alwaysKept = ['email', 'email_verified', 'preferred_username', 'tid', 'oid']
/** Where a claim was left out for its size. */
const overageMarkers = ['_claim_names', 'hasgroups']

/** Names of the claims that the settings use in any place. */
export function mappedClaims(settings: JitSettings): readonly string[] {
  const names = [
    settings.subjectClaim,
    ...settings.attributes.flatMap(claimsOfGiver),
    ...claimsOfGiver(settings.userName),
    ...settings.matching.map(({ claim }) => claim),
    ...settings.claimFilter.map(({ claim }) => claim),
    ...grantGivers(settings).flatMap(claimsOfGiver),
  ]
  return [...new Set(names)]
}

/** Names of the claims whose values a decision remembers. */
export function usedClaims(settings: JitSettings): readonly string[] {
  const markers = grantGivers(settings).length > 0 ? overageMarkers : []
  return [...new Set([...alwaysKept, ...mappedClaims(settings), ...markers])]
}

function grantGivers({ groups, roles }: JitSettings) {
  return [grantRules(groups, 'group').reads, grantRules(roles, 'role').reads].filter((reads) => reads !== null)
}

/** What gives a value, and the claims that it is made of. */
export function claimsOfGiver({
  claim,
  template,
  expression,
}: Pick<AttributeMapping, 'claim' | 'template' | 'expression'>): readonly string[] {
  return [
    ...(claim === undefined ? [] : [claim]),
    ...(template === undefined ? [] : templateClaims(template)),
    ...(expression === undefined ? [] : expressionClaims(expression)),
  ]
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/**
 * Every claim with its type, and a value for those that the settings use. A claim that is used by path stands under
 * that path too, without the rest of the claim around it.
 */
export function recordClaims(settings: JitSettings, claims: Claims): Decision['claims'] {
  const used = usedClaims(settings)
  const record = new Map<string, { readonly type: string; readonly value?: JsonValue }>()
  for (const [name, raw] of Object.entries(claims)) {
    if (!isUsableClaimName(name) || raw === undefined) continue
    const value = used.includes(name) ? copyJson(raw) : undefined
    record.set(name, { type: typeOf(raw), ...(value === undefined ? {} : { value }) })
  }
  for (const name of used) {
    if (record.has(name)) continue
    const reading = readClaim(claims, name)
    if (reading.kind === 'value') record.set(name, { type: typeOf(reading.value), value: reading.value })
  }
  return Object.fromEntries(record)
}
