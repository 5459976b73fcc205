import { z } from 'zod'
import type { Principal, RequestContext, Source } from '../context.ts'
import type { RelinkBy, RelinkPlace } from '../directory/relink-order.ts'
import { UsherError } from '../errors.ts'
import { type JobWork, startJob } from '../organizations/jobs.ts'
import type { JsonObject } from '../schema/types.ts'
import type { JobDependencies } from './dependencies.ts'
import { jobContext } from './job-context.ts'
import { timestamp } from './reading.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { jobStarted } from './views.ts'

const pairLimit = 5_000
/** Days for which old links go on when nothing is said, and at most. */
const defaultWindow = 14
const greatestWindow = 365
const day = 86_400_000

const subject = z.string().min(1).max(255)
const pair = z.union(
  [
    z.strictObject({ user: z.string().min(1).max(64), newSubject: subject }),
    z.strictObject({ oldSubject: subject, newSubject: subject }),
  ],
  'This is neither {"user", "newSubject"} nor {"oldSubject", "newSubject"}, texts of 1 to 255 characters (64 for "user").',
)

const from = z.string().min(1).max(64).describe('The connection whose people are moved.')

const relinkInput = z.strictObject({
  from,
  by: z
    .union([
      z.strictObject({ attribute: z.enum(['subject', 'externalId', 'email']) }),
      z.strictObject({ claim: z.string().min(1).max(256) }),
      z.strictObject({ pairs: z.array(pair).min(1).max(pairLimit) }),
    ])
    .describe(
      'What the subject is at the new connection: the old one, the externalId of its SCIM clients, the proven e-mail ' +
        'address, a claim that the last login at the old connection recorded, or a list.',
    ),
  window: z
    .union([z.strictObject({ days: z.number().min(0).max(greatestWindow) }), z.strictObject({ until: timestamp })])
    .optional()
    .describe(`How long the old subjects go on to work; ${defaultWindow} days when nothing is said.`),
  dryRun: z.boolean().optional(),
})

/** What a list that comes as lines says beside it. */
const linesQuery = z.strictObject({
  from,
  days: z
    .string()
    .regex(/^\d{1,3}$/, 'This is no number of days.')
    .transform(Number)
    .optional()
    .describe('`window.days`: how long the old subjects go on to work.'),
  until: z.string().optional().describe('`window.until`, in the place of `days`.'),
  dryRun: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .describe('Whether nothing is written.'),
})

function bodyOfLines(pairs: readonly unknown[], query: Readonly<Record<string, unknown>>): unknown {
  const { days, until, ...rest } = query as z.output<typeof linesQuery>
  const window = { ...(days === undefined ? {} : { days }), ...(until === undefined ? {} : { until }) }
  return { ...rest, by: { pairs }, ...(Object.keys(window).length === 0 ? {} : { window }) }
}

type Window = z.output<typeof relinkInput>['window']

export const relinkRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path: '/organizations/{org}/connections/{id}/relink',
      access: 'admin',
      summary: 'Move people from another connection to this one',
      description:
        'A job gives each person a link to this connection; the old link ends with the window and stays in the history. ' +
        'Holders of privileged roles are moved only for whoever may grant these. With `dryRun` nothing is written. ' +
        'A list may also come as lines, one element of `pairs` each, and the rest as the query.',
      body: relinkInput,
      bodyLines: { line: pair, most: pairLimit, query: linesQuery, bodyOf: bodyOfLines },
      answers: { 202: jobStarted },
    },
    async (dependencies, { context, body, ...call }) => {
      const { environment, organizations, directory } = dependencies
      const { organization, principal, source, now } = context
      const to = await organizations.connection(organization, parameter(call, 'id'))
      if (body.from === to.id) throw invalid('from', 'It is this very connection. The old one is another.')
      await requireConnection(dependencies, context, body.from)
      const until = endOf(body.window, now)
      const input = {
        from: body.from,
        to: to.id,
        by: body.by,
        until: until?.toISOString() ?? null,
        dryRun: body.dryRun ?? false,
        principal,
        actor: source,
      } as unknown as JsonObject
      const total = 'pairs' in body.by ? body.by.pairs.length : await directory.countLinks(context, body.from)
      const { job } = await startJob(environment, context, { kind: 'relink', input, total })
      dependencies.wakeJobs()
      return { status: 202, body: { job }, headers: { Location: `/api/v1/jobs/${job}` } }
    },
  ),
]

/** The steps of a relink. It acts with the rights that whoever asked for it had then. */
export function relinkWork({ environment, organizations, directory }: JobDependencies): JobWork {
  return async (organization, { id, input, cursor, progress }, now) => {
    const { state } = await organizations.connection(organization, String(input.to))
    const acting = jobContext(environment, organization, { id, source: input.actor as Source }, now)
    const context: RequestContext = { ...acting, principal: input.principal as unknown as Principal }
    const order = {
      job: id,
      from: String(input.from),
      to: { id: state.id, issuer: state.issuer, scimClients: state.scimClients, neverLink: state.settings.neverLink },
      by: input.by as unknown as RelinkBy,
      until: typeof input.until === 'string' ? new Date(input.until) : null,
      dryRun: input.dryRun === true,
    }
    const { place, judged, result } = await directory.relink(context, order, cursor as unknown as RelinkPlace | null)
    const done = progress.done + judged
    if (result === null) {
      const total = Math.max(progress.total, done)
      return { finished: false, done, total, cursor: place as unknown as JsonObject }
    }
    const people = Number(result.people)
    return { finished: true, done: people, total: people, result }
  }
}

/** Null: old links end at once. */
function endOf(window: Window, now: Date): Date | null {
  const span = window ?? { days: defaultWindow }
  const until = 'until' in span ? span.until : new Date(now.getTime() + span.days * day)
  if (until.getTime() > now.getTime() + greatestWindow * day) {
    throw invalid('window.until', `The window is at most ${greatestWindow} days long.`)
  }
  return until.getTime() <= now.getTime() ? null : until
}

async function requireConnection({ organizations }: JobDependencies, context: RequestContext, id: string) {
  try {
    await organizations.connection(context.organization, id)
  } catch (error) {
    if (!(error instanceof UsherError) || error.code !== 'not_found') throw error
    throw invalid('from', 'The organization has no such connection.')
  }
}

function invalid(path: string, message: string): UsherError {
  return new UsherError('validation_failed', message, { errors: [{ path, message }] })
}
