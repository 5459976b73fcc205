import { z } from 'zod'
import type { RequestContext, Source } from '../context.ts'
import { UsherError } from '../errors.ts'
import { loginContext } from '../login/environment.ts'
import { presentConnectionState } from '../login/headless.ts'
import { getJit } from '../organizations/jit.ts'
import { type JobWork, startJob } from '../organizations/jobs.ts'
import { readRoles } from '../organizations/roles.ts'
import type { Connection } from '../organizations/types.ts'
import type { JitSettings } from '../provisioning/settings.ts'
import type { ConnectionState, Decision } from '../provisioning/types.ts'
import { unknownUses } from '../provisioning/unknown-claims.ts'
import type { JsonObject } from '../schema/types.ts'
import type { JobDependencies } from './dependencies.ts'
import { jobContext } from './job-context.ts'
import { addPeople, type Decided, emptyReport, fewAtOnce, type PeopleReport } from './preview-people.ts'
import { recordedLogin } from './recorded-login.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { jobStarted } from './views.ts'

/** People of one step. What a step that was cut off had changed already counts as unchanged when it is done again. */
const batch = 40

interface ApplyReport extends PeopleReport {
  /** People whose last login does not say what the settings want to know, or who have no recorded login. */
  readonly unknown: number
  /** People from whom removals were held back. */
  readonly held: number
  /** People whom the directory did not let be changed. */
  readonly failed: number
}

const nothing: ApplyReport = { ...emptyReport, unknown: 0, held: 0, failed: 0 }

export const applyRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path: '/organizations/{org}/connections/{id}/jit/apply',
      access: 'admin',
      summary: 'Bring the linked users of a connection in step with its present settings',
      description:
        'A job decides the last recorded login of each linked user by the settings in force and executes what comes of ' +
        'it. Nobody is created, linked or made active by it. With `dryRun` it only counts.',
      body: z.strictObject({ dryRun: z.boolean().optional() }),
      bodyOptional: true,
      answers: { 202: jobStarted },
    },
    async (dependencies, { context, body, ...call }) => {
      const { environment, directory } = dependencies
      const id = parameter(call, 'id')
      const { mode, version } = await getJit(environment, context, id)
      if (mode === 'off' || mode === 'observe') {
        throw new UsherError('invalid_request', `The connection is in mode "${mode}": there is nothing to apply.`)
      }
      const input = { connection: id, version, actor: context.source, dryRun: body.dryRun ?? false }
      const total = await directory.countLinks(context, id)
      const { job } = await startJob(environment, context, { kind: 'apply-settings', input, total })
      dependencies.wakeJobs()
      return { status: 202, body: { job }, headers: { Location: `/api/v1/jobs/${job}` } }
    },
  ),
]

/** The steps of an application of settings. What a person has already been given is not given again. */
export function applyWork(dependencies: JobDependencies): JobWork {
  const { environment, organizations, directory, login } = dependencies
  return async (organization, { id, input, cursor, progress }, now) => {
    const connection = await organizations.connection(organization, String(input.connection))
    const context = jobContext(environment, organization, { id, source: input.actor as Source }, now)
    // Not as they are remembered: what was saved a moment ago is what is to be applied.
    const { version, ...settings } = await getJit(environment, context, connection.id)
    if (version !== input.version) {
      throw new UsherError('conflict', 'The settings have changed since. Apply them anew.')
    }
    const present = await presentConnectionState(login, connection)
    const state = withoutReturns({ ...present, settings, settingsVersion: version })
    const { after = '', report = nothing } = (cursor ?? {}) as { after?: string; report?: ApplyReport }
    const page = { connection: connection.id, after, limit: batch }
    const links = await directory.linkedLogins(context, page)
    const decide =
      input.dryRun === true ? simulateIn(dependencies, context, state) : reapplyIn(dependencies, context, state)
    const results = await fewAtOnce(links, ({ recorded }) => decideAgain(connection, state.settings, recorded, decide))
    const decided = results.filter((result) => typeof result !== 'string')
    const roles = await readRoles(environment.store, organization.id)
    const facts = { connection: connection.id, configVersion: state.settingsVersion, at: now }
    const next: ApplyReport = {
      ...addPeople(report, decided, roles, facts),
      users: report.users + links.length,
      unknown: report.unknown + results.filter((result) => result === 'unknown').length,
      failed: report.failed + results.filter((result) => result === 'failed').length,
      held: report.held + decided.filter(({ decision }) => holdsBack(decision)).length,
    }
    const done = next.users
    const last = links.at(-1)
    if (last === undefined || links.length < batch) {
      const result = { ...next, dryRun: input.dryRun === true } as unknown as JsonObject
      return { finished: true, done, total: done, result }
    }
    const place = { after: last.link, report: next } as unknown as JsonObject
    return { finished: false, done, total: Math.max(progress.total, done), cursor: place }
  }
}

/**
 * A hold may be younger than the login that is decided again, and whoever signed in then does not sign in now: nobody is
 * made active, and nobody deleted comes back.
 */
function withoutReturns(state: ConnectionState): ConnectionState {
  const reactivate = { suspended: false, deactivatedByScim: false, deactivatedByAdmin: false }
  return { ...state, settings: { ...state.settings, reactivate, afterDelete: 'refuse' } }
}

type Decide = (recorded: ReturnType<typeof recordedLogin>) => Promise<Decision>

function simulateIn(
  { directory, environment }: JobDependencies,
  context: RequestContext,
  state: ConnectionState,
): Decide {
  const acting = loginContext(environment, context.organization, state.id, context)
  return ({ login }) => directory.simulate(acting, { connection: state, login, tokenKey: null, recorded: true })
}

function reapplyIn({ directory }: JobDependencies, context: RequestContext, state: ConnectionState): Decide {
  return ({ login }) => directory.reapply(context, { connection: state, login, tokenKey: null, recorded: true })
}

async function decideAgain(
  connection: Connection,
  settings: JitSettings,
  recorded: JsonObject | null,
  decide: Decide,
): Promise<Decided | 'unknown' | 'failed'> {
  if (recorded === null || recorded.erased === true) return 'unknown'
  const last = recordedLogin(connection, recorded)
  if (unknownUses(settings, last.login.claims, last.unknownClaims).length > 0) return 'unknown'
  try {
    return { decision: await decide(last), unknownClaims: last.unknownClaims }
  } catch (error) {
    // One user who cannot be changed holds nobody else up; a database that is away holds up everybody.
    if (!(error instanceof UsherError) || error.code === 'unavailable') throw error
    return 'failed'
  }
}

function holdsBack({ warnings }: Decision): boolean {
  return warnings.some(({ code }) => code === 'removal_held')
}
