import { z } from 'zod'
import { createDomain, deleteDomain, listDomains, verifyDomain } from '../organizations/domains.ts'
import { listing } from './listing.ts'
import { pageOf, pageQuery } from './reading.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { time } from './views.ts'

const domainInput = z.strictObject({
  domain: z.string().min(1).max(255),
  verified: z.boolean().optional().describe('For the operator only: the domain counts as verified without a proof.'),
  reason: z.string().max(1_024).optional().describe('Why the operator vouches for it.'),
})

const domainView = z.object({
  domain: z.string(),
  status: z.enum(['pending', 'verified', 'failed', 'lapsed']),
  method: z.enum(['dns', 'operator']).nullable(),
  reason: z.string().nullable(),
  record: z.object({ type: z.literal('TXT'), name: z.string(), value: z.string() }),
  createdAt: time,
  verifiedAt: time.nullable(),
})

const path = '/organizations/{org}/domains'

export const domainRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path,
      access: 'admin',
      summary: 'Add a domain',
      description: 'The answer names the TXT record that proves it.',
      body: domainInput,
      answers: { 201: domainView },
    },
    async ({ environment }, { context, body }) => ({
      status: 201,
      body: await createDomain(environment, context, body),
    }),
  ),
  organizationRoute(
    {
      method: 'get',
      path,
      access: 'read',
      summary: 'List domains',
      query: pageQuery,
      answers: { 200: listing(domainView) },
    },
    async ({ environment }, { context, query }) => ({
      status: 200,
      body: await listDomains(environment, context, pageOf(query)),
    }),
  ),
  organizationRoute(
    {
      method: 'post',
      path: `${path}/{domain}/verify`,
      access: 'admin',
      summary: 'Look the TXT record of a domain up',
      body: z.strictObject({}),
      bodyOptional: true,
      answers: { 200: domainView },
    },
    async ({ environment }, call) => ({
      status: 200,
      body: await verifyDomain(environment, call.context, parameter(call, 'domain')),
    }),
  ),
  organizationRoute(
    { method: 'delete', path: `${path}/{domain}`, access: 'admin', summary: 'Remove a domain', answers: { 204: null } },
    async ({ environment }, call) => {
      await deleteDomain(environment, call.context, parameter(call, 'domain'))
      return { status: 204 }
    },
  ),
]
