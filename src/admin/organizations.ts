import { z } from 'zod'
import { deleteOrganization } from '../organizations/organization-deletion.ts'
import {
  createOrganization,
  getOrganization,
  listOrganizations,
  patchOrganization,
} from '../organizations/organizations.ts'
import { listing } from './listing.ts'
import { name, pageOf, pageQuery } from './reading.ts'
import { organizationRoute, type Route, serviceRoute } from './route.ts'
import { id, time } from './views.ts'

const seatLimit = z.int().min(0).max(100_000_000)
/** More than a hundred years are for good. */
const days = z.int().min(1).max(36_500)
const returnUrls = z.array(z.string().max(2_048)).max(100)

const organizationInput = z.strictObject({
  slug: z.string(),
  displayName: name.optional(),
  defaultRole: name.nullable().optional(),
  seatLimit: seatLimit.nullable().optional(),
  returnUrls: returnUrls.optional(),
})

const organizationPatch = z.strictObject({
  slug: z.string().optional(),
  displayName: name.nullable().optional(),
  defaultRole: name.nullable().optional(),
  seatLimit: seatLimit.nullable().optional(),
  returnUrls: returnUrls.nullable().optional(),
  staleUsers: z
    .strictObject({ suspendAfterDays: days.nullable().optional(), deleteAfterDays: days.nullable().optional() })
    .nullable()
    .optional()
    .describe('Days without a login after which users whom only logins know are suspended and deleted; null: never.'),
  retention: z
    .strictObject({
      decisionDays: days.nullable().optional(),
      tombstoneDays: days.nullable().optional(),
      changeDays: days.nullable().optional(),
    })
    .nullable()
    .optional()
    .describe('Days that decisions, tombstones and change records are kept.'),
})

const organizationView = z.object({
  id,
  slug: z.string(),
  displayName: z.string(),
  defaultRole: z.string().nullable(),
  seatLimit: z.int().nullable(),
  returnUrls: z.array(z.string()),
  staleUsers: z.object({ suspendAfterDays: z.int().nullable(), deleteAfterDays: z.int().nullable() }),
  retention: z.object({ decisionDays: z.int(), tombstoneDays: z.int(), changeDays: z.int().nullable() }),
  createdAt: time,
})

const path = '/organizations/{org}'

export const organizationRoutes: readonly Route[] = [
  serviceRoute(
    {
      method: 'post',
      path: '/organizations',
      access: 'operator',
      summary: 'Make an organization',
      body: organizationInput,
      answers: { 201: organizationView },
    },
    async ({ environment }, { caller, body }) => {
      const organization = await createOrganization(environment, caller.now, body)
      return { status: 201, body: organization, headers: { Location: `/api/v1/organizations/${organization.slug}` } }
    },
  ),
  serviceRoute(
    {
      method: 'get',
      path: '/organizations',
      access: 'read',
      summary: 'List organizations',
      description: 'A key sees its own organization only.',
      query: pageQuery,
      answers: { 200: listing(organizationView) },
    },
    async ({ environment }, { caller: { principal }, query }) => {
      const only = principal.kind === 'operator' ? null : principal.organization
      return { status: 200, body: await listOrganizations(environment, only, pageOf(query)) }
    },
  ),
  organizationRoute(
    { method: 'get', path, access: 'read', summary: 'Read an organization', answers: { 200: organizationView } },
    async ({ environment }, { context }) => ({ status: 200, body: await getOrganization(environment, context) }),
  ),
  organizationRoute(
    {
      method: 'patch',
      path,
      access: 'admin',
      summary: 'Change an organization',
      description: 'A merge patch (RFC 7396). The slug cannot be changed.',
      body: organizationPatch,
      answers: { 200: organizationView },
    },
    async ({ environment }, { context, body }) => ({
      status: 200,
      body: await patchOrganization(environment, context, body),
    }),
  ),
  organizationRoute(
    {
      method: 'delete',
      path,
      access: 'privileged',
      summary: 'Delete an organization with everything that belongs to it',
      description: 'Nobody finds it from then on. What belonged to it is removed in the background, within minutes.',
      answers: { 204: null },
    },
    async ({ environment, wakeJobs }, { context }) => {
      await deleteOrganization(environment, context)
      wakeJobs()
      return { status: 204 }
    },
  ),
]
