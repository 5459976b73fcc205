/** Bearer tokens of SCIM clients. Several may live at once, so that one can be replaced without a gap. */
import { mayGrantPrivileged } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { CredentialDocument, ScimClientDocument } from '../store/documents.ts'
import { newCredential } from './credentials.ts'
import type { OrganizationContext, OrganizationsEnvironment } from './environment.ts'
import { findScimClient } from './find-scim-client.ts'
import { invalidMember, notFound } from './refusals.ts'

export interface ScimTokenView {
  readonly id: string
  /** The beginning of the token. */
  readonly prefix: string
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly lastUsed: string | null
}

/** Milliseconds that a token holds when nobody says otherwise: one that never ends is one that leaks unnoticed. */
const lifetime = 365 * 24 * 3_600_000

/**
 * Makes one more token for a client; it is in this answer only.
 * @throws UsherError `not_found`, `validation_failed`, `privileged_grant_refused` where the client may grant what the
 * caller may not
 */
export async function createScimToken(
  { store }: OrganizationsEnvironment,
  { organization, principal, now }: OrganizationContext,
  clientId: string,
  input: { readonly expiresAt?: Date | undefined } = {},
): Promise<ScimTokenView & { readonly token: string }> {
  const client = await findScimClient(store, organization.id, clientId)
  if (client.allowPrivileged && !mayGrantPrivileged(principal)) {
    throw new UsherError(
      'privileged_grant_refused',
      'This client may grant privileged roles: its tokens need the operator, or a key with the scope admin:privileged.',
    )
  }
  const expiresAt = input.expiresAt ?? new Date(now.getTime() + lifetime)
  if (expiresAt <= now) throw invalidMember('expiresAt', 'A token that has expired already is of no use.')
  const { token, document } = newCredential(credentialOf(client, 'scim', expiresAt), now)
  await store.credentials.insertOne(document)
  return { ...showToken(document), token }
}

/**
 * The token, and the access tokens that were issued for it, end: at once here, and within the time of the cache in other
 * processes.
 * @throws UsherError `not_found`
 */
export async function deleteScimToken(
  { store, credentialCache }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  clientId: string,
  tokenId: string,
): Promise<void> {
  const deleted = await store.credentials.deleteOne({
    org: organization.id,
    kind: 'scim',
    client: clientId,
    id: tokenId,
  })
  await store.credentials.deleteMany({ org: organization.id, kind: 'access', client: clientId, issuedFor: tokenId })
  credentialCache.clear()
  if (!deleted) throw notFound('token')
}

/** The tokens of some clients, by the id of the client. */
export async function scimTokensOf(
  { store }: Pick<OrganizationsEnvironment, 'store'>,
  org: string,
  clients: readonly string[],
): Promise<ReadonlyMap<string, readonly ScimTokenView[]>> {
  const found = await store.credentials.find(
    { org, client: { $in: clients }, kind: 'scim', revokedAt: null },
    { sort: { id: 1 } },
  )
  return Map.groupBy(found, ({ client }) => client ?? '')
    .entries()
    .reduce(
      (views, [client, tokens]) => views.set(client, tokens.map(showToken)),
      new Map<string, readonly ScimTokenView[]>(),
    )
}

export function credentialOf(client: ScimClientDocument, kind: 'scim' | 'access', expiresAt: Date) {
  return { kind, org: client.org, client: client._id, name: client.name, scopes: [], expiresAt }
}

function showToken(document: CredentialDocument): ScimTokenView {
  return {
    id: document.id,
    prefix: document.prefix,
    createdAt: document.created.toISOString(),
    expiresAt: document.expiresAt?.toISOString() ?? null,
    lastUsed: document.lastUsed?.toISOString() ?? null,
  }
}
