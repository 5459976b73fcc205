import { decodeJwt } from 'jose'
import type { OrganizationRef } from '../context.ts'
import { UsherError } from '../errors.ts'
import { clientKeys, findClientSecret } from '../organizations/access-tokens.ts'
import { useClientAssertion } from '../organizations/client-assertions.ts'
import type { OrganizationsEnvironment } from '../organizations/environment.ts'
import { verifyClientAssertion } from './client-assertion.ts'
import { invalidClient } from './errors.ts'

/** What a client shows at the token endpoint, unverified. */
export type ClientCredentials =
  | { readonly kind: 'secret'; readonly clientId: string; readonly secret: string }
  | { readonly kind: 'assertion'; readonly clientId: string; readonly assertion: string }

/** A client that has proved who it is; `secret` is the id of the token that it showed, null for a key. */
export interface AuthenticatedClient {
  readonly clientId: string
  readonly secret: string | null
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const longestAssertion = 16_384

/**
 * Reads the credentials of `client_secret_basic`, `client_secret_post` (RFC 6749 section 2.3.1) or `private_key_jwt`
 * (RFC 7523 section 2.2).
 *
 * @throws UsherError `invalid_client` where there are none, or none that can be read; `invalid_request` where there are
 * several
 */
export function readClientCredentials(
  authorization: string | undefined,
  parameters: ReadonlyMap<string, string>,
): ClientCredentials {
  const [clientId, secret, assertion] = ['client_id', 'client_secret', 'client_assertion'].map((name) =>
    parameters.get(name),
  )
  if ([authorization, secret, assertion].filter((method) => method !== undefined).length > 1) {
    throw new UsherError('invalid_request', 'A client authenticates in one way at a time.')
  }
  const read =
    authorization !== undefined
      ? fromBasic(authorization)
      : assertion !== undefined
        ? fromAssertion(assertion, parameters.get('client_assertion_type'))
        : { kind: 'secret' as const, clientId: clientId ?? '', secret: secret ?? '' }
  if (clientId !== undefined && clientId !== read.clientId) throw invalidClient()
  return read
}

/**
 * Whether the credentials are those of a client of this organization.
 * @param names of this server, one of which an assertion must be for
 * @throws UsherError `invalid_client`, the same for whatever is wrong
 */
export async function authenticateClient(
  environment: OrganizationsEnvironment,
  organization: OrganizationRef,
  credentials: ClientCredentials,
  names: readonly string[],
  now: Date,
): Promise<AuthenticatedClient> {
  const { clientId } = credentials
  if (credentials.kind === 'secret') {
    const secret = await findClientSecret(environment, organization, clientId, credentials.secret, now)
    if (secret === null) throw invalidClient()
    return { clientId, secret }
  }
  const keys = await clientKeys(environment, organization, clientId)
  if (keys === null) throw invalidClient()
  const verified = await verifyClientAssertion(keys, credentials.assertion, { clientId, audiences: names, now })
  if (!(await useClientAssertion(environment, organization, clientId, verified))) throw invalidClient()
  return { clientId, secret: null }
}

/** Both halves are form-encoded before they are joined (RFC 6749 section 2.3.1). */
function fromBasic(authorization: string): ClientCredentials {
  const [, encoded] = /^basic +([\w+/-]+=*)$/i.exec(authorization) ?? []
  const [, clientId, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? []
  try {
    return { kind: 'secret', clientId: formDecoded(clientId ?? ''), secret: formDecoded(secret ?? '') }
  } catch (cause) {
    throw invalidClient(cause)
  }
}

/** Who the client is, is what the assertion says of itself until it is verified. */
function fromAssertion(assertion: string, type: string | undefined): ClientCredentials {
  if (type !== assertionType || assertion.length > longestAssertion) throw invalidClient()
  try {
    const { sub } = decodeJwt(assertion)
    if (typeof sub === 'string') return { kind: 'assertion', clientId: sub, assertion }
  } catch (cause) {
    throw invalidClient(cause)
  }
  throw invalidClient()
}

function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}
