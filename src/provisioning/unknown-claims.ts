import { usedClaims } from './claim-record.ts'
import { type Claims, readClaim } from './claims.ts'
import type { JitSettings } from './settings.ts'

/**
 * Claims that the settings use and that a recorded login had, but whose values nobody recorded, because the settings of
 * that time did not use them. Such a login says less than a new one would: what is unknown must not count as missing.
 */
export function unknownUses(
  settings: JitSettings,
  claims: Claims,
  unknownClaims: readonly string[],
): readonly string[] {
  const isUnknown = (name: string) => unknownClaims.some((claim) => claim === name || name.startsWith(`${claim}.`))
  return usedClaims(settings).filter((name) => isUnknown(name) && readClaim(claims, name).kind === 'absent')
}
