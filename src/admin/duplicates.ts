import { z } from 'zod'
import { listing, toListing } from './listing.ts'
import { pageOf, pageQuery } from './reading.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { id, scimUser, source, warning } from './views.ts'

const likeness = z.object({
  reason: z.enum(['subject', 'external_id_is_subject', 'email', 'user_name_is_email', 'external_id', 'name']),
  strength: z.enum(['strong', 'probable', 'possible']),
  value: z.string(),
})

const duplicateView = z.object({
  users: z.array(z.looseObject({ id, userName: z.string(), active: z.boolean(), managedBy: z.array(source) })),
  strength: likeness.shape.strength,
  reasons: z.array(likeness),
})

const mergeView = z.object({
  survivor: id,
  from: id,
  dryRun: z.boolean(),
  operations: z.array(z.record(z.string(), z.unknown())),
  changes: z.array(z.record(z.string(), z.unknown())),
  identities: z.array(z.object({ id, connection: z.string(), issuer: z.string(), subject: z.string() })),
  reports: z.int().describe('Users who name the other as their manager, and the survivor from now on.'),
  warnings: z.array(warning),
  user: scimUser.nullable(),
})

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
