import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client'
import { UsherError } from '../errors.ts'
import { notGenuine } from './not-genuine.ts'

/** Errors of the authorization response that say that the person, not the provider, did not go on. */
const givenUp: readonly string[] = [
  'access_denied',
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]

/** Codes of openid-client that stand for an answer which came, and is not to be trusted. */
const untrusted: readonly string[] = [
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_UNSUPPORTED_OPERATION',
]

/**
 * Sorts what openid-client throws: a login that is not genuine (`token_invalid`), or a provider that failed
 * (`provider_failed`). The original error stays as the cause. Errors of this program pass unchanged.
 */
export function fromProvider(error: unknown): unknown {
  const ours = findUsherError(error)
  if (ours) return ours
  if (error instanceof AuthorizationResponseError) {
    if (givenUp.includes(error.error)) return notGenuine('response', 'The sign-in was not completed.', error)
    return failed('The identity provider refused the sign-in.', error)
  }
  if (error instanceof ResponseBodyError) {
    // The code was used before, is not for this client, or its PKCE verifier is another one (RFC 6749 section 5.2).
    if (error.error === 'invalid_grant') return notGenuine('response', 'The authorization code is not valid.', error)
    return failed('The identity provider refused the token request.', error)
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    return failed('The identity provider refused the request.', error)
  }
  if (error instanceof ClientError) {
    if (error.code !== undefined && untrusted.includes(error.code)) {
      return notGenuine('response', 'The answer of the identity provider does not belong to this sign-in.', error)
    }
    return failed('The identity provider did not answer as it should.', error)
  }
  return error
}

/** Errors of the outbound requests arrive wrapped. */
function findUsherError(error: unknown): UsherError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof UsherError) return current
  }
  return undefined
}

function failed(detail: string, cause: unknown): UsherError {
  return new UsherError('provider_failed', detail, { cause })
}
