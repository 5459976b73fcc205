import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { verifyWithFittingKey } from '../http/fitting-key.ts'
import { signatureAlgorithms } from '../http/signature-algorithms.ts'
import type { JsonObject } from '../schema/types.ts'
import { invalidClient } from './errors.ts'

/** Seconds that an assertion may still hold when it arrives: what is not used at once is not worth stealing later. */
const longestLife = 300
/** Seconds by which the client's clock may be ahead of ours. */
const clockSkew = 30

export interface AssertedBy {
  readonly clientId: string
  /** Names of this server, one of which the assertion must be for. */
  readonly audiences: readonly string[]
  readonly now: Date
}

/**
 * Verifies an assertion by which a client authenticates (RFC 7523 section 3): signed with one of its keys, issued by it
 * about itself, for this server, and short-lived. Whether it was used before is the caller's to find out.
 *
 * @param keys the client's own key set; `jku`, `x5u` and `jwk` of the header are not looked at
 * @throws UsherError `invalid_client`
 */
export async function verifyClientAssertion(
  keys: JsonObject,
  assertion: string,
  { clientId, audiences, now }: AssertedBy,
): Promise<{ readonly jti: string; readonly expiresAt: Date }> {
  const options = {
    algorithms: [...signatureAlgorithms],
    issuer: clientId,
    subject: clientId,
    audience: [...audiences],
    requiredClaims: ['exp', 'jti'],
    clockTolerance: clockSkew,
    currentDate: now,
  }
  const keySet = createLocalJWKSet(keys as unknown as JSONWebKeySet)
  const verified = await verifyWithFittingKey(keySet, (find) => jwtVerify(assertion, find, options)).catch(
    (error: unknown) => {
      throw invalidClient(error)
    },
  )
  const { jti, exp } = verified.payload
  if (typeof jti !== 'string' || jti === '' || exp === undefined) throw invalidClient()
  const left = exp - now.getTime() / 1000
  // A tolerance for clocks is none for an assertion that has ended by its own word.
  if (left <= 0 || left > longestLife + clockSkew) throw invalidClient()
  return { jti, expiresAt: new Date(exp * 1000) }
}
