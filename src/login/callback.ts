import { authorizationCodeGrant, fetchUserInfo } from 'openid-client'
import type { OrganizationRef } from '../context.ts'
import type { Arrival } from '../directory/types.ts'
import { UsherError } from '../errors.ts'
import type { Connection, LoginTransaction } from '../organizations/types.ts'
import { connectionState, type LoginEnvironment, loginContext } from './environment.ts'
import { findConnection } from './find-connection.ts'
import { mergeClaims } from './merge-claims.ts'
import { notGenuine } from './not-genuine.ts'
import { parameter } from './parameters.ts'
import { fromProvider } from './provider-errors.ts'
import type { Provider } from './providers.ts'
import type { Claims } from './read-claims.ts'
import { redirectUri } from './start.ts'
import { type VerifiedToken, verifyIdToken } from './verify-token.ts'

export interface CallbackRequest {
  readonly organization: string
  readonly connection: string
  readonly parameters: URLSearchParams
  /** What the browser brought in its cookie. */
  readonly browserSecret: string | undefined
  readonly requestId: string
  readonly now: Date
}

export interface Finished {
  readonly organization: OrganizationRef
  readonly arrival: Arrival
  /** Absolute; null when the login ends here. */
  readonly returnTo: string | null
}

/**
 * Ends a login in the browser: redeems the code, verifies the ID token by the same rules as a headless login, adds the
 * UserInfo claims, and lets the person arrive. Before the code goes anywhere, the answer must belong to a login that
 * this browser started at this connection, and be from this issuer (RFC 9700 section 4.4, RFC 9207).
 *
 * @throws UsherError `not_found`, `token_invalid`, `provider_failed`, `issuer_mismatch`, or the refusal, with
 * `decisionId` and `reference` among its members
 */
export async function finishLogin(environment: LoginEnvironment, request: CallbackRequest): Promise<Finished> {
  const { organization, connection } = await findConnection(environment, request.organization, request.connection)
  const state = parameter(request.parameters, 'state')
  const transaction = await takeTransaction(environment, organization, connection, request, state)
  const provider = await environment.providers.of(connection)
  if (!provider.endpointsTrusted) {
    throw new UsherError('issuer_mismatch', 'The identity provider announces another issuer than the connection has.')
  }
  checkIssuerOfResponse(provider, connection, request.parameters)

  const current = new URL(redirectUri(environment.publicUrl, organization.slug, connection.id))
  current.search = request.parameters.toString()
  const { token, userInfo } = await redeem(provider, connection, transaction, current, state, request.now)
  const claims = mergeClaims(token.claims, userInfo)
  const arrival = await environment.directory.arrive(loginContext(environment, organization, connection.id, request), {
    connection: connectionState(connection, provider),
    login: { issuer: connection.issuer, claims, issuedAt: token.issuedAt },
    tokenKey: null,
  })
  return { organization, arrival, returnTo: transaction.returnTo }
}

async function takeTransaction(
  environment: LoginEnvironment,
  organization: OrganizationRef,
  connection: Connection,
  request: CallbackRequest,
  state: string | undefined,
): Promise<LoginTransaction> {
  const transaction =
    state && request.browserSecret
      ? await environment.organizations.takeLoginTransaction(organization, {
          state,
          connection: connection.id,
          browser: request.browserSecret,
          now: request.now,
        })
      : null
  if (transaction) return transaction
  throw notGenuine('state', 'This sign-in was not started in this browser, was finished before, or took too long.')
}

function checkIssuerOfResponse(provider: Provider, connection: Connection, parameters: URLSearchParams): void {
  const issuer = parameter(parameters, 'iss')
  if (issuer === undefined ? provider.announcesIss : issuer !== connection.issuer) {
    throw notGenuine('issuer', 'The answer is not from the identity provider of this connection.')
  }
}

async function redeem(
  provider: Provider,
  connection: Connection,
  transaction: LoginTransaction,
  current: URL,
  state: string | undefined,
  now: Date,
): Promise<{ readonly token: VerifiedToken; readonly userInfo: Claims | undefined }> {
  try {
    const tokens = await authorizationCodeGrant(provider.flow, current, {
      pkceCodeVerifier: transaction.verifier,
      ...(state !== undefined && { expectedState: state }),
      expectedNonce: transaction.nonce,
      idTokenExpected: true,
      ...(transaction.maxAge !== null && { maxAge: transaction.maxAge }),
    })
    const token = await verifyIdToken(
      provider.keys,
      { issuer: connection.issuer, audiences: [connection.clientId], nonce: transaction.nonce, now },
      tokens.id_token ?? '',
    )
    const userInfo = provider.hasUserInfo
      ? await fetchUserInfo(provider.userInfo, tokens.access_token, token.subject)
      : undefined
    return { token, userInfo }
  } catch (error) {
    throw fromProvider(error)
  }
}
