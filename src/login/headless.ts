import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { RequestContext } from '../context.ts'
import type { ArrivalInput } from '../directory/types.ts'
import type { Connection } from '../organizations/types.ts'
import type { ConnectionState } from '../provisioning/types.ts'
import type { JsonObject } from '../schema/types.ts'
import { traced } from '../tracing.ts'
import { connectionState, type LoginEnvironment, loginContext } from './environment.ts'
import { mergeClaims } from './merge-claims.ts'
import { notGenuineReason } from './not-genuine.ts'
import { verifyIdToken } from './verify-token.ts'

/** The body of a login by an application that has done the OpenID Connect flow itself. */
export const headlessLoginBody = z.strictObject({
  idToken: z.string().min(1),
  nonce: z.string().min(1).optional(),
  userInfo: z.record(z.string(), z.unknown()).optional(),
})

export type HeadlessLogin = z.output<typeof headlessLoginBody>

/**
 * Verifies the ID token and lets the person arrive. The same token again gives the recorded answer.
 *
 * @throws UsherError `not_found` for a connection that the organization does not have, `token_invalid`,
 * `provider_failed`, or the refusal, with `decisionId` and `reference` among its members
 */
export async function headlessLogin(
  environment: LoginEnvironment,
  context: RequestContext,
  connectionId: string,
  body: HeadlessLogin,
): Promise<JsonObject> {
  const connection = await environment.organizations.connection(context.organization, connectionId)
  try {
    return await traced('login', async () => {
      const verified = await verifyHeadlessLogin(environment, connection, body, context.now)
      const acting = loginContext(environment, context.organization, connection.id, context)
      return (await environment.directory.arrive(acting, verified)).answer
    })
  } catch (error) {
    const reason = notGenuineReason(error)
    if (reason) environment.onNotGenuine?.(reason)
    throw error
  }
}

/**
 * What `Directory.arrive` and `Directory.simulate` take, for a token that was verified.
 *
 * @throws UsherError `token_invalid`, `provider_failed`
 */
export async function verifyHeadlessLogin(
  environment: Pick<LoginEnvironment, 'providers'>,
  connection: Connection,
  body: HeadlessLogin,
  now: Date,
): Promise<ArrivalInput> {
  const provider = await environment.providers.of(connection)
  const audiences = [connection.clientId, ...connection.audiences]
  const expected = { issuer: connection.issuer, audiences, nonce: body.nonce, now }
  const token = await verifyIdToken(provider.keys, expected, body.idToken)
  const claims = mergeClaims(token.claims, body.userInfo)
  return {
    connection: connectionState(connection, provider),
    login: { issuer: connection.issuer, claims, issuedAt: token.issuedAt },
    tokenKey: tokenKey(connection.id, body.idToken),
  }
}

/**
 * The connection as a decision on unsigned claims sees it. A provider that cannot be asked counts as unchanged: such
 * a decision is a simulation, and admits nobody.
 */
export async function presentConnectionState(
  environment: Pick<LoginEnvironment, 'providers'>,
  connection: Connection,
): Promise<ConnectionState> {
  const provider = await environment.providers.of(connection).catch(() => null)
  return provider ? connectionState(connection, provider) : { ...connection.state, announcedIssuer: connection.issuer }
}

/**
 * Recognises a token that is sent again. An ECDSA signature (r, s) can be turned into another valid one by anybody, as
 * (r, n − s), so of such a signature only r counts; every other kind has one form.
 */
function tokenKey(connection: string, idToken: string): string {
  const [header = '', payload = '', signature = ''] = idToken.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const fixed = algorithmOf(header).startsWith('ES') ? bytes.subarray(0, bytes.length / 2) : bytes
  return createHash('sha256').update(`${connection}.${header}.${payload}.`).update(fixed).digest('hex')
}

/** The header was verified before this is asked. */
function algorithmOf(header: string): string {
  return String((JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { alg?: unknown }).alg)
}
