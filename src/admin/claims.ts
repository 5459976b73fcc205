import { z } from 'zod'
import { mappedClaims } from '../provisioning/claim-record.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { time } from './views.ts'

const claimsSeenView = z.object({
  logins: z.int().describe('How many logins were looked at.'),
  since: time.nullable().describe('When the earliest of them was.'),
  items: z.array(
    z.object({
      name: z.string(),
      types: z.array(z.object({ type: z.string(), count: z.int() })),
      seen: z.int(),
      lastSeen: time,
      mapped: z.boolean().describe('Whether the settings use it.'),
      example: z.unknown().optional(),
    }),
  ),
})

export const claimRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'get',
      path: '/organizations/{org}/connections/{id}/claims',
      access: 'read',
      summary: 'List the claims of the newest logins',
      description:
        'Each with its types, how many of these logins had it, and when it came last; an example only where the settings use the claim.',
      answers: { 200: claimsSeenView },
    },
    async ({ directory, organizations }, call) => {
      const connection = await organizations.connection(call.context.organization, parameter(call, 'id'))
      const { claims, ...about } = await directory.claimsSeen(call.context, connection.id)
      const mappedNames = new Set(mappedClaims(connection.state.settings))
      const items = claims.map(({ example, ...claim }) => {
        const mapped = mappedNames.has(claim.name)
        // it may have been recorded when the settings used the claim
        return { ...claim, mapped, ...(mapped && example !== undefined ? { example } : {}) }
      })
      return { status: 200, body: { ...about, items } }
    },
  ),
]
