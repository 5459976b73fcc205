/**
 * The end of a verified login: snapshot, decision, plan, one transaction. The decision is pure and every gate is passed
 * before the first write; a lost race starts again from the snapshot, where the winner's link is found.
 */
import { randomBytes } from 'node:crypto'
import type { RequestContext } from '../context.ts'
import { type ErrorCode, UsherError } from '../errors.ts'
import { mappedProfile } from '../provisioning/decide.ts'
import { lookups } from '../provisioning/lookups.ts'
import { referenceFrom } from '../provisioning/reference.ts'
import type { Decision, DecisionEffects, LoginOperation } from '../provisioning/types.ts'
import type { JsonObject } from '../schema/types.ts'
import type { UserDocument } from '../store/documents.ts'
import { StoreConflict } from '../store/store.ts'
import { answerWithoutUser, answerWithUser } from './answer.ts'
import { planOperations, repeatOnConflict } from './apply.ts'
import { commit } from './commit.ts'
import { type DecisionName, decisionRecord } from './decision-record.ts'
import type { LoginEffects } from './effects.ts'
import { type DirectoryEnvironment, newId } from './environment.ts'
import { evaluate, evaluateSteadily } from './evaluate.ts'
import { linkUser } from './hold-user.ts'
import { guardLastHolders } from './privilege.ts'
import { recordedAnswer } from './replay.ts'
import type { SnapshotReading } from './snapshot.ts'
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
  const recorded = await recordedAnswer(environment, login, input.tokenKey)
  if (recorded !== null) return recorded
  const queue = [
    `${context.organization.id}|${input.connection.id}|${lookups(input.connection, input.login, []).subject}`,
  ]
  return environment.queue.run(queue, async () => {
    try {
      return await repeatOnConflict(() => attempt(environment, login, input), ignoreTaken)
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
  const { decision, reading } = await evaluateSteadily(environment, context, input)
  const name = newName(context)
  if (decision.outcome === 'refused') return refuse(environment, context, input, decision, name)
  const { effects } = decision
  const linked = reading.snapshot.linked
  if (effects === null) {
    const user = decision.user === null ? undefined : reading.documents.get(decision.user)
    const answer =
      user === undefined || decision.outcome !== 'unchanged'
        ? answerWithoutUser(context, decision, name)
        : await answerWithUser(environment, new Workspace(context), reading, decision, name, user, linked)
    return record(environment, context, input, decision, name, decision.user, answer)
  }
  return execute(environment, context, input, decision, effects, reading, name)
}

/** Plans the decision's operations and commits them with link and record; or, if nothing changes, only records. */
async function execute(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
  decision: Decision,
  effects: DecisionEffects,
  reading: SnapshotReading,
  name: DecisionName,
): Promise<Arrival> {
  const workspace = new Workspace(context, reading.groups)
  workspace.decision = name.id
  const login = loginEffects(effects)
  const planned = await planOperations(environment, workspace, operationsOf(environment, decision.operations), login)

  const created = planned.find(({ operation }) => operation.method === 'POST')?.plan?.id
  const id = effects.user ?? created
  if (id === undefined) throw new Error('a decision with effects names no user')
  const before = effects.user === null ? null : (reading.documents.get(effects.user) ?? null)
  const known = [reading.snapshot.linked, ...reading.snapshot.candidates.flatMap(({ users }) => users)]
  const state = known.find((user) => user?.id === id) ?? null

  const identity = planLink(workspace, input, effects, id)
  const draft = workspace.users.get(id)
  if (before !== null && draft !== undefined && draft.before?.version !== effects.version) throw new StoreConflict(null)
  if (before !== null && draft === undefined && needsTouch(context, effects, before)) {
    await linkUser(environment, workspace, before, login)
  }
  const user = workspace.users.get(id)?.after ?? before
  if (user === null) throw new StoreConflict(null)

  const answer = await answerWithUser(environment, workspace, reading, decision, name, user, state)
  const document = decisionRecord(context, input, decision, name, id, answer)
  const lastLogin =
    identity ?? state?.identities.find(({ connection }) => connection === input.connection.id)?.id ?? null
  if (workspace.isEmpty) {
    await Promise.all([
      environment.store.decisions.insertOne(context.organization.id, document),
      lastLogin === null
        ? null
        : environment.store.identities.updateOne(
            context.organization.id,
            { _id: lastLogin },
            { $set: { lastLogin: context.now } },
          ),
    ])
  } else {
    await guardLastHolders(environment, workspace)
    await commit(environment, workspace, {
      decision: document,
      identity: identity === null ? lastLogin : null,
      invitation: effects.invitation,
    })
    if (decision.outcome === 'created') environment.creationCounts.add(input.connection.id)
  }
  return { decision, decisionId: name.id, reference: name.reference, answer }
}

/** Whether the user must be written although no operation does: for a link, an invitation, a proof or a shadow. */
function needsTouch({ now, source }: RequestContext, effects: DecisionEffects, before: UserDocument): boolean {
  if (effects.link !== null || effects.invitation !== null) return true
  if (shadowValues(before.sources, effects.shadowed, { source, at: now }) !== before.sources) return true
  return effects.provenEmail !== null && !before.provenEmails.includes(effects.provenEmail)
}

function planLink(workspace: Workspace, input: ArrivalInput, effects: DecisionEffects, user: string): string | null {
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
  }
  workspace.identities.push(identity)
  return identity._id
}

function loginEffects(effects: DecisionEffects): LoginEffects {
  const { invitation } = effects
  return {
    provisionedBy: effects.provisionedBy,
    linked: effects.link !== null,
    lift: effects.lift,
    shadowed: effects.shadowed,
    externalId: effects.externalId,
    invitationRoles:
      invitation === null
        ? []
        : effects.invitationRoles.map((role) => ({ role, source: `invitation:${invitation}` as const })),
    provenEmails: effects.provenEmail === null ? [] : [effects.provenEmail],
  }
}

function operationsOf(environment: DirectoryEnvironment, operations: readonly LoginOperation[]): readonly Operation[] {
  return operations.map(({ method, path, data, bulkId }) => {
    const [, endpoint, id = ''] = path.split('/')
    const type = endpoint === 'Users' ? environment.userType : environment.groupType
    return method === 'POST'
      ? { method, type, data, ...(bulkId === undefined ? {} : { bulkId }) }
      : { method, type, id, data }
  })
}

async function refuse(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
  decision: Decision,
  name: DecisionName,
): Promise<never> {
  const detail = decision.steps.at(-1)?.detail ?? 'The login is refused.'
  const code = decision.code ?? 'provisioning_failed'
  await record(environment, context, input, decision, name, decision.user, { refused: code, detail })
  throw new UsherError(code, detail, { members: { decisionId: name.id, reference: name.reference } })
}

async function record(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
  decision: Decision,
  name: DecisionName,
  user: string | null,
  answer: JsonObject,
): Promise<Arrival> {
  const document = decisionRecord(context, input, decision, name, user, answer)
  await environment.store.decisions.insertOne(context.organization.id, document)
  return { decision, decisionId: name.id, reference: name.reference, answer }
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
  const refusal = refusalFor(error)
  if (refusal.code === 'provisioning_failed') environment.reportFailure(context, error)
  const { decision, reading } = await evaluate(environment, context, input)
  const name = newName(context)
  // what has come between keeps the person out, whatever failed before
  if (decision.outcome === 'refused') return refuse(environment, context, input, decision, name)
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
  if (!warned) return refuse(environment, context, input, outcome, name)
  return record(environment, context, input, outcome, name, null, answerWithoutUser(context, outcome, name))
}

function refusalFor(error: unknown): { readonly code: ErrorCode & Decision['code'] & string; readonly detail: string } {
  if (error instanceof UsherError) {
    if (error.code === 'seat_limit_reached') return { code: 'seat_limit_reached', detail: error.detail }
    if (error.scimType === 'invalidValue' || error.scimType === 'invalidSyntax' || error.scimType === 'mutability') {
      return { code: 'attribute_invalid', detail: error.detail }
    }
  }
  return { code: 'provisioning_failed', detail: 'The directory could not be changed. The reason is in the log.' }
}

/** Every lost race of a login is decided again: the next snapshot shows who won. */
function ignoreTaken(conflict: StoreConflict): void {
  if (conflict.key === 'decisions: org, tokenKey') throw conflict
}

function loginContext(context: RequestContext, input: ArrivalInput): RequestContext {
  return {
    ...context,
    principal: { kind: 'login', connection: input.connection.id },
    source: `login:${input.connection.id}`,
  }
}

function newName(context: RequestContext): DecisionName {
  return { id: newId(context.now), reference: referenceFrom(randomBytes(8)) }
}
