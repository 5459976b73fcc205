import { type createLocalJWKSet, errors } from 'jose'

/** Finds the key that a token means in a key set (RFC 7517). */
type FindKey = (...about: Parameters<KeySet>) => ReturnType<KeySet>
type KeySet = ReturnType<typeof createLocalJWKSet>

/**
 * What `verify` gives with the key that the token means. A token without `kid` is tried with every key that fits, until
 * one has signed it.
 *
 * @throws what `verify` throws; a JWSSignatureVerificationFailed where none of several keys has signed
 */
export async function verifyWithFittingKey<Verified>(
  keys: FindKey,
  verify: (find: FindKey) => Promise<Verified>,
): Promise<Verified> {
  try {
    return await verify(keys)
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      try {
        return await verify(async () => key)
      } catch (attempt) {
        if (!(attempt instanceof errors.JWSSignatureVerificationFailed)) throw attempt
      }
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}
