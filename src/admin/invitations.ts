import { z } from 'zod'
import { createInvitation, deleteInvitation, getInvitation, listInvitations } from '../organizations/invitations.ts'
import { listing } from './listing.ts'
import { name, pageOf, pageQuery, timestamp } from './reading.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { id, time } from './views.ts'

const invitationInput = z.strictObject({
  email: z.string().min(3).max(320),
  roles: z.array(name).max(100).optional(),
  expiresAt: timestamp.optional().describe('In 30 days when nothing is said.'),
})

const invitationView = z.object({
  id,
  email: z.string(),
  roles: z.array(z.string()),
  createdAt: time,
  expiresAt: time,
  acceptedAt: time.nullable(),
  acceptedBy: z.string().nullable(),
})

const path = '/organizations/{org}/invitations'

export const invitationRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path,
      access: 'admin',
      summary: 'Invite somebody',
      description: 'The first login whose verified e-mail is this address uses the invitation up.',
      body: invitationInput,
      answers: { 201: invitationView },
    },
    async ({ environment }, { context, body }) => ({
      status: 201,
      body: await createInvitation(environment, context, body),
    }),
  ),
  organizationRoute(
    {
      method: 'get',
      path,
      access: 'read',
      summary: 'List invitations',
      query: pageQuery,
      answers: { 200: listing(invitationView) },
    },
    async ({ environment }, { context, query }) => ({
      status: 200,
      body: await listInvitations(environment, context, pageOf(query)),
    }),
  ),
  organizationRoute(
    {
      method: 'get',
      path: `${path}/{id}`,
      access: 'read',
      summary: 'Read an invitation',
      answers: { 200: invitationView },
    },
    async ({ environment }, call) => ({
      status: 200,
      body: await getInvitation(environment, call.context, parameter(call, 'id')),
    }),
  ),
  organizationRoute(
    {
      method: 'delete',
      path: `${path}/{id}`,
      access: 'admin',
      summary: 'Withdraw an invitation',
      answers: { 204: null },
    },
    async ({ environment }, call) => {
      await deleteInvitation(environment, call.context, parameter(call, 'id'))
      return { status: 204 }
    },
  ),
]
