import { z } from 'zod'
import { decisionView } from './decision-view.ts'
import { listing, toListing } from './listing.ts'
import { pageOf, pageQuery, timestamp } from './reading.ts'
import { organizationRoute, parameter, type Route } from './route.ts'

const filter = z.string().min(1).max(256).optional()
const decisionQuery = pageQuery.extend({
  connection: filter,
  user: filter,
  outcome: filter,
  code: filter,
  since: timestamp.optional(),
})

const path = '/organizations/{org}/decisions'

export const decisionRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'get',
      path,
      access: 'read',
      summary: 'List decisions',
      query: decisionQuery,
      answers: { 200: listing(decisionView) },
    },
    async ({ directory }, { context, query }) => {
      const { connection, user, outcome, code, since } = query
      const page = await directory.decisions(context, { connection, user, outcome, code, since, ...pageOf(query) })
      return { status: 200, body: toListing(page) }
    },
  ),
  organizationRoute(
    {
      method: 'get',
      path: `${path}/{id}`,
      access: 'read',
      summary: 'Read a decision by its id or its reference',
      answers: { 200: decisionView },
    },
    async ({ directory }, call) => ({
      status: 200,
      body: await directory.decision(call.context, parameter(call, 'id')),
    }),
  ),
]
