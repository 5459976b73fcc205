import { dialectNames, dialects } from '../scim/dialects.ts'
import { switches } from '../scim/switches.ts'
import { type Route, serviceRoute } from './route.ts'
import { dialectsView } from './views.ts'

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
