import { z } from 'zod'
import { listing, toListing } from './listing.ts'
import { pageOf, pageQuery } from './reading.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { id } from './views.ts'

const tombstoneView = z.looseObject({
  id,
  user: id,
  userName: z.string(),
  mergedInto: z.string().optional().describe('The user that this one has become part of.'),
})

const path = '/organizations/{org}/tombstones'

const tombstoneQuery = pageQuery.extend({
  user: z.string().min(1).max(256).optional().describe('The id that the user had.'),
})

export const tombstoneRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'get',
      path,
      access: 'read',
      summary: 'List deleted users who are remembered',
      query: tombstoneQuery,
      answers: { 200: listing(tombstoneView) },
    },
    async ({ directory }, { context, query }) => ({
      status: 200,
      body: toListing(await directory.tombstones(context, { user: query.user, ...pageOf(query) })),
    }),
  ),
  organizationRoute(
    {
      method: 'delete',
      path: `${path}/{id}`,
      access: 'admin',
      summary: 'Forget a deleted user',
      description: 'The next login of that person is one of somebody new.',
      answers: { 204: null },
    },
    async ({ directory }, call) => {
      await directory.removeTombstone(call.context, parameter(call, 'id'))
      return { status: 204 }
    },
  ),
]
