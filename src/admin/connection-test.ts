import { z } from 'zod'
import { checkConnection } from '../login/check-connection.ts'
import { organizationRoute, parameter, type Route } from './route.ts'

const connectionTestView = z.object({
  ok: z.boolean().describe('No check failed.'),
  checks: z.array(
    z.object({
      check: z.enum(['enabled', 'discovery', 'issuer', 'algorithms', 'keys', 'userinfo', 'iss', 'pkce']),
      result: z.enum(['pass', 'warn', 'fail']),
      detail: z.string(),
    }),
  ),
})

export const connectionTestRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path: '/organizations/{org}/connections/{id}/test',
      access: 'admin',
      summary: 'Ask the identity provider now for what logins need of it',
      description: 'What is wrong is a check that failed, with a sentence. Nothing is written.',
      answers: { 200: connectionTestView },
    },
    async ({ organizations, login }, { context, ...call }) => {
      const connection = await organizations.connection(context.organization, parameter(call, 'id'))
      const checks = await checkConnection(login.providers.fetch, connection, login.providers.allowPrivateIssuers)
      return { status: 200, body: { ok: checks.every(({ result }) => result !== 'fail'), checks } }
    },
  ),
]
