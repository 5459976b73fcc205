import { z } from 'zod'
import { dialectNames, dialects } from '../scim/dialects.ts'
import { switches } from '../scim/switches.ts'
import { type Route, serviceRoute } from './route.ts'

export const anySwitchValue = z.union([z.string(), z.boolean()])

const dialectsView = z.object({
  items: z.array(z.object({ name: z.string(), switches: z.record(z.string(), anySwitchValue) })),
  switches: z
    .record(z.string(), z.object({ question: z.string(), values: z.record(z.string(), z.string()) }))
    .describe('What each switch decides, and what each of its values means.'),
})

export const dialectRoutes: readonly Route[] = [
  serviceRoute(
    {
      method: 'get',
      path: '/dialects',
      access: 'read',
      summary: 'List the dialects of SCIM clients, and what their switches mean',
      description: 'Each switch can be set for a single SCIM client.',
      answers: { 200: dialectsView },
    },
    async () => {
      const items = dialectNames.map((dialect) => {
        const { name, ...values } = dialects[dialect]
        return { name, switches: values }
      })
      return { status: 200, body: { items, switches } }
    },
  ),
]
