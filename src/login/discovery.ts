import { z } from 'zod'
import { UsherError } from '../errors.ts'
import type { DiscoveryCheck } from '../organizations/types.ts'
import type { OutboundFetch } from './outbound.ts'

const endpoint = z.string().max(2048).refine(isHttpUrl, 'must be an http or https URL')

/** What is read of a discovery document (OpenID Connect Discovery 1.0 section 3); the rest is dropped. */
const discoveryDocument = z.object({
  issuer: z.string().min(1).max(2048),
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  jwks_uri: endpoint,
  userinfo_endpoint: endpoint.optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  code_challenge_methods_supported: z.array(z.string()).optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
})

export type DiscoveryDocument = z.output<typeof discoveryDocument>

/**
 * Reads the discovery document that belongs to an issuer. The issuer that it announces may be another one: whether
 * that matters is for the caller to say.
 *
 * @throws UsherError `provider_failed`
 */
export async function readDiscovery(
  fetch: OutboundFetch,
  issuer: string,
  allowPrivateIssuers: boolean,
): Promise<DiscoveryDocument> {
  // The path is appended to the issuer, after a trailing slash is taken off (Discovery section 4.1).
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    headers: { accept: 'application/json' },
  })
  if (response.status !== 200) throw failed(`The discovery document was answered with status ${response.status}.`)
  const parsed = discoveryDocument.safeParse(await response.json().catch(() => null))
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'document').join(', ')
    throw failed(`The discovery document is not usable: ${fields}.`)
  }
  const { authorization_endpoint, token_endpoint, jwks_uri, userinfo_endpoint } = parsed.data
  const endpoints = [authorization_endpoint, token_endpoint, jwks_uri, userinfo_endpoint ?? jwks_uri]
  if (!allowPrivateIssuers && endpoints.some((url) => !url.startsWith('https://'))) {
    throw failed('The discovery document names endpoints that are not https.')
  }
  return parsed.data
}

/**
 * Makes the check of an issuer before a connection to it is saved: the document can be read, it names the endpoints
 * of the code flow, and it announces exactly this issuer (Discovery section 4.3).
 *
 * The check throws UsherError `issuer_invalid`, with a sentence that says what to change.
 */
export function createDiscoveryCheck(fetch: OutboundFetch, allowPrivateIssuers: boolean): DiscoveryCheck {
  return async (issuer) => {
    checkIssuerUrl(issuer, allowPrivateIssuers)
    let announced: string
    try {
      announced = (await readDiscovery(fetch, issuer, allowPrivateIssuers)).issuer
    } catch (error) {
      if (error instanceof UsherError && error.code === 'provider_failed') throw invalid(error.detail, error)
      throw error
    }
    if (standsForManyTenants(announced)) throw invalid(manyTenants)
    if (announced !== issuer) throw invalid(`The discovery document announces another issuer: ${announced}`)
    return { issuer }
  }
}

const manyTenants = 'The issuer stands for many tenants. Use the issuer of the one tenant that people sign in at.'

function checkIssuerUrl(issuer: string, allowPrivateIssuers: boolean): void {
  if (standsForManyTenants(issuer)) throw invalid(manyTenants)
  const url = URL.parse(issuer)
  if (url === null || /[?#\s\\]/.test(issuer) || url.username !== '' || url.password !== '') {
    throw invalid('The issuer must be a URL without user, query and fragment.')
  }
  if (url.protocol !== 'https:' && !(allowPrivateIssuers && url.protocol === 'http:')) {
    throw invalid('The issuer must be an https URL.')
  }
}

/** Placeholders, and the shared endpoints of Entra ID whose tokens carry the issuer of whatever tenant signs in. */
function standsForManyTenants(issuer: string): boolean {
  if (/[{}]|%7b|%7d/i.test(issuer)) return true
  const url = URL.parse(issuer)
  if (url === null || !/(^|\.)(microsoftonline\.(com|us|de|cn)|windows\.net|ciamlogin\.com)$/.test(url.hostname)) {
    return /\/(common|organizations|consumers)(\/v2\.0)?\/?$/i.test(issuer)
  }
  return /^\/(common|organizations|consumers)(\/|$)/i.test(url.pathname)
}

function isHttpUrl(value: string): boolean {
  return /^https?:$/.test(URL.parse(value)?.protocol ?? '')
}

function failed(detail: string): UsherError {
  return new UsherError('provider_failed', detail)
}

function invalid(detail: string, cause?: unknown): UsherError {
  return new UsherError('issuer_invalid', detail, { cause })
}
