import { z } from 'zod'
import { UsherError } from '../errors.ts'
import { deleteConnection } from '../organizations/connection-deletion.ts'
import {
  createConnection,
  findConnection,
  getConnection,
  listConnections,
  patchConnection,
} from '../organizations/connections.ts'
import { patchJit } from '../organizations/jit.ts'
import { jitSettingsSchema } from '../provisioning/settings.ts'
import { listing } from './listing.ts'
import { name, pageOf, pageQuery } from './reading.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { id, jobStarted, time } from './views.ts'

const clientId = z.string().min(1).max(512)
const clientSecret = z.string().min(1).max(4_096)
/** RFC 6749 section 3.3. */
const scopes = z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'This is no scope.')).max(50)
const audiences = z.array(z.string().min(1).max(512)).max(50)
const scimClients = z.array(z.string().max(256)).max(50)
const issuer = z.string().min(1).max(2_048)

const connectionInput = z.strictObject({
  name,
  type: z.literal('oidc'),
  issuer,
  clientId,
  clientSecret: clientSecret.nullable().optional(),
  scopes: scopes.optional(),
  audiences: audiences.optional().describe('Further audiences that a token may be meant for.'),
  enabled: z.boolean().optional(),
  scimClients: scimClients
    .nullable()
    .optional()
    .describe("SCIM clients of the same identity provider; the organization's only one when nothing is said."),
  jit: jitSettingsSchema.optional(),
})

const connectionPatch = z.strictObject({
  name: name.optional(),
  type: z.literal('oidc').optional(),
  issuer: issuer.optional(),
  clientId: clientId.optional(),
  clientSecret: clientSecret.nullable().optional(),
  scopes: scopes.nullable().optional(),
  audiences: audiences.nullable().optional(),
  enabled: z.boolean().nullable().optional(),
  scimClients: scimClients.nullable().optional(),
  jit: z.record(z.string(), z.unknown()).optional().describe('A merge patch of the JIT settings.'),
})

const choices = ['keep', 'deactivate', 'delete'] as const
const deletionQuery = z.object({
  users: z
    .string()
    .optional()
    .describe(`One of ${choices.join(', ')}; no default.`),
})

const jitSettingsView = z.record(z.string(), z.unknown()).describe('Every setting with its default filled in.')

const connectionView = z.object({
  id,
  name: z.string(),
  type: z.literal('oidc'),
  issuer: z.string(),
  clientId: z.string(),
  clientSecretSet: z.boolean(),
  scopes: z.array(z.string()),
  audiences: z.array(z.string()),
  enabled: z.boolean(),
  scimClients: z.array(z.string()),
  redirectUri: z.string(),
  jit: jitSettingsView,
  jitVersion: z.int(),
  createdAt: time,
})

const impactView = z.object({
  keep: z.int(),
  deactivate: z.int(),
  delete: z.int(),
  unlinked: z.int(),
})

const path = '/organizations/{org}/connections'

export const connectionRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path,
      access: 'admin',
      summary: 'Make a connection to an identity provider',
      description: "The issuer's discovery document is read, and must announce exactly this issuer.",
      body: connectionInput,
      answers: { 201: connectionView },
    },
    async ({ environment }, { context, body }) => {
      const connection = await createConnection(environment, context, body)
      return { status: 201, body: connection }
    },
  ),
  organizationRoute(
    {
      method: 'get',
      path,
      access: 'read',
      summary: 'List connections',
      query: pageQuery,
      answers: { 200: listing(connectionView) },
    },
    async ({ environment }, { context, query }) => ({
      status: 200,
      body: await listConnections(environment, context, pageOf(query)),
    }),
  ),
  organizationRoute(
    {
      method: 'get',
      path: `${path}/{id}`,
      access: 'read',
      summary: 'Read a connection',
      answers: { 200: connectionView },
    },
    async ({ environment }, call) => ({
      status: 200,
      body: await getConnection(environment, call.context, parameter(call, 'id')),
    }),
  ),
  organizationRoute(
    {
      method: 'patch',
      path: `${path}/{id}`,
      access: 'admin',
      summary: 'Change a connection',
      description: 'A merge patch (RFC 7396). The issuer cannot be changed.',
      body: connectionPatch,
      answers: { 200: connectionView },
    },
    async ({ environment }, call) => {
      const id = parameter(call, 'id')
      const { jit, ...patch } = call.body
      // The settings first: they have more reasons to be refused, and then nothing is changed.
      if (jit !== undefined) await patchJit(environment, call.context, id, jit, undefined)
      await patchConnection(environment, call.context, id, patch)
      return { status: 200, body: await getConnection(environment, call.context, id) }
    },
  ),
  organizationRoute(
    {
      method: 'get',
      path: `${path}/{id}/deletion-impact`,
      access: 'read',
      summary: 'What the deletion of a connection would mean for its users',
      answers: { 200: impactView },
    },
    async ({ environment, directory }, call) => {
      const id = parameter(call, 'id')
      await findConnection(environment, call.context.organization.id, id)
      return { status: 200, body: await directory.deletionImpact(call.context, id) }
    },
  ),
  organizationRoute(
    {
      method: 'delete',
      path: `${path}/{id}`,
      access: 'admin',
      summary: 'Delete a connection',
      description: 'Users with another source are only unlinked. The work is done by a job.',
      query: deletionQuery,
      answers: { 202: jobStarted },
    },
    async ({ environment, directory, wakeJobs }, call) => {
      const id = parameter(call, 'id')
      await findConnection(environment, call.context.organization.id, id)
      const choice = choices.find((each) => each === call.query.users)
      if (choice === undefined) {
        throw choiceMissing(call.query.users, await directory.deletionImpact(call.context, id))
      }
      const { job } = await deleteConnection(environment, call.context, id, choice)
      wakeJobs()
      return { status: 202, body: { job }, headers: { Location: `/api/v1/jobs/${job}` } }
    },
  ),
]

function choiceMissing(given: string | undefined, impact: Readonly<Record<string, number>>): UsherError {
  const numbers = choices.map((choice) => `${choice}: ${impact[choice] ?? 0} users`).join(', ')
  const message = given === undefined ? 'It is missing.' : `It cannot be "${given}".`
  return new UsherError('validation_failed', `Say with "users" what becomes of the users (${numbers}).`, {
    errors: [{ path: 'users', message: `${message} Give one of ${choices.join(', ')}.` }],
    members: { impact },
  })
}
