import { UsherError } from '../errors.ts'
import type { JitSettings, StoredJitSettings } from '../provisioning/settings.ts'
import { effectiveSettings, readJitSettings } from '../provisioning/settings.ts'
import type { ConnectionDocument } from '../store/documents.ts'
import { newId, type OrganizationContext, type OrganizationsEnvironment } from './environment.ts'
import { checkJit, storedJit, versionDocument } from './jit-changes.ts'
import { readPage } from './paging.ts'
import { invalidMember, notFound, whenTaken } from './refusals.ts'
import type { Connection, Listing, PageRequest } from './types.ts'

export interface ConnectionView {
  readonly id: string
  readonly name: string
  readonly type: 'oidc'
  readonly issuer: string
  readonly clientId: string
  /** The secret itself is never shown. */
  readonly clientSecretSet: boolean
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly enabled: boolean
  /** The SCIM clients of the same identity provider, as they are named or by default. */
  readonly scimClients: readonly string[]
  readonly redirectUri: string
  /** The settings in force, defaults included. */
  readonly jit: JitSettings
  readonly jitVersion: number
  readonly createdAt: string
}

export interface ConnectionInput {
  readonly name: string
  readonly type: 'oidc'
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string | null | undefined
  readonly scopes?: readonly string[] | undefined
  readonly audiences?: readonly string[] | undefined
  readonly enabled?: boolean | undefined
  readonly scimClients?: readonly string[] | null | undefined
  /** Unread: the settings have a schema of their own. */
  readonly jit?: unknown
}

/** A merge patch: null puts a default back, and takes the client secret away. */
export interface ConnectionPatch {
  readonly name?: string | undefined
  readonly type?: 'oidc' | undefined
  readonly issuer?: string | undefined
  readonly clientId?: string | undefined
  readonly clientSecret?: string | null | undefined
  readonly scopes?: readonly string[] | null | undefined
  readonly audiences?: readonly string[] | null | undefined
  readonly enabled?: boolean | null | undefined
  readonly scimClients?: readonly string[] | null | undefined
}

const defaultScopes = ['openid', 'profile', 'email']

/**
 * Makes a connection after its issuer's discovery document was read and found to announce that issuer.
 * @throws UsherError `validation_failed`, `issuer_invalid`, `already_exists`, `privileged_grant_refused`
 */
export async function createConnection(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  input: ConnectionInput,
): Promise<ConnectionView> {
  const { organization, now } = context
  const org = organization.id
  const { stored } = readJitSettings(input.jit ?? {}, environment.jitDefaults, 'jit')
  const jit = await checkJit(environment, context, stored, undefined, 'jit')
  await checkScimClients(environment, org, input.scimClients)
  await checkIssuer(environment, input.issuer)
  const id = newId(now)
  const document: ConnectionDocument = {
    _id: id,
    org,
    name: input.name,
    type: input.type,
    issuer: input.issuer,
    clientId: input.clientId,
    clientSecret: sealed(environment, id, input.clientSecret),
    scopes: withOpenid(input.scopes ?? defaultScopes),
    audiences: input.audiences ?? [],
    enabled: input.enabled ?? true,
    scimClients: input.scimClients ?? null,
    jit,
    jitVersion: 1,
    version: 1,
    created: now,
    deleting: false,
  }
  await whenTaken(
    () =>
      environment.store.transaction(async (session) => {
        await environment.store.connections.insertOne(org, document, session)
        await environment.store.jitVersions.insertOne(org, versionDocument(context, id, 1, jit), session)
      }),
    () => nameTaken(input.name),
  )
  return showConnection(environment, context, document)
}

export async function listConnections(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  page: PageRequest,
): Promise<Listing<ConnectionView>> {
  const org = context.organization.id
  const documents = await readPage(environment.store.connections, org, { deleting: false }, page, (each) => each)
  const items = await Promise.all(documents.items.map((each) => showConnection(environment, context, each)))
  return { ...documents, items }
}

/** @throws UsherError `not_found` */
export async function getConnection(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  id: string,
): Promise<ConnectionView> {
  return showConnection(environment, context, await findConnection(environment, context.organization.id, id))
}

/** @throws UsherError `not_found`, `immutable` for another issuer, `validation_failed`, `already_exists` */
export async function patchConnection(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  id: string,
  patch: ConnectionPatch,
): Promise<ConnectionView> {
  const org = context.organization.id
  const present = await findConnection(environment, org, id)
  if (patch.issuer !== undefined && patch.issuer !== present.issuer) {
    throw new UsherError(
      'immutable',
      'The issuer cannot be changed: its subjects would be taken for those of another one.',
    )
  }
  await checkScimClients(environment, org, patch.scimClients)
  const fields = {
    ...(patch.name === undefined ? {} : { name: patch.name }),
    ...(patch.clientId === undefined ? {} : { clientId: patch.clientId }),
    ...(patch.clientSecret === undefined ? {} : { clientSecret: sealed(environment, id, patch.clientSecret) }),
    ...(patch.scopes === undefined ? {} : { scopes: withOpenid(patch.scopes ?? defaultScopes) }),
    ...(patch.audiences === undefined ? {} : { audiences: patch.audiences ?? [] }),
    ...(patch.enabled === undefined ? {} : { enabled: patch.enabled ?? true }),
    ...(patch.scimClients === undefined ? {} : { scimClients: patch.scimClients }),
  }
  if (Object.keys(fields).length > 0) {
    await whenTaken(
      () => environment.store.connections.updateOne(org, { _id: id }, { $set: fields, $inc: { version: 1 } }),
      () => nameTaken(patch.name ?? present.name),
    )
  }
  return getConnection(environment, context, id)
}

/**
 * The connection as the login needs it, with its secret opened.
 * @throws UsherError `not_found`, also while it is being deleted
 */
export async function openConnection(
  environment: OrganizationsEnvironment,
  org: string,
  id: string,
): Promise<Connection> {
  const [document] = await environment.store.connections.remembered(org, { _id: id, deleting: false })
  if (document === undefined) throw notFound('connection')
  const { clientSecret, name, type, issuer, clientId, scopes, audiences, enabled, version } = document
  return {
    id,
    organization: org,
    name,
    type,
    issuer,
    clientId,
    clientSecret: clientSecret === null ? null : environment.sealing.open(clientSecret, id),
    scopes,
    audiences,
    enabled,
    version,
    state: {
      id,
      name,
      enabled,
      issuer,
      scimClients: await scimClientsOf(environment, document),
      settings: effectiveSettings(storedJit(document), environment.jitDefaults),
      settingsVersion: document.jitVersion,
    },
  }
}

/** @throws UsherError `not_found`, also while the connection is being deleted */
export async function findConnection(
  { store }: Pick<OrganizationsEnvironment, 'store'>,
  org: string,
  id: string,
): Promise<ConnectionDocument> {
  const found = await store.connections.findOne(org, { _id: id, deleting: false })
  if (found === null) throw notFound('connection')
  return found
}

/** Those the connection names, or the organization's only one. */
async function scimClientsOf(
  { store }: OrganizationsEnvironment,
  { org, scimClients }: ConnectionDocument,
): Promise<readonly string[]> {
  if (scimClients !== null) return scimClients
  const found = await store.scimClients.remembered(org, {}, { projection: { _id: 1 }, limit: 2 })
  return found.length === 1 ? found.map(({ _id }) => _id) : []
}

async function checkScimClients(
  { store }: OrganizationsEnvironment,
  org: string,
  ids: readonly string[] | null | undefined,
): Promise<void> {
  if (!ids) return
  const found = await store.scimClients.find(org, { _id: { $in: ids } }, { projection: { _id: 1 } })
  const known = new Set(found.map(({ _id }) => _id))
  const unknown = ids.findIndex((id) => !known.has(id))
  if (unknown >= 0) {
    throw invalidMember(`scimClients.${unknown}`, `The organization has no SCIM client "${ids[unknown]}".`)
  }
}

async function checkIssuer({ checkDiscovery }: OrganizationsEnvironment, issuer: string): Promise<void> {
  const announced = await checkDiscovery(issuer)
  if (announced.issuer !== issuer) {
    throw new UsherError('issuer_invalid', `The discovery document announces another issuer: ${announced.issuer}`)
  }
}

function sealed({ sealing }: OrganizationsEnvironment, id: string, secret: string | null | undefined): string | null {
  return secret === null || secret === undefined ? null : sealing.seal(secret, id)
}

/** Without this scope it is no OpenID Connect (Core 1.0 section 3.1.2.1). */
function withOpenid(scopes: readonly string[]): readonly string[] {
  return [...new Set(['openid', ...scopes])]
}

function nameTaken(name: string): UsherError {
  return new UsherError('already_exists', `The organization has a connection named "${name}" already.`)
}

async function showConnection(
  environment: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  document: ConnectionDocument,
): Promise<ConnectionView> {
  const { _id: id, name, type, issuer, clientId, clientSecret, scopes, audiences, enabled, jitVersion } = document
  const jit: StoredJitSettings = storedJit(document)
  return {
    id,
    name,
    type,
    issuer,
    clientId,
    clientSecretSet: clientSecret !== null,
    scopes,
    audiences,
    enabled,
    scimClients: await scimClientsOf(environment, document),
    redirectUri: `${environment.publicUrl}/login/${organization.slug}/${id}/callback`,
    jit: effectiveSettings(jit, environment.jitDefaults),
    jitVersion,
    createdAt: document.created.toISOString(),
  }
}
