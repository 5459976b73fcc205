/**
 * The signature algorithms that count: asymmetric ones only. Neither `none` nor HMAC, with which whoever knows the
 * client secret, or takes a public key for one, could sign (RFC 8725 section 3.1).
 */
export const signatureAlgorithms: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
