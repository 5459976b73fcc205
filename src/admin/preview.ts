import { z } from 'zod'
import { presentConnectionState } from '../login/headless.ts'
import { readJitDraft } from '../organizations/jit.ts'
import { type JobWork, startJob } from '../organizations/jobs.ts'
import { readRoles } from '../organizations/roles.ts'
import type { JitSettings } from '../provisioning/settings.ts'
import type { JsonObject } from '../schema/types.ts'
import { simulationView } from './decision-view.ts'
import type { JobDependencies } from './dependencies.ts'
import { jobContext } from './job-context.ts'
import { emptyReport, type PeopleReport, previewBatch } from './preview-people.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { jobStarted } from './views.ts'

/** More people than this are left to a job: whoever asks would not wait for them. */
const directLimit = 500
/** People that are counted at most, for the progress of a job. */
const countLimit = 500_000

const previewView = z.object({
  users: z.int(),
  changed: z.int(),
  created: z.int(),
  refused: z.int(),
  losingRoles: z.int(),
  losingGroups: z.int(),
  privilegedLosses: z.int(),
  samples: z.array(simulationView),
})

export const previewRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path: '/organizations/{org}/connections/{id}/jit/preview',
      access: 'admin',
      summary: 'What a draft of the JIT settings would change',
      description:
        'Decides the last recorded login of each person against the draft and writes nothing. ' +
        `For more than ${directLimit} people a job does it, whose result is what is answered at once for fewer.`,
      body: z.strictObject({ jit: z.record(z.string(), z.unknown()) }),
      answers: { 200: previewView, 202: jobStarted },
    },
    async (dependencies, { context, body, ...call }) => {
      const { environment, organizations, directory, login } = dependencies
      const connection = await organizations.connection(context.organization, parameter(call, 'id'))
      const settings = await readJitDraft(environment, context, connection.id, body.jit)
      const people = await directory.countPeople(context, { connection: connection.id, limit: directLimit + 1 })
      if (people > directLimit) {
        const total = await directory.countPeople(context, { connection: connection.id, limit: countLimit })
        const input = { connection: connection.id, settings } as unknown as JsonObject
        const { job } = await startJob(environment, context, { kind: 'preview-settings', input, total })
        dependencies.wakeJobs()
        return { status: 202, body: { job }, headers: { Location: `/api/v1/jobs/${job}` } }
      }
      const state = { ...(await presentConnectionState(login, connection)), settings }
      const roles = await readRoles(environment.store, context.organization.id)
      let report = emptyReport
      for (let after: string | null = ''; after !== null; ) {
        const next = await previewBatch(dependencies, context, connection, state, report, after, roles)
        report = next.report
        after = next.after
      }
      return { status: 200, body: report }
    },
  ),
]

/** The steps of a preview of many people. Nothing is written, so a step that is done twice is of no consequence. */
export function previewWork(dependencies: JobDependencies): JobWork {
  const { environment, organizations, login } = dependencies
  return async (organization, { id, input, cursor, progress }, now) => {
    const connection = await organizations.connection(organization, String(input.connection))
    const settings = input.settings as unknown as JitSettings
    const state = { ...(await presentConnectionState(login, connection)), settings }
    const roles = await readRoles(environment.store, organization.id)
    const { after = '', report = emptyReport } = (cursor ?? {}) as { after?: string; report?: PeopleReport }
    const context = jobContext(environment, organization, { id }, now)
    const next = await previewBatch(dependencies, context, connection, state, report, after, roles)
    const done = next.report.users
    if (next.after === null) return { finished: true, done, total: done, result: next.report as unknown as JsonObject }
    return {
      finished: false,
      done,
      total: Math.max(progress.total, done),
      cursor: { after: next.after, report: next.report } as unknown as JsonObject,
    }
  }
}
