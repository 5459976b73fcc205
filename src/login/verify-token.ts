import type { KeySource } from './keys.ts'
import { notGenuine } from './not-genuine.ts'
import { type Claims, readClaims } from './read-claims.ts'
import { verifySignature } from './verify-signature.ts'

/** What a token must be made for. */
export interface ExpectedToken {
  /** The pinned issuer, compared byte by byte. */
  readonly issuer: string
  /** Everybody whom a token of this connection may be meant for: the client, and where allowed further audiences. */
  readonly audiences: readonly string[]
  /** Compared when given. */
  readonly nonce?: string | undefined
  readonly now: Date
}

export interface VerifiedToken {
  readonly claims: Claims
  readonly subject: string
  readonly issuedAt: Date
}

const toleranceSeconds = 60
const maxSubjectLength = 255

/**
 * Verifies an ID token by the rules of OpenID Connect Core 1.0 section 3.1.3.7: signature, issuer, audience, authorized
 * party, times (60 s tolerance, `exp` and `iat` required), nonce and subject.
 *
 * @throws UsherError `token_invalid`, or `provider_failed` when the issuer's keys cannot be read
 */
export async function verifyIdToken(keys: KeySource, expected: ExpectedToken, idToken: string): Promise<VerifiedToken> {
  const claims = parseClaims(await verifySignature(keys, idToken))
  if (isSecurityEvent(claims)) throw notGenuine('header', 'The token is not an ID token.')
  if (claims.iss !== expected.issuer) throw notGenuine('issuer', 'The ID token is from another issuer.')
  checkAudience(claims, expected.audiences)
  const issuedAt = checkTimes(claims, expected.now.getTime() / 1000)
  if (expected.nonce !== undefined && claims.nonce !== expected.nonce) {
    throw notGenuine('nonce', 'The nonce of the ID token is not the expected one.')
  }
  return { claims, subject: readSubject(claims.sub), issuedAt: new Date(issuedAt * 1000) }
}

/** A logout token or another security event token, which older issuers do not tell by `typ` (RFC 8417 section 4.1). */
function isSecurityEvent({ events }: Claims): boolean {
  return typeof events === 'object' && events !== null && !Array.isArray(events)
}

function parseClaims(payload: Uint8Array): Claims {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch (cause) {
    throw notGenuine('malformed', 'The ID token holds no JSON.', cause)
  }
  return readClaims(value)
}

/** A token that is also meant for somebody unknown could have been handed on by them, so every audience must be known. */
function checkAudience(claims: Claims, known: readonly string[]): void {
  const audiences: readonly unknown[] = Array.isArray(claims.aud) ? claims.aud : [claims.aud]
  const isKnown = (name: unknown) => typeof name === 'string' && known.includes(name)
  if (audiences.length === 0 || !audiences.every(isKnown)) {
    throw notGenuine('audience', 'The ID token is meant for another audience.')
  }
  if (claims.azp !== undefined && !isKnown(claims.azp)) {
    throw notGenuine('audience', 'The ID token was issued to another party.')
  }
}

/** Gives `iat`. All three are NumericDate values (RFC 7519 section 2): JSON numbers. */
function checkTimes(claims: Claims, now: number): number {
  const { exp, nbf, iat } = claims
  if (!isTime(exp)) throw notGenuine('time', 'The ID token does not say when it expires.')
  if (exp + toleranceSeconds <= now) throw notGenuine('time', 'The ID token has expired.')
  if (!isTime(iat)) throw notGenuine('time', 'The ID token does not say when it was issued.')
  if (iat - toleranceSeconds > now) throw notGenuine('time', 'The ID token was issued in the future.')
  if (nbf !== undefined && !isTime(nbf)) throw notGenuine('time', 'The `nbf` of the ID token is not a time.')
  if (nbf !== undefined && nbf - toleranceSeconds > now) throw notGenuine('time', 'The ID token is not valid yet.')
  return iat
}

/** Within what a JavaScript date can hold. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 8.64e12
}

function readSubject(sub: unknown): string {
  if (typeof sub !== 'string' || sub === '') throw notGenuine('subject', 'The ID token does not name a subject.')
  if (sub.length > maxSubjectLength) throw notGenuine('subject', 'The subject is longer than 255 characters.')
  return sub
}
