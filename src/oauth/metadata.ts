import { signatureAlgorithms } from '../http/signature-algorithms.ts'

export const grantType = 'client_credentials'

/** The names by which the authorization server of an organization is known; the organization need not exist. */
export function serverNames(
  publicUrl: string,
  slug: string,
): { readonly issuer: string; readonly tokenEndpoint: string } {
  const issuer = `${publicUrl}/oauth/${encodeURIComponent(slug)}`
  return { issuer, tokenEndpoint: `${issuer}/token` }
}

/**
 * Authorization server metadata (RFC 8414 section 2). It says nothing of the organization, not even whether it exists;
 * only the addresses in it repeat the URL.
 *
 * @param scopes that there are at this installation
 */
export function serverMetadata(publicUrl: string, slug: string, scopes: ReadonlySet<string>) {
  const { issuer, tokenEndpoint } = serverNames(publicUrl, slug)
  return {
    issuer,
    token_endpoint: tokenEndpoint,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: signatureAlgorithms,
    grant_types_supported: [grantType],
    // Required, although there is no authorization endpoint that would have any.
    response_types_supported: [],
    scopes_supported: [...scopes],
  }
}
