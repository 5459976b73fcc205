import { z } from 'zod'
import { deleteRole, getRole, listRoles, putRole } from '../organizations/roles.ts'
import { listing } from './listing.ts'
import { name, pageOf, pageQuery } from './reading.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { time } from './views.ts'

const roleInput = z.strictObject({
  displayName: name.optional(),
  description: z.string().max(1_024).optional(),
  privileged: z.boolean().optional(),
  groups: z.array(z.string().max(256)).max(1_000).optional().describe('Ids of groups whose members hold the role.'),
})

const roleView = z.object({
  name: z.string(),
  displayName: z.string(),
  description: z.string(),
  privileged: z.boolean(),
  groups: z.array(z.string()),
  createdAt: time,
})

const path = '/organizations/{org}/roles'

export const roleRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'get',
      path,
      access: 'read',
      summary: 'List roles',
      query: pageQuery,
      answers: { 200: listing(roleView) },
    },
    async ({ environment }, { context, query }) => ({
      status: 200,
      body: await listRoles(environment, context, pageOf(query)),
    }),
  ),
  organizationRoute(
    { method: 'get', path: `${path}/{name}`, access: 'read', summary: 'Read a role', answers: { 200: roleView } },
    async ({ environment }, call) => ({
      status: 200,
      body: await getRole(environment, call.context, parameter(call, 'name')),
    }),
  ),
  organizationRoute(
    {
      method: 'put',
      path: `${path}/{name}`,
      access: 'admin',
      summary: 'Make or replace a role',
      description: 'A privileged role, and whatever changes one, needs the operator or a key with admin:privileged.',
      body: roleInput,
      bodyOptional: true,
      answers: { 200: roleView, 201: roleView },
    },
    async ({ environment, directory }, call) => {
      const name = parameter(call, 'name')
      const { created, role } = await putRole(environment, call.context, name, call.body, (groups) =>
        directory.guardRoleGroups(call.context, name, groups),
      )
      // Anybody may have written the name before it was a role: nobody holds a privileged role by that.
      if (created && role.privileged) await directory.withdrawRole(call.context, role.name)
      return { status: created ? 201 : 200, body: role }
    },
  ),
  organizationRoute(
    {
      method: 'delete',
      path: `${path}/{name}`,
      access: 'admin',
      summary: 'Delete a role',
      description: 'It is taken from all users and open invitations first, whoever gave it.',
      answers: { 204: null },
    },
    async ({ environment, directory }, call) => {
      const role = parameter(call, 'name')
      await deleteRole(environment, call.context, role, () => directory.withdrawRole(call.context, role))
      return { status: 204 }
    },
  ),
]
