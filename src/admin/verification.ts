import type { VerificationPlace } from '../directory/verification/verify.ts'
import { type JobWork, startJob } from '../organizations/jobs.ts'
import type { JsonObject } from '../schema/types.ts'
import type { JobDependencies } from './dependencies.ts'
import { jobContext } from './job-context.ts'
import { organizationRoute, type Route } from './route.ts'
import { jobStarted } from './views.ts'

export const verificationRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path: '/organizations/{org}/verification',
      access: 'operator',
      summary: 'Look whether everything holds of the directory that always should',
      description:
        'A job goes through everything that is stored of the organization and writes nothing. Its result is `ok`, ' +
        'what it looked at, where the feed of changes stands (`feed.seq`, `feed.chain`), and the `violations`, each ' +
        'with `rule`, `subject` and `detail`; the first hundred of them are named.',
      answers: { 202: jobStarted },
    },
    async ({ environment, wakeJobs }, { context }) => {
      const { job } = await startJob(environment, context, { kind: 'verify', input: {}, total: 0 })
      wakeJobs()
      return { status: 202, body: { job }, headers: { Location: `/api/v1/jobs/${job}` } }
    },
  ),
]

/** The steps of a verification. */
export function verificationWork({ environment, directory }: JobDependencies): JobWork {
  return async (organization, { id, cursor }, now) => {
    const context = jobContext(environment, organization, { id }, now)
    const { done, place, result } = await directory.verify(context, cursor as unknown as VerificationPlace | null)
    if (result !== null) return { finished: true, done, total: done, result }
    return { finished: false, done, total: done, cursor: place as unknown as JsonObject }
  }
}
