import { z } from 'zod'
import { listing, toListing } from './listing.ts'
import { pageOf, pageQuery } from './reading.ts'
import { organizationRoute, type Route } from './route.ts'
import { id, source, time } from './views.ts'

const changeQuery = pageQuery.extend({
  resource: z.string().min(1).max(256).optional().describe('The id of a resource.'),
})

const changeView = z.looseObject({
  id,
  at: time,
  actor: source,
  source: source.optional().describe('The source of what was written, where that is not the actor.'),
  resource: z.object({ type: z.string(), id, version: z.union([z.string(), z.int()]).nullable() }),
  action: z.string(),
  operations: z.array(z.record(z.string(), z.unknown())),
  decisionId: z.string().nullable().optional(),
  mergedInto: z.string().optional().describe('Of a deletion by a merge: the user that lives on.'),
  requestId: z.string(),
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
