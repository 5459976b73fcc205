import { z } from 'zod'
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { loginContext } from '../login/environment.ts'
import { presentConnectionState, verifyHeadlessLogin } from '../login/headless.ts'
import { readClaims } from '../login/read-claims.ts'
import { readJitDraft } from '../organizations/jit.ts'
import type { Connection } from '../organizations/types.ts'
import { showSimulation, simulationView } from './decision-view.ts'
import type { AdminDependencies } from './dependencies.ts'
import { type RecordedLogin, recordedLogin } from './recorded-login.ts'
import { organizationRoute, parameter, type Route } from './route.ts'

const simulationInput = z
  .strictObject({
    claims: z.record(z.string(), z.unknown()).optional(),
    idToken: z.string().min(1).optional(),
    decisionId: z.string().min(1).max(256).optional().describe('The id or reference of a recorded decision.'),
    jit: z.record(z.string(), z.unknown()).optional().describe('A draft of the JIT settings.'),
  })
  .refine(
    ({ claims, idToken, decisionId }) =>
      [claims, idToken, decisionId].filter((given) => given !== undefined).length === 1,
    'Give exactly one of "claims", "idToken" and "decisionId".',
  )

export const simulationRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'post',
      path: '/organizations/{org}/connections/{id}/simulations',
      access: 'admin',
      summary: 'Decide a login without writing anything',
      description: 'The same code as for a login, for the present state. A refusal is answered with 200 as well.',
      body: simulationInput,
      answers: { 200: simulationView },
    },
    async (dependencies, { context, body, ...call }) => {
      const { environment, organizations, directory, login: loginRoom } = dependencies
      const connection = await organizations.connection(context.organization, parameter(call, 'id'))
      const { login, unknownClaims } = await readLogin(dependencies, context, connection, body)
      const present = await presentConnectionState(loginRoom, connection)
      const state =
        body.jit === undefined
          ? present
          : { ...present, settings: await readJitDraft(environment, context, connection.id, body.jit) }
      const acting = loginContext(environment, context.organization, connection.id, context)
      const decision = await directory.simulate(acting, { connection: state, login, tokenKey: null })
      const facts = { connection: connection.id, configVersion: state.settingsVersion, at: context.now, unknownClaims }
      return { status: 200, body: showSimulation(decision, facts) }
    },
  ),
]

async function readLogin(
  { directory, login }: AdminDependencies,
  context: RequestContext,
  connection: Connection,
  body: z.output<typeof simulationInput>,
): Promise<RecordedLogin> {
  if (body.decisionId !== undefined) {
    return recordedLogin(connection, await directory.decision(context, body.decisionId))
  }
  if (body.idToken !== undefined) {
    const arrival = await verifyHeadlessLogin(login, connection, { idToken: body.idToken }, context.now)
    return { login: arrival.login, unknownClaims: [] }
  }
  const claims = readUnsigned(body.claims)
  const issuedAt = typeof claims.iat === 'number' ? new Date(claims.iat * 1_000) : context.now
  return { login: { issuer: connection.issuer, claims, issuedAt }, unknownClaims: [] }
}

/** Claims that nobody has signed: too many or too deep ones are a mistake of the body, not of a token. */
function readUnsigned(input: unknown): Readonly<Record<string, unknown>> {
  try {
    return readClaims(input)
  } catch (error) {
    if (!(error instanceof UsherError)) throw error
    throw new UsherError('validation_failed', error.detail, { errors: [{ path: 'claims', message: error.detail }] })
  }
}
