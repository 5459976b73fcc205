import { z } from 'zod'
import { toListing } from './decisions.ts'
import { pageOf, pageQuery } from './reading.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { duplicateView, listing, mergeView } from './views.ts'

const duplicateQuery = pageQuery.extend({
  user: z.string().min(1).max(256).optional().describe('Only pairs with the user of this id.'),
  strength: duplicateView.shape.strength.optional().describe('The weakest that is shown.'),
})

const mergeBody = z.strictObject({
  from: z.string().min(1).max(256).describe('The id of the user that goes.'),
  dryRun: z.boolean().optional().describe('Shows what would happen, and writes nothing.'),
  holds: z
    .enum(['move', 'drop'])
    .optional()
    .describe(
      'Whether what keeps that user from signing in holds the survivor from now on; `move` when nothing is said.',
    ),
})

export const duplicateRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'get',
      path: '/organizations/{org}/duplicates',
      access: 'read',
      summary: 'List pairs of users who are probably one person',
      description:
        'Each page looks through a stretch of the directory: it may be short, or empty, while there is a `nextCursor`.',
      query: duplicateQuery,
      answers: { 200: listing(duplicateView) },
    },
    async ({ directory }, { context, query }) => {
      const { user, strength } = query
      return { status: 200, body: toListing(await directory.duplicates(context, { user, strength, ...pageOf(query) })) }
    },
  ),
  organizationRoute(
    {
      method: 'post',
      path: '/organizations/{org}/users/{id}/merge',
      access: 'admin',
      summary: 'Merge another user into this one',
      description: 'Users with privileged roles need the operator, or a key with the scope admin:privileged.',
      body: mergeBody,
      answers: { 200: mergeView },
    },
    async ({ directory }, call) => {
      const { from, dryRun = false, holds = 'move' } = call.body
      const report = await directory.merge(call.context, parameter(call, 'id'), { from, dryRun, holds })
      return { status: 200, body: report }
    },
  ),
]
