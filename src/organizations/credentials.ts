/** Bearer tokens as they are kept, and who they stand for. */
import type { Scope } from '../context.ts'
import { type DialectName, dialectNames } from '../scim/dialects.ts'
import { readOverrides } from '../scim/switches.ts'
import type { CredentialDocument } from '../store/documents.ts'
import type { CachedCredential } from './credential-cache.ts'
import { newId, type OrganizationsEnvironment } from './environment.ts'
import { defaultScopes, narrow } from './scim-scopes.ts'
import { hashToken, isPlausibleToken, mintToken, shownPrefix } from './tokens.ts'
import type { Authenticated } from './types.ts'

/** Milliseconds between two records of a credential's use: a coarse time is enough to find those nobody uses. */
const useInterval = 60_000

export interface NewCredential {
  readonly kind: 'key' | 'scim' | 'access'
  readonly org: string
  /** The SCIM client that the token stands for. */
  readonly client: string | null
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly expiresAt: Date | null
  /** Of an access token: see `CredentialDocument`. */
  readonly issuedFor?: string | null
  readonly granted?: readonly string[]
}

/** Makes a token and the document that is kept of it. The token itself is kept nowhere. */
export function newCredential(
  input: NewCredential,
  now: Date,
): { readonly token: string; readonly document: CredentialDocument } {
  const token = mintToken(input.kind)
  return { token, document: documentOf(token, newId(now), input, now) }
}

/**
 * Who a bearer token is; null for unknown, expired and revoked ones. The token is looked up by its hash, so the time it
 * takes says nothing about the tokens there are.
 */
export async function authenticate(
  environment: OrganizationsEnvironment,
  token: string,
  now: Date,
): Promise<Authenticated | null> {
  if (!isPlausibleToken(token)) return null
  const hash = hashToken(token)
  const cached = environment.credentialCache.read(hash, now)
  const credential = cached ?? (await readCredential(environment, hash))
  if (credential === null || (credential.expiresAt !== null && credential.expiresAt <= now)) return null
  if (cached === null) environment.credentialCache.write(hash, credential, now)
  recordUse(environment, hash, credential, now)
  return credential.authenticated
}

/**
 * The operator's token. A configured one replaces every other one; without one, a token is made at the first start and
 * returned this once; null when there is one already.
 */
export async function ensureOperatorToken(
  environment: Pick<OrganizationsEnvironment, 'store' | 'credentialCache'>,
  configured: string | undefined,
  now: Date,
): Promise<string | null> {
  const { store } = environment
  if (configured !== undefined) {
    const document = operatorDocument(configured, now)
    const known = await store.credentials.findOne({ _id: document._id, kind: 'operator' })
    if (known === null) await store.credentials.put(document._id, document)
    await store.credentials.deleteMany({ kind: 'operator', _id: { $ne: document._id } })
    environment.credentialCache.clear()
    return null
  }
  if ((await store.credentials.findOne({ kind: 'operator' })) !== null) return null
  const token = mintToken('operator')
  const document = operatorDocument(token, now)
  // Processes that start together meet on this one key: exactly one of them makes the token.
  return store
    .transaction(async (session) => {
      await store.secrets.insertOne({ _id: 'operator-token', value: document._id }, session)
      await store.credentials.insertOne(document, session)
    })
    .then(() => token)
    .catch(async (error: unknown) => {
      if ((await store.credentials.findOne({ kind: 'operator' })) !== null) return null
      throw error
    })
}

async function readCredential({ store }: OrganizationsEnvironment, hash: string): Promise<CachedCredential | null> {
  const found = await store.credentials.findOne({ _id: hash })
  if (found === null || found.revokedAt !== null) return null
  const authenticated = await authenticatedBy(store, found)
  return authenticated && { authenticated, expiresAt: found.expiresAt, lastUsed: found.lastUsed }
}

async function authenticatedBy(
  store: OrganizationsEnvironment['store'],
  credential: CredentialDocument,
): Promise<Authenticated | null> {
  const { kind, org, id, client, name, scopes, granted } = credential
  if (kind === 'operator') return { principal: { kind: 'operator' }, dialect: 'rfc' }
  if (org === null) return null
  if (kind === 'key') return { principal: { kind: 'key', id, name, organization: org, scopes }, dialect: 'rfc' }
  const owner = client === null ? null : await store.scimClients.findOne(org, { _id: client })
  if (owner === null) return null
  const { _id, onExisting, allowPrivileged, scopes: bounds = defaultScopes } = owner
  // What an administrator has taken from the client since, its access tokens have lost too.
  const allowed = granted === undefined ? bounds : narrow(granted, bounds)
  const may = { onExisting, allowPrivileged, scopes: allowed }
  return {
    principal: { kind: 'scim', id: _id, name: owner.name, organization: org, ...may },
    dialect: dialectOf(owner.dialect),
    switches: readOverrides(owner.switches),
  }
}

/** Nobody waits for the record of a use, and no request fails for it. */
function recordUse(
  { store, credentialCache }: OrganizationsEnvironment,
  hash: string,
  { lastUsed }: CachedCredential,
  now: Date,
): void {
  if (lastUsed !== null && now.getTime() - lastUsed.getTime() < useInterval) return
  credentialCache.used(hash, now)
  store.credentials.updateOne({ _id: hash }, { $set: { lastUsed: now } }).catch(() => undefined)
}

function operatorDocument(token: string, now: Date): CredentialDocument {
  return {
    ...documentOf(
      token,
      'operator',
      { kind: 'key', org: '', client: null, name: 'operator', scopes: [], expiresAt: null },
      now,
    ),
    kind: 'operator',
    org: null,
    prefix: shownPrefix('operator', token),
  }
}

function documentOf(token: string, id: string, input: NewCredential, now: Date): CredentialDocument {
  return {
    _id: hashToken(token),
    kind: input.kind,
    org: input.org,
    id,
    client: input.client,
    name: input.name,
    prefix: shownPrefix(input.kind, token),
    scopes: input.scopes,
    created: now,
    expiresAt: input.expiresAt,
    revokedAt: null,
    lastUsed: null,
    ...(input.issuedFor === undefined ? {} : { issuedFor: input.issuedFor }),
    ...(input.granted === undefined ? {} : { granted: input.granted }),
  }
}

function dialectOf(name: string): DialectName {
  return dialectNames.find((known) => known === name) ?? 'rfc'
}
