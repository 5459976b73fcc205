/** OAuth 2.0 client credentials (RFC 6749 section 4.4): a SCIM client changes its secret for a token of an hour. */
import type { OrganizationRef } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { JsonObject } from '../schema/types.ts'
import { newCredential } from './credentials.ts'
import type { OrganizationsEnvironment } from './environment.ts'
import { findScimClient } from './find-scim-client.ts'
import { defaultScopes, isWithin } from './scim-scopes.ts'
import { credentialOf } from './scim-tokens.ts'
import { hashToken, isPlausibleToken, tokenPrefixes } from './tokens.ts'

/** Seconds that an access token holds. */
export const accessTokenLifetime = 3_600

/** The id of the client's token that this text is, if it is a live one: any of them is its client secret. */
export async function findClientSecret(
  { store }: OrganizationsEnvironment,
  organization: OrganizationRef,
  clientId: string,
  secret: string,
  now: Date,
): Promise<string | null> {
  if (!secret.startsWith(tokenPrefixes.scim) || !isPlausibleToken(secret)) return null
  const found = await store.credentials.findOne({
    _id: hashToken(secret),
    org: organization.id,
    kind: 'scim',
    client: clientId,
    revokedAt: null,
  })
  if (found === null || (found.expiresAt !== null && found.expiresAt <= now)) return null
  // No request fails for the record of a use.
  await store.credentials.updateOne({ _id: found._id }, { $set: { lastUsed: now } }).catch(() => undefined)
  return found.id
}

/** The public keys of a client (RFC 7517), for `private_key_jwt`; null when it has none or does not exist. */
export async function clientKeys(
  { store }: OrganizationsEnvironment,
  organization: OrganizationRef,
  clientId: string,
): Promise<JsonObject | null> {
  const client = await store.scimClients.findOne(organization.id, { _id: clientId })
  return client?.jwks ?? null
}

/** A client that was authenticated: by its token with the id `secret`, or by a key where that is null. */
export interface TokenOwner {
  readonly clientId: string
  readonly secret: string | null
}

/**
 * Issues an access token to a client. It ends with whatever it was issued for.
 * @param asked scopes that there are; null: all that the client may have
 * @throws UsherError `not_found`; `invalid_scope` for more than the client may have
 */
export async function issueAccessToken(
  { store }: OrganizationsEnvironment,
  organization: OrganizationRef,
  { clientId, secret }: TokenOwner,
  asked: readonly string[] | null,
  now: Date,
): Promise<{ readonly token: string; readonly expiresIn: number; readonly scopes: readonly string[] }> {
  const client = await findScimClient(store, organization.id, clientId)
  const { scopes: bounds = defaultScopes } = client
  const granted = asked ?? bounds
  if (!isWithin(granted, bounds)) {
    throw new UsherError('invalid_scope', `The client may have no more than ${bounds.join(' ')}.`)
  }
  // Whoever asks for tokens cleans up after itself: no list of dead ones grows.
  await store.credentials.deleteMany({
    org: organization.id,
    client: clientId,
    kind: 'access',
    expiresAt: { $lte: now },
  })
  const expiresAt = new Date(now.getTime() + accessTokenLifetime * 1_000)
  const what = { ...credentialOf(client, 'access', expiresAt), issuedFor: secret, granted }
  const { token, document } = newCredential(what, now)
  await store.credentials.insertOne(document)
  return { token, expiresIn: accessTokenLifetime, scopes: granted }
}
