import { mayGrantPrivileged, type Scope } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { CredentialDocument } from '../store/documents.ts'
import { newCredential } from './credentials.ts'
import type { OrganizationContext, OrganizationsEnvironment } from './environment.ts'
import { readCursor, toListing } from './paging.ts'
import { invalidMember, notFound } from './refusals.ts'
import type { Listing, PageRequest } from './types.ts'

export interface ApiKeyView {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** The beginning of the token. */
  readonly prefix: string
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly lastUsed: string | null
}

/**
 * Makes a key; the token is in this answer only.
 * @throws UsherError `validation_failed`; `privileged_grant_refused` for a scope that the caller could not use either
 */
export async function createApiKey(
  { store }: OrganizationsEnvironment,
  { organization, principal, now }: OrganizationContext,
  input: { readonly name: string; readonly scopes: readonly Scope[]; readonly expiresAt?: Date | undefined },
): Promise<ApiKeyView & { readonly token: string }> {
  if (input.scopes.includes('admin:privileged') && !mayGrantPrivileged(principal)) {
    throw new UsherError(
      'privileged_grant_refused',
      'A key with the scope admin:privileged is made by the operator, or with such a key.',
    )
  }
  if (input.expiresAt !== undefined && input.expiresAt <= now) {
    throw invalidMember('expiresAt', 'A key that has expired already is of no use.')
  }
  const { token, document } = newCredential(
    {
      kind: 'key',
      org: organization.id,
      client: null,
      name: input.name,
      scopes: [...new Set(input.scopes)],
      expiresAt: input.expiresAt ?? null,
    },
    now,
  )
  await store.credentials.insertOne(document)
  return { ...showKey(document), token }
}

export async function listApiKeys(
  { store }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  page: PageRequest,
): Promise<Listing<ApiKeyView>> {
  const after = page.cursor === undefined ? {} : { id: { $gt: readCursor(page.cursor) } }
  const found = await store.credentials.find(
    { org: organization.id, kind: 'key', revokedAt: null, ...after },
    { sort: { id: 1 }, limit: page.limit + 1 },
  )
  // What a list walks along is the public id: the document's own is the hash of the token.
  const byId = found.map((document) => ({ _id: document.id, document }))
  return toListing(byId, page.limit, ({ document }) => showKey(document))
}

/** The key ends at once here, and within the time of the cache in other processes. @throws UsherError `not_found` */
export async function deleteApiKey(
  { store, credentialCache }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  id: string,
): Promise<void> {
  const deleted = await store.credentials.deleteOne({ org: organization.id, kind: 'key', id })
  credentialCache.clear()
  if (!deleted) throw notFound('API key')
}

function showKey(document: CredentialDocument): ApiKeyView {
  return {
    id: document.id,
    name: document.name,
    scopes: document.scopes,
    prefix: document.prefix,
    createdAt: document.created.toISOString(),
    expiresAt: document.expiresAt?.toISOString() ?? null,
    lastUsed: document.lastUsed?.toISOString() ?? null,
  }
}
