import { z } from 'zod'
import { checkStaleUsers } from '../organizations/care-settings.ts'
import { getOrganization } from '../organizations/organizations.ts'
import { listing, toListing } from './listing.ts'
import { pageOf, pageQuery } from './reading.ts'
import { organizationRoute, type Route } from './route.ts'
import { id, source, time } from './views.ts'

const staleUserView = z.looseObject({
  id,
  userName: z.string(),
  active: z.boolean(),
  managedBy: z.array(source),
  lastSeen: time,
  days: z.int().describe('Whole days since then.'),
  suspendedAt: time.nullable().describe('Since when the daily job holds the user.'),
})

const staleActionView = staleUserView.extend({ action: z.enum(['suspend', 'delete']) })

const path = '/organizations/{org}/stale-users'
const defaultDays = 90

const days = z
  .string()
  .regex(/^\d{1,5}$/, 'This is no whole number.')
  .transform(Number)
  .refine((value) => value >= 1 && value <= 36_500, 'This is no number of days from 1 to 36500.')
  .optional()

const staleQuery = pageQuery.extend({
  days: days.describe(`Days without a login; ${defaultDays} when nothing is said.`),
})
const actionQuery = pageQuery.extend({
  suspendAfterDays: days.describe("In place of the organization's setting."),
  deleteAfterDays: days.describe("In place of the organization's setting."),
})

export const staleUserRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'get',
      path,
      access: 'read',
      summary: 'List users whom only logins know and whom nobody has seen for long',
      description: 'The longest first. A page may be short, or empty, while there is a `nextCursor`.',
      query: staleQuery,
      answers: { 200: listing(staleUserView) },
    },
    async ({ directory }, { context, query }) => ({
      status: 200,
      body: toListing(await directory.staleUsers(context, query.days ?? defaultDays, pageOf(query))),
    }),
  ),
  organizationRoute(
    {
      method: 'get',
      path: `${path}/dry-run`,
      access: 'read',
      summary: 'List whom the daily job would suspend or delete now',
      description:
        'By the setting of the organization, or by one to be tried. The last active holder of a privileged role is kept ' +
        'when the job comes to it. A page may be short, or empty, while there is a `nextCursor`.',
      query: actionQuery,
      answers: { 200: listing(staleActionView) },
    },
    async ({ directory, environment }, { context, query }) => {
      const { suspendAfterDays = null, deleteAfterDays = null } = query
      const isTried = suspendAfterDays !== null || deleteAfterDays !== null
      const setting = isTried
        ? checkStaleUsers({ suspendAfterDays, deleteAfterDays })
        : (await getOrganization(environment, context)).staleUsers
      return { status: 200, body: toListing(await directory.staleActions(context, setting, pageOf(query))) }
    },
  ),
]
