import { z } from 'zod'
import { createApiKey, deleteApiKey, listApiKeys } from '../organizations/api-keys.ts'
import { listing } from './listing.ts'
import { name, pageOf, pageQuery, timestamp } from './reading.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { id, time, withToken } from './views.ts'

const scopeName = z.enum(['admin', 'admin:privileged', 'logins', 'read'])

const apiKeyView = z.object({
  id,
  name: z.string(),
  scopes: z.array(scopeName),
  prefix: z.string(),
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsed: time.nullable(),
})

const apiKeyInput = z.strictObject({
  name,
  scopes: z.array(scopeName).min(1).max(10),
  expiresAt: timestamp.optional(),
})

const path = '/organizations/{org}/api-keys'

export const apiKeyRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path,
      access: 'admin',
      summary: 'Make an API key',
      body: apiKeyInput,
      answers: { 201: apiKeyView.extend(withToken) },
    },
    async ({ environment }, { context, body }) => ({
      status: 201,
      body: await createApiKey(environment, context, body),
    }),
  ),
  organizationRoute(
    {
      method: 'get',
      path,
      access: 'read',
      summary: 'List API keys',
      query: pageQuery,
      answers: { 200: listing(apiKeyView) },
    },
    async ({ environment }, { context, query }) => ({
      status: 200,
      body: await listApiKeys(environment, context, pageOf(query)),
    }),
  ),
  organizationRoute(
    { method: 'delete', path: `${path}/{id}`, access: 'admin', summary: 'Revoke an API key', answers: { 204: null } },
    async ({ environment }, call) => {
      await deleteApiKey(environment, call.context, parameter(call, 'id'))
      return { status: 204 }
    },
  ),
]
