import { z } from 'zod'
import { resealSecrets } from '../organizations/reseal.ts'
import { type Route, serviceRoute } from './route.ts'
import { id } from './views.ts'

const resealInput = z.strictObject({
  cursor: z.string().max(64).optional().describe('The `nextCursor` of the call before.'),
})

const resealView = z.object({
  resealed: z.int(),
  present: z.int().describe('Secrets that the first key has sealed already.'),
  unreadable: z
    .array(z.object({ organization: z.string(), connection: id }))
    .describe('Connections whose secret no known key opens.'),
  nextCursor: z.string().optional(),
})

export const secretRoutes: readonly Route[] = [
  serviceRoute(
    {
      method: 'post',
      path: '/secrets/reseal',
      access: 'operator',
      summary: 'Seal stored secrets anew with the first key of USHER_SEALING_KEY',
      description:
        'Of all organizations. A call looks through a bounded number; while there is a `nextCursor` there are more. What ' +
        'the first key has sealed already is left alone, so a walk that was cut off is simply begun again.',
      body: resealInput,
      bodyOptional: true,
      answers: { 200: resealView },
    },
    async ({ environment }, { body }) => {
      const { nextCursor, ...counts } = await resealSecrets(environment, body.cursor)
      return { status: 200, body: { ...counts, ...(nextCursor === null ? {} : { nextCursor }) } }
    },
  ),
]
