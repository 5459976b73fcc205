import { type Claims, readClaim } from './claims.ts'
import { matchesPattern } from './pattern.ts'
import type { ClaimCondition } from './settings.ts'

/**
 * Whether a condition of the `claimFilter` holds. Comparison is exact, type and case included; a claim with several
 * values meets a condition when one of them does. A claim that is absent, empty or unusable is not present and meets
 * nothing else.
 */
export function meetsCondition(condition: ClaimCondition, claims: Claims): boolean {
  const reading = readClaim(claims, condition.claim)
  if (condition.operator === 'present') return (reading.kind === 'value') === (condition.value ?? true)
  if (reading.kind !== 'value') return false
  const values = Array.isArray(reading.value) ? reading.value : [reading.value]
  switch (condition.operator) {
    case 'equals':
      return values.includes(condition.value)
    case 'in':
      return values.some((value) => condition.value.some((expected) => expected === value))
    case 'matches':
      return values.some((value) => typeof value === 'string' && matchesPattern(condition.value, value))
  }
}
