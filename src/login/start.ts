import {
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import { UsherError } from '../errors.ts'
import type { Connection } from '../organizations/types.ts'
import { newBrowserSecret } from './browser-cookie.ts'
import type { LoginEnvironment } from './environment.ts'
import { findConnection } from './find-connection.ts'
import { parameter } from './parameters.ts'
import { readReturnAddress } from './return-address.ts'

/** Passed on to the identity provider as they come (OpenID Connect Core section 3.1.2.1). */
const passedOn = ['login_hint', 'prompt', 'max_age', 'acr_values', 'ui_locales'] as const

export interface StartRequest {
  readonly organization: string
  readonly connection: string
  readonly parameters: URLSearchParams
  readonly now: Date
}

export interface Started {
  /** Where the browser goes now. */
  readonly location: string
  /** What the browser must bring back, in its cookie. */
  readonly browserSecret: string
}

/**
 * Begins a login: notes state, nonce and PKCE verifier for this browser and connection, and makes the address of the
 * identity provider.
 *
 * @throws UsherError `not_found`, `invalid_request`, `provider_failed`, `issuer_mismatch`
 */
export async function startLogin(environment: LoginEnvironment, request: StartRequest): Promise<Started> {
  const { organization, connection } = await findConnection(environment, request.organization, request.connection)
  const returnTo = parameter(request.parameters, 'return_to')
  const further = readPassedOn(request.parameters)
  const returnAddress =
    returnTo === undefined ? null : readReturnAddress(returnTo, environment.publicUrl, organization.returnUrls)
  const provider = await environment.providers.of(connection)
  // The client secret would go to endpoints that nobody vouched for.
  if (!provider.endpointsTrusted) {
    throw new UsherError('issuer_mismatch', 'The identity provider announces another issuer than the connection has.')
  }

  const state = randomState()
  const nonce = randomNonce()
  const verifier = randomPKCECodeVerifier()
  const browserSecret = newBrowserSecret()
  await environment.organizations.saveLoginTransaction(organization, {
    state,
    nonce,
    verifier,
    connection: connection.id,
    browser: browserSecret,
    returnTo: returnAddress,
    maxAge: further.max_age === undefined ? null : Number(further.max_age),
    now: request.now,
  })
  const location = buildAuthorizationUrl(provider.flow, {
    ...further,
    scope: scopeOf(connection),
    redirect_uri: redirectUri(environment.publicUrl, organization.slug, connection.id),
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  return { location: location.href, browserSecret }
}

/** The address of a connection's callback: distinct for each, which is a defence against mix-up (RFC 9700 section 4.4). */
export function redirectUri(publicUrl: string, organization: string, connection: string): string {
  return `${publicUrl}/login/${organization}/${connection}/callback`
}

function scopeOf(connection: Connection): string {
  return [...new Set(['openid', ...connection.scopes])].join(' ')
}

function readPassedOn(parameters: URLSearchParams): Partial<Record<(typeof passedOn)[number], string>> {
  const given = passedOn.flatMap((name) => {
    const value = parameter(parameters, name)
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  const read: Partial<Record<(typeof passedOn)[number], string>> = Object.fromEntries(given)
  if (read.max_age !== undefined && !/^\d{1,9}$/.test(read.max_age)) {
    throw new UsherError('invalid_request', '`max_age` must be a number of seconds.')
  }
  return read
}
