/** A recorded decision as the login that it was made of, as far as that is known. */
import { UsherError } from '../errors.ts'
import type { Connection } from '../organizations/types.ts'
import type { VerifiedLogin } from '../provisioning/types.ts'
import type { JsonObject } from '../schema/types.ts'

export interface RecordedLogin {
  readonly login: VerifiedLogin
  /** Claims that the login had and whose values were not recorded: they count as absent. */
  readonly unknownClaims: readonly string[]
}

/** @throws UsherError `not_found` for a decision of another connection */
export function recordedLogin(connection: Connection, decision: JsonObject): RecordedLogin {
  if (decision.connection !== connection.id) throw new UsherError('not_found', 'There is no such decision.')
  const claims: Record<string, unknown> = Object.create(null)
  const unknownClaims: string[] = []
  for (const [name, recorded] of Object.entries((decision.claims ?? {}) as JsonObject)) {
    const { value } = recorded as { readonly value?: unknown }
    if (value === undefined) unknownClaims.push(name)
    else claims[name] = value
  }
  const { subjectClaim } = connection.state.settings
  const implied = { iss: connection.issuer, [subjectClaim]: decision.subject ?? undefined }
  for (const [name, value] of Object.entries(implied)) if (value !== undefined) claims[name] ??= value
  return {
    login: { issuer: connection.issuer, claims, issuedAt: new Date(String(decision.issuedAt)) },
    unknownClaims: unknownClaims.filter((name) => claims[name] === undefined),
  }
}
