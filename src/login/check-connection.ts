import { UsherError } from '../errors.ts'
import { signatureAlgorithms } from '../http/signature-algorithms.ts'
import type { Connection } from '../organizations/types.ts'
import { type DiscoveryDocument, readDiscovery } from './discovery.ts'
import type { OutboundFetch } from './outbound.ts'

export interface ConnectionCheck {
  readonly check: 'enabled' | 'discovery' | 'issuer' | 'algorithms' | 'keys' | 'userinfo' | 'iss' | 'pkce'
  readonly result: 'pass' | 'warn' | 'fail'
  /** A sentence for an administrator. */
  readonly detail: string
}

/**
 * Asks the identity provider of a connection now, past everything that is remembered, for what a login will need of it.
 * What is wrong is a check that fails, never an error. Whether the client's id and secret are right shows only a login.
 */
export async function checkConnection(
  fetch: OutboundFetch,
  connection: Connection,
  allowPrivateIssuers: boolean,
): Promise<readonly ConnectionCheck[]> {
  const checks: ConnectionCheck[] = [checkEnabled(connection)]
  const document = await readDiscovery(fetch, connection.issuer, allowPrivateIssuers).catch(sentenceOf)
  if (typeof document === 'string') return [...checks, { check: 'discovery', result: 'fail', detail: document }]
  checks.push({ check: 'discovery', result: 'pass', detail: 'The discovery document can be read.' })
  checks.push(checkIssuer(connection, document), checkAlgorithms(document))
  checks.push(await checkKeys(fetch, document))
  checks.push(checkUserInfo(document), checkIss(document), checkPkce(document))
  return checks
}

function checkEnabled({ enabled }: Connection): ConnectionCheck {
  return enabled
    ? { check: 'enabled', result: 'pass', detail: 'The connection is enabled.' }
    : { check: 'enabled', result: 'warn', detail: 'The connection is not enabled: every login is refused.' }
}

function checkIssuer({ issuer }: Connection, document: DiscoveryDocument): ConnectionCheck {
  return document.issuer === issuer
    ? { check: 'issuer', result: 'pass', detail: 'The provider announces the issuer of the connection.' }
    : {
        check: 'issuer',
        result: 'fail',
        detail: `The provider announces another issuer now, ${document.issuer}: every login is refused. A new issuer is a new connection.`,
      }
}

function checkAlgorithms({ id_token_signing_alg_values_supported: announced }: DiscoveryDocument): ConnectionCheck {
  const usable = announced?.filter((algorithm) => signatureAlgorithms.includes(algorithm))
  if (usable === undefined) {
    return { check: 'algorithms', result: 'pass', detail: 'The provider does not say how it signs; RS256 is expected.' }
  }
  return usable.length > 0
    ? { check: 'algorithms', result: 'pass', detail: `ID tokens may be signed with ${usable.join(', ')}.` }
    : {
        check: 'algorithms',
        result: 'fail',
        detail: `The provider signs with ${announced?.join(', ')} only; an asymmetric algorithm such as RS256 is needed.`,
      }
}

async function checkKeys(fetch: OutboundFetch, { jwks_uri }: DiscoveryDocument): Promise<ConnectionCheck> {
  const failed = (detail: string): ConnectionCheck => ({ check: 'keys', result: 'fail', detail })
  const headers = { accept: 'application/json' }
  const response = await fetch(jwks_uri, { endpoint: 'jwks', headers }).catch(sentenceOf)
  if (typeof response === 'string') return failed(response)
  if (response.status !== 200) return failed(`The keys were answered with status ${response.status}.`)
  const body: unknown = await response.json().catch(() => null)
  const keys = typeof body === 'object' && body !== null && 'keys' in body ? body.keys : null
  if (!Array.isArray(keys) || keys.length === 0)
    return failed('The provider publishes no key: no signature can be checked.')
  return { check: 'keys', result: 'pass', detail: `The provider publishes ${keys.length} keys.` }
}

function checkUserInfo({ userinfo_endpoint }: DiscoveryDocument): ConnectionCheck {
  return userinfo_endpoint === undefined
    ? {
        check: 'userinfo',
        result: 'warn',
        detail: 'There is no UserInfo endpoint: all claims must be in the ID token.',
      }
    : { check: 'userinfo', result: 'pass', detail: 'There is a UserInfo endpoint.' }
}

function checkIss({ authorization_response_iss_parameter_supported }: DiscoveryDocument): ConnectionCheck {
  const detail =
    authorization_response_iss_parameter_supported === true
      ? 'The provider names itself in its answers (RFC 9207).'
      : 'The provider does not name itself in its answers; the redirect URI of the connection stands in for that.'
  return { check: 'iss', result: 'pass', detail }
}

/** A provider without PKCE leaves the code to whoever sees it on its way (RFC 9700 section 2.1.1). */
function checkPkce({ code_challenge_methods_supported: methods }: DiscoveryDocument): ConnectionCheck {
  return methods?.includes('S256')
    ? { check: 'pkce', result: 'pass', detail: 'The provider announces PKCE.' }
    : {
        check: 'pkce',
        result: 'warn',
        detail: 'The provider does not announce PKCE (S256). It is sent all the same; some providers ignore it.',
      }
}

/** What went wrong with the provider. @throws whatever is no fault of it */
function sentenceOf(error: unknown): string {
  if (error instanceof UsherError && error.code === 'provider_failed') return error.detail
  throw error
}
