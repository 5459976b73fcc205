import { z } from 'zod'
import type { RequestContext } from '../context.ts'
import { loginContext } from '../login/environment.ts'
import { presentConnectionState } from '../login/headless.ts'
import { readJitDraft } from '../organizations/jit.ts'
import { readRoles } from '../organizations/roles.ts'
import type { Decision } from '../provisioning/types.ts'
import type { JsonObject } from '../schema/types.ts'
import { simulationView } from './decision-view.ts'
import type { AdminDependencies } from './dependencies.ts'
import { countLosses } from './losses.ts'
import { recordedLogin } from './recorded-login.ts'
import { organizationRoute, parameter, type Route } from './route.ts'
import { previewView } from './views.ts'

/** People whose last logins are decided at most, and decisions that are looked through to find them. */
const peopleLimit = 2_000
const decisionLimit = 20_000
const sampleLimit = 10
const pageSize = 1_000

export const previewRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path: '/organizations/{org}/connections/{id}/jit/preview',
      access: 'admin',
      summary: 'What a draft of the JIT settings would change',
      description: `Decides the last recorded login of each person against the draft, of at most ${peopleLimit} people.`,
      body: z.strictObject({ jit: z.record(z.string(), z.unknown()) }),
      answers: { 200: previewView },
    },
    async (dependencies, { context, body, ...call }) => {
      const { environment, organizations, directory, login } = dependencies
      const connection = await organizations.connection(context.organization, parameter(call, 'id'))
      const settings = await readJitDraft(environment, context, connection.id, body.jit)
      const state = { ...(await presentConnectionState(login, connection)), settings }
      const acting = loginContext(environment, context.organization, connection.id, context)
      const decided: { readonly decision: Decision; readonly unknownClaims: readonly string[] }[] = []
      for (const recorded of await lastLogins(dependencies, context, connection.id)) {
        const { login: again, unknownClaims } = recordedLogin(connection, recorded)
        const decision = await directory.simulate(acting, { connection: state, login: again, tokenKey: null })
        decided.push({ decision, unknownClaims })
      }
      const decisions = decided.map(({ decision }) => decision)
      const roles = await readRoles(environment.store, context.organization.id)
      const worthShowing = decided.filter(({ decision }) => changesUser(decision) || decision.outcome === 'refused')
      const samples = worthShowing.slice(0, sampleLimit).map(({ decision, unknownClaims }) =>
        simulationView(decision, {
          connection: connection.id,
          configVersion: state.settingsVersion,
          at: context.now,
          unknownClaims,
        }),
      )
      const body200 = {
        users: decisions.length,
        changed: decisions.filter((decision) => decision.outcome !== 'created' && changesUser(decision)).length,
        created: decisions.filter(({ outcome }) => outcome === 'created').length,
        refused: decisions.filter(({ code }) => code !== null).length,
        ...countLosses(decisions, roles),
        samples,
      }
      return { status: 200, body: body200 }
    },
  ),
]

function changesUser({ operations }: Decision): boolean {
  return operations.length > 0
}

/** The newest recorded decision of each person. */
async function lastLogins(
  { directory }: AdminDependencies,
  context: RequestContext,
  connection: string,
): Promise<readonly JsonObject[]> {
  const newest = new Map<string, JsonObject>()
  let cursor: string | undefined
  for (let seen = 0; seen < decisionLimit; seen += pageSize) {
    const page = await directory.decisions(context, { connection, cursor, limit: pageSize })
    for (const decision of page.items) {
      if (typeof decision.subject !== 'string') continue
      const known = newest.get(decision.subject)
      if (known === undefined ? newest.size < peopleLimit : String(known.at) < String(decision.at)) {
        newest.set(decision.subject, decision)
      }
    }
    if (page.nextCursor === null) break
    cursor = page.nextCursor
  }
  return [...newest.values()]
}
