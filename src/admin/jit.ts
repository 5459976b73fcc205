import { z } from 'zod'
import {
  diffJitVersions,
  getJit,
  getJitVersion,
  type JitView,
  jitTag,
  listJitVersions,
  patchJit,
  putJit,
  rollbackJit,
} from '../organizations/jit.ts'
import { listing } from './listing.ts'
import { pageOf, pageQuery } from './reading.ts'
import { type Answer, organizationRoute, parameter, type Route } from './route.ts'
import { time } from './views.ts'

/** Read by the room beneath, which names every mistake; here it is only an object. */
const settings = z.record(z.string(), z.unknown())

const versionsQuery = pageQuery.extend({
  diff: z
    .string()
    .regex(/^\d{1,9}\.\.\d{1,9}$/, 'Two versions look like 2..5.')
    .transform((text) => {
      const [from = 0, to = 0] = text.split('..').map(Number)
      return { from, to }
    })
    .optional()
    .describe('Two versions, such as `2..5`.'),
})

const jitView = z.looseObject({
  version: z.int(),
  layers: z.record(z.string(), z.enum(['connection', 'server', 'default'])),
  effectiveAttributes: z.array(z.record(z.string(), z.unknown())),
  warnings: z
    .array(z.object({ path: z.string(), code: z.string(), detail: z.string() }))
    .describe('What is allowed and has no effect, or hardly the one that is meant. Read-only, as is all of this.'),
})

const settingsChanges = z
  .array(z.object({ path: z.string(), before: z.unknown(), after: z.unknown() }))
  .describe('Null: nobody had set it.')

const jitVersionView = z.object({
  version: z.int(),
  at: time,
  actor: z.string(),
  settings: z.record(z.string(), z.unknown()),
  changes: settingsChanges,
})

const jitDiffView = z.object({ from: z.int(), to: z.int(), changes: settingsChanges })

const path = '/organizations/{org}/connections/{id}/jit'

export const jitRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'get',
      path,
      access: 'read',
      summary: 'Read the JIT settings of a connection',
      description:
        'With every default filled in, the layer that each comes from, what is in force for each attribute, and warnings. What is computed may be sent back in a PUT: it is passed over.',
      answers: { 200: jitView },
    },
    async ({ environment }, call) => {
      const view = await getJit(environment, call.context, parameter(call, 'id'))
      const known = call.preconditions.ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? []
      if (known.includes(jitTag(view.version)) || known.includes('*')) {
        return { status: 304, headers: { ETag: jitTag(view.version) } }
      }
      return shown(view)
    },
  ),
  organizationRoute(
    {
      method: 'put',
      path,
      access: 'admin',
      summary: 'Replace the JIT settings',
      description: 'What is omitted takes its default; none of the defaults destroys anything.',
      body: settings,
      answers: { 200: jitView },
    },
    async ({ environment }, call) =>
      shown(await putJit(environment, call.context, parameter(call, 'id'), call.body, call.preconditions.ifMatch)),
  ),
  organizationRoute(
    {
      method: 'patch',
      path,
      access: 'admin',
      summary: 'Change some of the JIT settings',
      description: 'A merge patch (RFC 7396): null puts the default back.',
      body: settings,
      answers: { 200: jitView },
    },
    async ({ environment }, call) =>
      shown(await patchJit(environment, call.context, parameter(call, 'id'), call.body, call.preconditions.ifMatch)),
  ),
  organizationRoute(
    {
      method: 'get',
      path: `${path}/versions`,
      access: 'read',
      summary: 'List the versions of the JIT settings, newest first',
      description:
        'With what each has otherwise than the one before; or, with `diff`, what one has otherwise than another.',
      query: versionsQuery,
      answers: { 200: z.union([listing(jitVersionView), jitDiffView]) },
    },
    async ({ environment }, call) => {
      const { diff, ...page } = call.query
      const id = parameter(call, 'id')
      const body =
        diff === undefined
          ? await listJitVersions(environment, call.context, id, pageOf(page))
          : await diffJitVersions(environment, call.context, id, diff.from, diff.to)
      return { status: 200, body }
    },
  ),
  organizationRoute(
    {
      method: 'get',
      path: `${path}/versions/{version}`,
      access: 'read',
      summary: 'Read one version of the JIT settings',
      answers: { 200: jitVersionView },
    },
    async ({ environment }, call) => ({
      status: 200,
      body: await getJitVersion(
        environment,
        call.context,
        parameter(call, 'id'),
        Number(parameter(call, 'version')) || 0,
      ),
    }),
  ),
  organizationRoute(
    {
      method: 'post',
      path: `${path}/rollback`,
      access: 'admin',
      summary: 'Make a new version with the settings of an earlier one',
      body: z.strictObject({ version: z.int().min(1) }),
      answers: { 200: jitView },
    },
    async ({ environment }, call) =>
      shown(
        await rollbackJit(
          environment,
          call.context,
          parameter(call, 'id'),
          call.body.version,
          call.preconditions.ifMatch,
        ),
      ),
  ),
]

function shown(view: JitView): Answer {
  return { status: 200, body: view, headers: { ETag: jitTag(view.version) } }
}
