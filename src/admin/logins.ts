import { z } from 'zod'
import { headlessLogin, headlessLoginBody } from '../login/headless.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { id, scimUser, warning } from './views.ts'

const loginAnswer = z.looseObject({
  outcome: z.enum(['created', 'linked', 'updated', 'unchanged', 'passed_through', 'observed']),
  decisionId: id,
  reference: z.string(),
  user: scimUser.nullable(),
  organization: z.string(),
  roles: z.array(z.string()),
  groups: z.array(z.object({ value: z.string(), display: z.string() })),
  profile: z.record(z.string(), z.unknown()).nullable(),
  warnings: z.array(warning),
})

export const loginRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path: '/organizations/{org}/connections/{id}/logins',
      access: 'logins',
      summary: 'Hand in a login that the application has done itself',
      description: 'A refusal is a 403 with its code, and with decisionId and reference.',
      body: headlessLoginBody,
      answers: { 200: loginAnswer },
    },
    async ({ login }, call) => ({
      status: 200,
      body: await headlessLogin(login, call.context, parameter(call, 'id'), call.body),
    }),
  ),
]
