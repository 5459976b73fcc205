import { z } from 'zod'
import { UsherError } from '../errors.ts'
import { getJob } from '../organizations/jobs.ts'
import { belongsTo } from './gate.ts'
import { parameter, type Route, serviceRoute } from './route.ts'
import { id, time } from './views.ts'

const jobView = z.object({
  id,
  kind: z.string(),
  state: z.enum(['pending', 'running', 'done', 'failed']),
  progress: z.object({ done: z.int(), total: z.int() }),
  result: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('What the work came to, for kinds that come to something.'),
  error: z.string().nullable(),
  createdAt: time,
  finishedAt: time.nullable(),
})

export const jobRoutes: readonly Route[] = [
  serviceRoute(
    {
      method: 'get',
      path: '/jobs/{id}',
      access: 'read',
      summary: 'Read the state and progress of a job',
      answers: { 200: jobView },
    },
    async ({ environment }, call) => {
      const { org, job } = await getJob(environment, parameter(call, 'id'), call.caller.now)
      if (!belongsTo(call.caller.principal, org)) throw new UsherError('not_found', 'There is no such job.')
      return { status: 200, body: job }
    },
  ),
]
