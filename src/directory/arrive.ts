/**
 * The end of a verified login: snapshot, decision, plan, one transaction. The decision is pure and every gate is passed
 * before the first write; a lost race starts again from the snapshot, where the winner's link is found. That a token was
 * decided before is found out when its decision is recorded: nearly none was, and a decision cannot be recorded twice.
 */
import { randomBytes } from 'node:crypto'
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { mappedProfile } from '../provisioning/decide.ts'
import { lookups } from '../provisioning/lookups.ts'
import { referenceFrom } from '../provisioning/reference.ts'
import type { Decision, DecisionEffects, LoginOperation } from '../provisioning/types.ts'
import type { UserDocument } from '../store/documents.ts'
import { StoreConflict } from '../store/store.ts'
import { answerWithoutUser, answerWithUser } from './answer.ts'
import { planOperations, repeatOnConflict } from './apply.ts'
import { commit } from './commit.ts'
import { type DecisionName, decisionRecord } from './decision-record.ts'
import type { LoginEffects } from './effects.ts'
import { type DirectoryEnvironment, newId, timed } from './environment.ts'
import { type Evaluation, evaluate, evaluateSteadily } from './evaluate.ts'
import { linkUser } from './hold-user.ts'
import { reportLogin } from './inbox-reports.ts'
import { insertDecision } from './insert-decision.ts'
import { failureOf, ignoreLostRaces, type LoginFailure } from './login-failure.ts'
import { guardLastHolders } from './privilege.ts'
import { type DecidedLogin, identityAt, recordLogin, refuseLogin } from './record-login.ts'
import { countRemovals } from './removal-windows.ts'
import { recordedAnswer } from './replay.ts'
import { shadowValues } from './sources.ts'
import type { Arrival, ArrivalInput, Operation } from './types.ts'
import { Workspace } from './workspace.ts'

/** See `Directory.arrive`. @throws UsherError with the refusal's code and `decisionId` and `reference` as members */
export async function arrive(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
): Promise<Arrival> {
  const login = loginContext(context, input)
  const queue = [
    `${context.organization.id}|${input.connection.id}|${lookups(input.connection, input.login, []).subject}`,
  ]
  return environment.queue.run(queue, async () => {
    try {
      return await repeatOnConflict(environment, () => attempt(environment, login, input), ignoreLostRaces(environment))
    } catch (error) {
      return failed(environment, login, input, error)
    }
  })
}

/** See `Directory.simulate`. */
export async function simulate(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
): Promise<Decision> {
  return (await evaluate(environment, loginContext(context, input), input)).decision
}

async function attempt(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
): Promise<Arrival> {
  const evaluation = await timed(environment, 'decide', () => evaluateSteadily(environment, context, input))
  return timed(environment, 'write', () => carryOut(environment, context, input, evaluation))
}

async function carryOut(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
  { decision, reading }: Evaluation,
): Promise<Arrival> {
  const name = newName(context)
  const decided = { input, decision, reading, name }
  if (decision.outcome === 'refused') return refuseLogin(environment, new Workspace(context), decided)
  const { effects } = decision
  const linked = reading.snapshot.linked
  if (effects === null) {
    const user = decision.user === null ? undefined : reading.documents.get(decision.user)
    const answer =
      user === undefined || decision.outcome !== 'unchanged'
        ? answerWithoutUser(context, decision, name)
        : await answerWithUser(environment, new Workspace(context), reading, decision, name, user, linked)
    return recordLogin(environment, new Workspace(context), decided, decision.user, answer)
  }
  return execute(environment, context, decided, effects)
}

/** Plans the decision's operations and commits them with link and record; or, if nothing changes, only records. */
async function execute(
  environment: DirectoryEnvironment,
  context: RequestContext,
  { input, decision, reading, name }: DecidedLogin,
  effects: DecisionEffects,
): Promise<Arrival> {
  const workspace = new Workspace(context, { groups: reading.groups })
  workspace.decision = name.id
  const login = loginEffects(effects)
  const planned = await planOperations(environment, workspace, operationsOf(environment, decision.operations), login)

  const created = planned.find(({ operation }) => operation.method === 'POST')?.plan?.id
  const id = effects.user ?? created
  if (id === undefined) throw new Error('a decision with effects names no user')
  const before = effects.user === null ? null : (reading.documents.get(effects.user) ?? null)
  const known = [reading.snapshot.linked, ...reading.snapshot.candidates.flatMap(({ users }) => users)]
  const state = known.find((user) => user?.id === id) ?? null

  countRemovals(workspace, input, decision, reading.removals)
  const present = identityAt(state, input)
  const pending = reportLogin(workspace, input, decision, name, reading.inbox, { user: id, identity: present })
  const identity = planLink(workspace, input, effects, id, pending)
  const draft = workspace.users.get(id)
  if (before !== null && draft !== undefined && draft.before?.version !== effects.version) throw new StoreConflict(null)
  if (before !== null && draft === undefined && needsTouch(context, effects, before)) {
    await linkUser(environment, workspace, before, login)
  }
  const user = workspace.users.get(id)?.after ?? before
  if (user === null) throw new StoreConflict(null)

  const answer = await answerWithUser(environment, workspace, reading, decision, name, user, state)
  const document = decisionRecord(context, input, decision, name, id, answer)
  if (workspace.isEmpty) {
    await insertDecision(environment, document, present)
  } else {
    await guardLastHolders(environment, workspace)
    await commit(environment, workspace, {
      decision: document,
      identity: identity === null ? present : null,
      invitation: effects.invitation,
    })
    if (decision.outcome === 'created') environment.creationCounts.add(input.connection.id)
  }
  return { decision, decisionId: name.id, reference: name.reference, answer }
}

/** Whether the user must be written although no operation does: for a link, an invitation, a proof or a shadow. */
function needsTouch({ now, source }: RequestContext, effects: DecisionEffects, before: UserDocument): boolean {
  if (effects.link !== null || effects.invitation !== null) return true
  if (shadowValues(before.sources, opinionsOf(effects), { source, at: now }) !== before.sources) return true
  return effects.provenEmail !== null && !before.provenEmails.includes(effects.provenEmail)
}

/** Everything that the login says otherwise than it stays. */
function opinionsOf({ shadowed, unapplied }: DecisionEffects): LoginEffects['shadowed'] {
  return [...shadowed, ...unapplied]
}

/** @param pending the inbox waits for further logins by the link */
function planLink(
  workspace: Workspace,
  input: ArrivalInput,
  effects: DecisionEffects,
  user: string,
  pending: boolean,
): string | null {
  if (effects.link === null) return null
  const { now, organization } = workspace.context
  const identity = {
    _id: newId(now),
    org: organization.id,
    connection: input.connection.id,
    issuer: effects.link.issuer,
    subject: effects.link.subject,
    user,
    linkedAt: now,
    lastLogin: now,
    ...(pending ? { pending: true as const } : {}),
  }
  workspace.identities.push(identity)
  return identity._id
}

/** What a decision means for its user beyond operations. */
export function loginEffects(effects: DecisionEffects): LoginEffects {
  const { invitation } = effects
  return {
    provisionedBy: effects.provisionedBy,
    linked: effects.link !== null,
    lift: effects.lift,
    shadowed: opinionsOf(effects),
    externalId: effects.externalId,
    invitationRoles:
      invitation === null
        ? []
        : effects.invitationRoles.map((role) => ({ role, source: `invitation:${invitation}` as const })),
    provenEmails: effects.provenEmail === null ? [] : [effects.provenEmail],
  }
}

/** The operations of a decision as the directory takes them. */
export function operationsOf(
  environment: DirectoryEnvironment,
  operations: readonly LoginOperation[],
): readonly Operation[] {
  return operations.map(({ method, path, data, bulkId }) => {
    const [, endpoint, id = ''] = path.split('/')
    const type = endpoint === 'Users' ? environment.userType : environment.groupType
    return method === 'POST'
      ? { method, type, data, ...(bulkId === undefined ? {} : { bulkId }) }
      : { method, type, id, data }
  })
}

/**
 * A failure that is no refusal of the pipeline. The same token decided by another process is answered as recorded; what
 * the directory refuses is recorded as a refusal; a database that does not answer is 503, since a decision that cannot
 * be recorded is not given.
 */
async function failed(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
  error: unknown,
): Promise<Arrival> {
  if (error instanceof StoreConflict) {
    const recorded = await recordedAnswer(environment, context, input.tokenKey)
    if (recorded !== null) return recorded
  }
  if (error instanceof UsherError && ('decisionId' in error.members || error.code === 'unavailable')) throw error
  const refusal = failureOf(error)
  if (refusal.code === 'provisioning_failed') environment.reportFailure(context, error)
  return repeatOnConflict(
    environment,
    () => recordFailure(environment, context, input, refusal),
    ignoreLostRaces(environment),
  )
}

async function recordFailure(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
  refusal: LoginFailure,
): Promise<Arrival> {
  const { decision, reading } = await evaluate(environment, context, input)
  const name = newName(context)
  const workspace = new Workspace(context)
  // what has come between keeps the person out, whatever failed before
  if (decision.outcome === 'refused') return refuseLogin(environment, workspace, { input, decision, reading, name })
  const warned = input.connection.settings.onFailure === 'degrade' && refusal.code === 'provisioning_failed'
  const failedStep = {
    step: 'operations' as const,
    result: 'refuse' as const,
    code: refusal.code,
    detail: refusal.detail,
  }
  const outcome: Decision = {
    ...decision,
    outcome: warned ? 'passed_through' : 'refused',
    code: refusal.code,
    steps: [...decision.steps.filter(({ step }) => step !== 'operations'), failedStep],
    operations: [],
    changes: [],
    warnings: warned
      ? [...decision.warnings, { code: 'provisioning_failed', detail: refusal.detail }]
      : decision.warnings,
    profile: warned
      ? mappedProfile({ type: environment.userType, ...input }, reading.snapshot.domains)
      : decision.profile,
    effects: null,
  }
  const decided = { input, decision: outcome, reading, name }
  if (!warned) return refuseLogin(environment, workspace, decided)
  return recordLogin(environment, workspace, decided, null, answerWithoutUser(context, outcome, name))
}

/** The context in which the connection itself is the source. */
export function loginContext(context: RequestContext, input: ArrivalInput): RequestContext {
  return {
    ...context,
    principal: { kind: 'login', connection: input.connection.id },
    source: `login:${input.connection.id}`,
  }
}

function newName(context: RequestContext): DecisionName {
  return { id: newId(context.now), reference: referenceFrom(randomBytes(8)) }
}
