import { z } from 'zod'
import { toListing } from './decisions.ts'
import { pageOf, pageQuery } from './reading.ts'
import { organizationRoute, type Route } from './route.ts'
import { changeView, listing } from './views.ts'

const changeQuery = pageQuery.extend({
  resource: z.string().min(1).max(256).optional().describe('The id of a resource.'),
})

export const changeRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'get',
      path: '/organizations/{org}/changes',
      access: 'read',
      summary: 'List the changes of the directory, oldest first',
      query: changeQuery,
      answers: { 200: listing(changeView) },
    },
    async ({ directory }, { context, query }) => ({
      status: 200,
      body: toListing(await directory.changes(context, { resource: query.resource, ...pageOf(query) })),
    }),
  ),
]
