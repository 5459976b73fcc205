import { z } from 'zod'
import type { HoldAction } from '../directory/types.ts'
import { listing } from './listing.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { id, scimUser, source, time } from './views.ts'

const identity = {
  id,
  connection: z.string(),
  issuer: z.string(),
  subject: z.string(),
  linkedAt: time,
  lastLogin: time.nullable(),
}

const provenanceView = z.object({
  attributes: z.array(
    z.object({
      path: z.string(),
      source,
      at: time,
      decisionId: z.string().optional(),
      shadowed: z.array(z.object({ source, value: z.unknown() })),
    }),
  ),
  groups: z.array(z.object({ value: z.string(), display: z.string(), sources: z.array(source) })),
  roles: z.array(z.object({ value: z.string(), sources: z.array(source) })),
  identities: z.array(z.object(identity)),
})

const linkView = z.object({
  ...identity,
  until: time.nullable().describe('When the link ends, where it gives way to one of another connection.'),
  follows: z.string().nullable().describe('The link that this one was made after by a relink.'),
  closedAt: time.nullable(),
  closedBy: source.nullable(),
  reason: z.enum(['unlinked', 'relinked', 'connection_deleted']).nullable(),
  barred: z.boolean().describe('No rule leads this subject to the user again.'),
})

const path = '/organizations/{org}/users/{id}'

const actions: Readonly<Record<HoldAction, string>> = {
  suspend: 'Suspend a user for a while',
  deactivate: 'Deactivate a user',
  activate: 'Lift what administrators hold against a user',
  lock: 'Refuse the logins of a user',
  unlock: 'Admit the logins of a user again',
}

const barQuery = z.strictObject({
  bar: z
    .enum(['true', 'false'], 'must be true or false')
    .default('false')
    .transform((value) => value === 'true'),
})

const reasonBody = z.strictObject({ reason: z.string().trim().min(1).max(1_024).optional() })

function holdRoute(action: HoldAction, summary: string): Route {
  return organizationRoute(
    {
      method: 'post',
      path: `${path}/${action}`,
      access: 'admin',
      summary,
      body: reasonBody,
      bodyOptional: true,
      answers: { 200: scimUser },
    },
    async ({ directory }, call) => {
      const { resource } = await directory.hold(call.context, parameter(call, 'id'), action, call.body.reason)
      return { status: 200, body: resource }
    },
  )
}

export const userRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'get',
      path: `${path}/provenance`,
      access: 'read',
      summary: 'Where the attributes, groups and roles of a user come from',
      answers: { 200: provenanceView },
    },
    async ({ directory }, call) => ({
      status: 200,
      body: await directory.provenance(call.context, parameter(call, 'id')),
    }),
  ),
  ...Object.entries(actions).map(([action, summary]) => holdRoute(action as HoldAction, summary)),
  organizationRoute(
    {
      method: 'get',
      path: `${path}/identities`,
      access: 'read',
      summary: 'List the links of a user, the closed ones included',
      answers: { 200: listing(linkView) },
    },
    async ({ directory }, call) => ({
      status: 200,
      body: { items: await directory.links(call.context, parameter(call, 'id')) },
    }),
  ),
  organizationRoute(
    {
      method: 'delete',
      path: `${path}/identities/{identityId}/bar`,
      access: 'admin',
      summary: 'Let the subject of a closed link be linked to the user again',
      description: 'By the rules of the connection, at its next login.',
      answers: { 204: null },
    },
    async ({ directory }, call) => {
      await directory.liftBar(call.context, parameter(call, 'id'), parameter(call, 'identityId'))
      return { status: 204 }
    },
  ),
  organizationRoute(
    {
      method: 'delete',
      path: `${path}/identities/{identityId}`,
      access: 'admin',
      summary: 'Cut the link of a user to a subject of a connection',
      description:
        'It stays in the history of the user. The next login of the subject is matched by the rules; with `bar=true` it is refused until the bar is lifted.',
      query: barQuery,
      answers: { 204: null },
    },
    async ({ directory }, call) => {
      await directory.unlink(call.context, parameter(call, 'id'), parameter(call, 'identityId'), call.query.bar)
      return { status: 204 }
    },
  ),
]
