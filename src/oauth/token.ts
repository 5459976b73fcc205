import { UsherError } from '../errors.ts'
import { issueAccessToken } from '../organizations/access-tokens.ts'
import type { OrganizationsEnvironment } from '../organizations/environment.ts'
import type { Organizations } from '../organizations/types.ts'
import { authenticateClient, readClientCredentials } from './client-authentication.ts'
import { invalidClient } from './errors.ts'
import { grantType, serverNames } from './metadata.ts'

/** What the room works with. */
export interface OAuthRooms {
  readonly environment: OrganizationsEnvironment
  readonly organizations: Pick<Organizations, 'bySlug'>
}

export interface TokenRequest {
  readonly slug: string
  readonly authorization: string | undefined
  readonly parameters: ReadonlyMap<string, string>
  readonly now: Date
}

/** An access token response (RFC 6749 section 5.1). */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope: string
}

/**
 * Client credentials (RFC 6749 section 4.4): a SCIM client shows who it is and gets a token of an hour. Who is not
 * authenticated learns nothing else.
 *
 * @throws UsherError `invalid_client`, `invalid_request`, `unsupported_grant_type`, `invalid_scope`
 */
export async function issueToken(
  { environment, organizations }: OAuthRooms,
  { slug, authorization, parameters, now }: TokenRequest,
): Promise<{ readonly clientId: string; readonly response: TokenResponse }> {
  const credentials = readClientCredentials(authorization, parameters)
  const organization = await organizations.bySlug(slug)
  if (organization === null) throw invalidClient()
  const { issuer, tokenEndpoint } = serverNames(environment.publicUrl, slug)
  const names = [tokenEndpoint, issuer]
  const client = await authenticateClient(environment, organization, credentials, names, now)
  checkGrant(parameters)
  const asked = readScopes(environment.scimScopes, parameters.get('scope'))
  const { token, expiresIn, scopes } = await issueAccessToken(environment, organization, client, asked, now)
  const response = {
    access_token: token,
    token_type: 'Bearer',
    expires_in: expiresIn,
    scope: scopes.join(' '),
  } as const
  return { clientId: client.clientId, response }
}

function checkGrant(parameters: ReadonlyMap<string, string>): void {
  const grant = parameters.get('grant_type')
  if (grant === undefined) throw new UsherError('invalid_request', 'The parameter grant_type is missing.')
  if (grant !== grantType) throw new UsherError('unsupported_grant_type', `The only grant type is ${grantType}.`)
}

/** Scopes have one space between them, in any order (RFC 6749 section 3.3); null when none are asked for. */
function readScopes(known: ReadonlySet<string>, text: string | undefined): readonly string[] | null {
  if (text === undefined) return null
  const asked = new Set(text.split(' '))
  if (!asked.isSubsetOf(known)) {
    throw new UsherError(
      'invalid_scope',
      'A scope is unknown or malformed; scopes_supported of the metadata lists them.',
    )
  }
  return [...asked]
}
