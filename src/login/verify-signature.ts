import { compactVerify, decodeProtectedHeader, errors, type ProtectedHeaderParameters } from 'jose'
import { verifyWithFittingKey } from '../http/fitting-key.ts'
import { signatureAlgorithms } from '../http/signature-algorithms.ts'
import type { KeySet, KeySource } from './keys.ts'
import { notGenuine } from './not-genuine.ts'

const maxTokenLength = 131_072

/**
 * Verifies the signature of a JWT with the keys of its issuer and gives the bytes of its payload. Keys come from the
 * issuer's key set only: `jku`, `x5u` and `jwk` of the header are ignored, `crit` is refused (RFC 8725 section 3.10).
 * A token whose key is unknown makes the key set be read again at once; a token without `kid` is tried with every
 * key that fits.
 *
 * @throws UsherError `token_invalid`, or `provider_failed` when there are no keys to verify with
 */
export async function verifySignature(keys: KeySource, token: string): Promise<Uint8Array> {
  if (token.length > maxTokenLength) throw notGenuine('too_large', 'The ID token is longer than 128 KB.')
  const header = readHeader(token)
  const present = await keys.current()
  try {
    return await verifyWith(present, token)
  } catch (error) {
    if (!mayHelpToReread(error, header)) throw refusal(error)
    const renewed = await keys.reread()
    if (renewed === null || renewed === present) throw refusal(error)
    return await verifyWith(renewed, token).catch((second) => {
      throw refusal(second)
    })
  }
}

function readHeader(token: string): ProtectedHeaderParameters {
  let header: ProtectedHeaderParameters
  try {
    header = decodeProtectedHeader(token)
  } catch (cause) {
    throw notGenuine('malformed', 'The ID token is not a signed JWT.', cause)
  }
  if (typeof header.alg !== 'string' || !signatureAlgorithms.includes(header.alg)) {
    throw notGenuine('algorithm', 'The ID token is not signed with an acceptable algorithm.')
  }
  if (header.crit !== undefined) throw notGenuine('header', 'The ID token asks for an extension that is not known.')
  if (header.kid !== undefined && typeof header.kid !== 'string') {
    throw notGenuine('header', 'The key id of the ID token is not a string.')
  }
  // Access tokens, logout tokens and others of the same issuer are no ID tokens (RFC 8725 section 3.11).
  if (typeof header.typ === 'string' && /\+jwt$/i.test(header.typ)) {
    throw notGenuine('header', 'The token is not an ID token.')
  }
  return header
}

async function verifyWith(keys: KeySet, token: string): Promise<Uint8Array> {
  const options = { algorithms: [...signatureAlgorithms] }
  return (await verifyWithFittingKey(keys, (find) => compactVerify(token, find, options))).payload
}

/** A failed signature speaks for a new key only where the token does not say which key it means. */
function mayHelpToReread(error: unknown, header: ProtectedHeaderParameters): boolean {
  if (error instanceof errors.JWKSNoMatchingKey) return true
  return error instanceof errors.JWSSignatureVerificationFailed && header.kid === undefined
}

function refusal(error: unknown): Error {
  if (error instanceof errors.JWKSNoMatchingKey) {
    return notGenuine('key', 'The ID token is signed with a key that the issuer does not publish.', error)
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return notGenuine('signature', 'The signature of the ID token is not valid.', error)
  }
  return notGenuine('malformed', 'The ID token cannot be verified.', error)
}
