import { UsherError } from '../errors.ts'

/** Longer ones cannot be ours, and are not worth a hash. */
const longestToken = 512
/** The `b64token` of RFC 6750 section 2.1; the scheme is case-insensitive (RFC 9110 section 11.1). */
const bearer = /^bearer +([\w.~+/-]+=*)$/i

/**
 * The token of an `Authorization: Bearer …` header (RFC 6750 section 2.1). Tokens in the URL or the body are not looked
 * at.
 *
 * @throws UsherError `unauthorized` with the challenge, when there is no header or it is no bearer token
 */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '') throw missingCredentials()
  const token = authorization.length > longestToken + 16 ? undefined : bearer.exec(authorization)?.[1]
  if (token === undefined || token.length > longestToken) throw invalidCredentials()
  return token
}

/** What a request without credentials gets. */
export function missingCredentials(): UsherError {
  return new UsherError('unauthorized', 'This needs a bearer token in the Authorization header.', {
    headers: { 'WWW-Authenticate': 'Bearer realm="usher"' },
  })
}

/** What a request with credentials that are unknown, expired or revoked gets. */
export function invalidCredentials(): UsherError {
  return new UsherError('unauthorized', 'The bearer token is not valid.', {
    headers: { 'WWW-Authenticate': 'Bearer realm="usher", error="invalid_token"' },
  })
}
