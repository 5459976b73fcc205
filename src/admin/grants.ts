import { z } from 'zod'
import { organizationRoute, parameter, type Route } from './route.ts'
import { scimUser } from './views.ts'

const path = '/organizations/{org}/users/{id}/roles/{name}'

export const grantRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'put',
      path,
      access: 'admin',
      summary: 'Grant a role by hand',
      body: z.strictObject({}),
      bodyOptional: true,
      answers: { 200: scimUser },
    },
    async ({ directory }, call) => {
      const { resource } = await directory.grant(call.context, parameter(call, 'id'), parameter(call, 'name'))
      return { status: 200, body: resource }
    },
  ),
  organizationRoute(
    {
      method: 'delete',
      path,
      access: 'admin',
      summary: 'Take a grant by hand back',
      description: 'What other sources grant stays.',
      answers: { 204: null },
    },
    async ({ directory }, call) => {
      await directory.revoke(call.context, parameter(call, 'id'), parameter(call, 'name'))
      return { status: 204 }
    },
  ),
]
