import { z } from 'zod'
import { listing, toListing } from './listing.ts'
import { pageOf, pageQuery } from './reading.ts'
import { organizationRoute, type Route } from './route.ts'
import { id, source, time } from './views.ts'

const driftQuery = pageQuery.extend({
  attribute: z.string().min(1).max(256).optional().describe('A path; `name` is also about `name.givenName`.'),
  source: z.string().min(1).max(256).optional().describe('One of those who disagree, such as `scim:{id}`.'),
})

const driftView = z.object({
  user: z.object({ id, userName: z.string() }),
  attribute: z.string(),
  source,
  value: z.unknown(),
  at: time,
  decisionId: z.string().optional(),
  shadowed: z.array(z.object({ source, value: z.unknown(), at: time })),
})

export const driftRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'get',
      path: '/organizations/{org}/drift',
      access: 'read',
      summary: 'List attributes about which sources disagree',
      description:
        'Whose value counts, and what the others said last. With `Accept: application/x-ndjson` everything from the ' +
        'cursor on, one item a line. A page may be short, or empty, while there is a `nextCursor`.',
      query: driftQuery,
      lines: true,
      answers: { 200: listing(driftView) },
    },
    async ({ directory }, { context, query, wantsLines }) => {
      const { attribute, source } = query
      if (wantsLines) {
        return { status: 200, lines: directory.driftOfAll(context, { attribute, source, cursor: query.cursor }) }
      }
      return { status: 200, body: toListing(await directory.drift(context, { attribute, source, ...pageOf(query) })) }
    },
  ),
]
