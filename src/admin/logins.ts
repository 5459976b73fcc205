import { headlessLogin, headlessLoginBody } from '../login/headless.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { loginAnswer } from './views.ts'

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
