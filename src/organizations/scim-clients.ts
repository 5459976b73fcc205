import { UsherError } from '../errors.ts'
import type { JsonObject } from '../schema/types.ts'
import { type DialectName, dialectNames, dialectWith, type SwitchName, type SwitchOverrides } from '../scim/dialects.ts'
import { readOverrides, switchNames } from '../scim/switches.ts'
import type { ScimClientDocument } from '../store/documents.ts'
import { newId, type OrganizationContext, type OrganizationsEnvironment } from './environment.ts'
import { findScimClient } from './find-scim-client.ts'
import { readPage } from './paging.ts'
import { invalidMember, notFound } from './refusals.ts'
import { defaultScopes, isWithin } from './scim-scopes.ts'
import { createScimToken, type ScimTokenView, scimTokensOf } from './scim-tokens.ts'
import type { Listing, PageRequest } from './types.ts'

export interface ScimClientView {
  readonly id: string
  readonly name: string
  readonly dialect: string
  /** What the client has otherwise than its dialect. */
  readonly switches: SwitchOverrides
  /** What holds for the client, and where it comes from. */
  readonly effectiveSwitches: Readonly<Record<string, EffectiveSwitch>>
  readonly onExisting: 'conflict' | 'adopt'
  readonly allowPrivileged: boolean
  /** What of SCIM the client's tokens are for at most. */
  readonly scopes: readonly string[]
  /** Public keys (RFC 7517) for `private_key_jwt`. */
  readonly jwks: JsonObject | null
  readonly baseUrl: string
  /** The endpoint at which a token is a client secret. */
  readonly tokenEndpoint: string
  readonly tokens: readonly ScimTokenView[]
  readonly createdAt: string
}

export interface EffectiveSwitch {
  readonly value: string | boolean
  readonly layer: 'client' | 'dialect'
}

export interface ScimClientInput {
  readonly name: string
  readonly dialect?: DialectName | undefined
  readonly switches?: SwitchOverrides | undefined
  readonly onExisting?: 'conflict' | 'adopt' | undefined
  readonly allowPrivileged?: boolean | undefined
  readonly scopes?: readonly string[] | undefined
  readonly jwks?: JsonObject | null | undefined
}

/** A merge patch: null puts a default back. */
export type ScimClientPatch = {
  readonly [Name in Exclude<keyof ScimClientInput, 'name' | 'switches'>]?: ScimClientInput[Name] | null | undefined
} & {
  readonly name?: string | undefined
  readonly switches?: SwitchesPatch | null | undefined
}

/** Null puts the value of the dialect back. */
type SwitchesPatch = { readonly [Name in SwitchName]?: SwitchOverrides[Name] | null }

/**
 * Makes a client with its first token, which is in this answer only.
 * @throws UsherError `validation_failed` for scopes that do not exist; `privileged_grant_refused`
 */
export async function createScimClient(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  input: ScimClientInput,
): Promise<ScimClientView & { readonly token: string }> {
  const { organization, now } = context
  if (input.allowPrivileged) refuseUnlessOperator(context)
  const scopes = checkScopes(environment, input.scopes)
  const document: ScimClientDocument = {
    _id: newId(now),
    org: organization.id,
    name: input.name,
    dialect: input.dialect ?? 'rfc',
    switches: input.switches ?? {},
    onExisting: input.onExisting ?? 'conflict',
    allowPrivileged: input.allowPrivileged ?? false,
    scopes,
    jwks: input.jwks ?? null,
    created: now,
  }
  await environment.store.scimClients.insertOne(organization.id, document)
  const { token, ...view } = await createScimToken(environment, context, document._id)
  return { ...showClient(environment, context, document, [view]), token }
}

export async function listScimClients(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  page: PageRequest,
): Promise<Listing<ScimClientView>> {
  const { store } = environment
  const org = context.organization.id
  const documents = await readPage(store.scimClients, org, {}, page, (document) => document)
  const tokens = await scimTokensOf(
    environment,
    org,
    documents.items.map(({ _id }) => _id),
  )
  const items = documents.items.map((client) => showClient(environment, context, client, tokens.get(client._id) ?? []))
  return { ...documents, items }
}

/** @throws UsherError `not_found` */
export async function getScimClient(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  id: string,
): Promise<ScimClientView> {
  const org = context.organization.id
  const found = await findScimClient(environment.store, org, id)
  const tokens = await scimTokensOf(environment, org, [id])
  return showClient(environment, context, found, tokens.get(id) ?? [])
}

/** @throws UsherError `not_found`, `validation_failed`, `privileged_grant_refused` */
export async function patchScimClient(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  id: string,
  patch: ScimClientPatch,
): Promise<ScimClientView> {
  const org = context.organization.id
  const found = await findScimClient(environment.store, org, id)
  const changesPrivilege =
    patch.allowPrivileged !== undefined && Boolean(patch.allowPrivileged) !== found.allowPrivileged
  const scopes = patch.scopes === undefined ? undefined : checkScopes(environment, patch.scopes)
  const widens = scopes !== undefined && !isWithin(scopes, found.scopes ?? defaultScopes)
  // New keys and more scopes are more for a client that may grant more than the caller.
  if (changesPrivilege || (found.allowPrivileged && (widens || patch.jwks !== undefined))) refuseUnlessOperator(context)
  const fields = {
    ...(patch.name === undefined ? {} : { name: patch.name }),
    ...(patch.dialect === undefined ? {} : { dialect: patch.dialect ?? 'rfc' }),
    ...switchesSet(patch.switches),
    ...(patch.onExisting === undefined ? {} : { onExisting: patch.onExisting ?? 'conflict' }),
    ...(patch.allowPrivileged === undefined ? {} : { allowPrivileged: patch.allowPrivileged ?? false }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(patch.jwks === undefined ? {} : { jwks: patch.jwks }),
  }
  const back = switchesUnset(patch.switches)
  if (Object.keys(fields).length + Object.keys(back).length > 0) {
    await environment.store.scimClients.updateOne(org, { _id: id }, { $set: fields, $unset: back })
    // What was issued for a key that may be among the old ones ends with them.
    if (patch.jwks !== undefined) {
      await environment.store.credentials.deleteMany({ org, client: id, kind: 'access', issuedFor: null })
    }
    environment.credentialCache.clear()
  }
  return getScimClient(environment, context, id)
}

/** Ends the client and its tokens. Its users and what it wrote stay as they are. @throws UsherError `not_found` */
export async function deleteScimClient(
  { store, credentialCache }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  id: string,
): Promise<void> {
  const org = organization.id
  if (!(await store.scimClients.deleteOne(org, { _id: id }))) throw notFound('SCIM client')
  await store.credentials.deleteMany({ org, client: id })
  await store.connections.updateMany(org, { scimClients: id }, { $pull: { scimClients: id }, $inc: { version: 1 } })
  credentialCache.clear()
}

function checkScopes(
  { scimScopes }: OrganizationsEnvironment,
  scopes: readonly string[] | null | undefined,
): readonly string[] {
  const asked = [...new Set(scopes ?? defaultScopes)]
  const unknown = asked.findIndex((scope) => !scimScopes.has(scope))
  if (unknown >= 0)
    throw invalidMember(`scopes.${unknown}`, `There is no such scope; there are ${[...scimScopes].join(', ')}.`)
  return asked
}

/** Each switch has a path of its own, so that changes of different ones at once are both kept. */
function switchesSet(patch: SwitchesPatch | null | undefined): Readonly<Record<string, unknown>> {
  if (patch === null) return { switches: {} }
  const set = Object.entries(patch ?? {}).filter(([, value]) => value !== null)
  return Object.fromEntries(set.map(([name, value]) => [`switches.${name}`, value]))
}

function switchesUnset(patch: SwitchesPatch | null | undefined): Readonly<Record<string, ''>> {
  const back = Object.entries(patch ?? {}).filter(([, value]) => value === null)
  return Object.fromEntries(back.map(([name]) => [`switches.${name}`, '']))
}

function effectiveSwitches(dialect: string, switches: SwitchOverrides): Readonly<Record<string, EffectiveSwitch>> {
  const preset = dialectNames.find((name) => name === dialect) ?? 'rfc'
  const effective = dialectWith(preset, switches)
  return Object.fromEntries(
    switchNames.map((name) => [name, { value: effective[name], layer: name in switches ? 'client' : 'dialect' }]),
  )
}

function refuseUnlessOperator({ principal }: OrganizationContext): void {
  if (principal.kind === 'operator' || principal.kind === 'system') return
  throw new UsherError(
    'privileged_grant_refused',
    'Only the operator decides whether a client may grant privileged roles.',
  )
}

function showClient(
  { publicUrl }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  document: ScimClientDocument,
  tokens: readonly ScimTokenView[],
): ScimClientView {
  const { _id: id, name, dialect, onExisting, allowPrivileged, scopes = defaultScopes, jwks, created } = document
  const switches = readOverrides(document.switches)
  return {
    id,
    name,
    dialect,
    switches,
    effectiveSwitches: effectiveSwitches(dialect, switches),
    onExisting,
    allowPrivileged,
    scopes,
    jwks: jwks ?? null,
    baseUrl: `${publicUrl}/scim/v2/${organization.slug}`,
    tokenEndpoint: `${publicUrl}/oauth/${organization.slug}/token`,
    tokens,
    createdAt: created.toISOString(),
  }
}
