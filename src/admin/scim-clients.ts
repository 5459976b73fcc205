import { z } from 'zod'
import {
  createScimClient,
  deleteScimClient,
  getScimClient,
  listScimClients,
  patchScimClient,
} from '../organizations/scim-clients.ts'
import { createScimToken, deleteScimToken } from '../organizations/scim-tokens.ts'
import type { JsonObject } from '../schema/types.ts'
import type { SwitchName, SwitchOverrides } from '../scim/dialects.ts'
import { dialectNames } from '../scim/dialects.ts'
import { switches as descriptions, switchNames, switchValues } from '../scim/switches.ts'
import { anySwitchValue } from './dialects.ts'
import { listing } from './listing.ts'
import { name, pageOf, pageQuery, timestamp } from './reading.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { id, time, withToken } from './views.ts'

const publicKeys = z
  .strictObject({ keys: z.array(z.looseObject({ kty: z.string() })).max(10) })
  .refine(({ keys }) => keys.every((key) => !('d' in key) && !('k' in key)), 'These are not public keys only.')
  .transform((jwks) => jwks as unknown as JsonObject)
  .describe('Public keys (RFC 7517) by which the client authenticates with private_key_jwt.')

const dialect = z.enum(dialectNames)
const onExisting = z.enum(['conflict', 'adopt'])

/** `GET /dialects` says what they mean. */
const switches = z
  .strictObject(Object.fromEntries(switchNames.map((name) => [name, switchValue(name).optional()])))
  .transform((values) => values as SwitchOverrides)
const switchesPatch = z
  .strictObject(Object.fromEntries(switchNames.map((name) => [name, switchValue(name).nullable().optional()])))
  .transform((values) => values as { readonly [Name in SwitchName]?: SwitchOverrides[Name] | null })

function switchValue(name: SwitchName) {
  return z.literal([...switchValues(name)]).describe(descriptions[name].question)
}

const scopes = z
  .array(z.string().max(256))
  .min(1)
  .max(100)
  .describe('What of SCIM its tokens are for at most: scim, scim.read, scim.users, scim.users.read and so on.')

const scimClientInput = z.strictObject({
  name,
  dialect: dialect.optional(),
  switches: switches.optional().describe('What the client has otherwise than its dialect.'),
  onExisting: onExisting.optional(),
  allowPrivileged: z.boolean().optional().describe('For the operator only.'),
  scopes: scopes.optional(),
  jwks: publicKeys.nullable().optional(),
})

const scimClientPatch = z.strictObject({
  name: name.optional(),
  dialect: dialect.nullable().optional(),
  switches: switchesPatch.nullable().optional().describe('Null puts the value of the dialect back.'),
  onExisting: onExisting.nullable().optional(),
  allowPrivileged: z.boolean().nullable().optional(),
  scopes: scopes.nullable().optional(),
  jwks: publicKeys.nullable().optional(),
})

const tokenInput = z.strictObject({ expiresAt: timestamp.optional().describe('In a year when nothing is said.') })

const tokenView = z.object({
  id,
  prefix: z.string(),
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsed: time.nullable(),
})

const scimClientView = z.object({
  id,
  name: z.string(),
  dialect: z.string(),
  switches: z.record(z.string(), anySwitchValue).describe('What the client has otherwise than its dialect.'),
  effectiveSwitches: z.record(z.string(), z.object({ value: anySwitchValue, layer: z.enum(['client', 'dialect']) })),
  onExisting: z.enum(['conflict', 'adopt']),
  allowPrivileged: z.boolean(),
  scopes: z.array(z.string()),
  jwks: z.record(z.string(), z.unknown()).nullable(),
  baseUrl: z.string(),
  tokenEndpoint: z.string(),
  tokens: z.array(tokenView),
  createdAt: time,
})

const path = '/organizations/{org}/scim-clients'

export const scimClientRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path,
      access: 'admin',
      summary: 'Make a SCIM client with its first token',
      description: 'The token is a bearer token of SCIM, and a client secret at the tokenEndpoint (RFC 6749).',
      body: scimClientInput,
      answers: { 201: scimClientView.extend(withToken) },
    },
    async ({ environment }, { context, body }) => ({
      status: 201,
      body: await createScimClient(environment, context, body),
    }),
  ),
  organizationRoute(
    {
      method: 'get',
      path,
      access: 'read',
      summary: 'List SCIM clients',
      query: pageQuery,
      answers: { 200: listing(scimClientView) },
    },
    async ({ environment }, { context, query }) => ({
      status: 200,
      body: await listScimClients(environment, context, pageOf(query)),
    }),
  ),
  organizationRoute(
    {
      method: 'get',
      path: `${path}/{id}`,
      access: 'read',
      summary: 'Read a SCIM client',
      answers: { 200: scimClientView },
    },
    async ({ environment }, call) => ({
      status: 200,
      body: await getScimClient(environment, call.context, parameter(call, 'id')),
    }),
  ),
  organizationRoute(
    {
      method: 'patch',
      path: `${path}/{id}`,
      access: 'admin',
      summary: 'Change a SCIM client',
      description: 'A merge patch (RFC 7396). Other keys end the access tokens that were issued for the old ones.',
      body: scimClientPatch,
      answers: { 200: scimClientView },
    },
    async ({ environment }, call) => ({
      status: 200,
      body: await patchScimClient(environment, call.context, parameter(call, 'id'), call.body),
    }),
  ),
  organizationRoute(
    {
      method: 'delete',
      path: `${path}/{id}`,
      access: 'admin',
      summary: 'Delete a SCIM client',
      description: 'Its users and what it wrote stay.',
      answers: { 204: null },
    },
    async ({ environment }, call) => {
      await deleteScimClient(environment, call.context, parameter(call, 'id'))
      return { status: 204 }
    },
  ),
  organizationRoute(
    {
      method: 'post',
      path: `${path}/{id}/tokens`,
      access: 'admin',
      summary: 'Make one more token for a SCIM client',
      body: tokenInput,
      bodyOptional: true,
      answers: { 201: tokenView.extend(withToken) },
    },
    async ({ environment }, call) => ({
      status: 201,
      body: await createScimToken(environment, call.context, parameter(call, 'id'), call.body),
    }),
  ),
  organizationRoute(
    {
      method: 'delete',
      path: `${path}/{id}/tokens/{tokenId}`,
      access: 'admin',
      summary: 'Revoke a token of a SCIM client',
      description: 'With it end the access tokens that were issued for it.',
      answers: { 204: null },
    },
    async ({ environment }, call) => {
      await deleteScimToken(environment, call.context, parameter(call, 'id'), parameter(call, 'tokenId'))
      return { status: 204 }
    },
  ),
]
