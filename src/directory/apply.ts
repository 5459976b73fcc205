/** Plan, commit in one transaction, answer from what was committed; plan again when another writer won. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { foldUserName } from '../schema/fold.ts'
import type { JsonObject } from '../schema/types.ts'
import { StoreConflict } from '../store/store.ts'
import { commit } from './commit.ts'
import { recordDepartures } from './departures.ts'
import type { LoginEffects } from './effects.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { type PlannedResource, planCustomDelete, planCustomPost, planCustomWrite } from './plan-custom.ts'
import { planGroupDelete, planGroupPatch, planGroupPost, planGroupPut } from './plan-group.ts'
import { planUserDelete, planUserPatch, planUserPost, planUserPut } from './plan-user.ts'
import { guardLastHolders } from './privilege.ts'
import { resolveId } from './references.ts'
import { showCustom, showGroup, showUser } from './show.ts'
import type { Applied, CreateOperation, Operation, Wants } from './types.ts'
import { Workspace } from './workspace.ts'

/** Milliseconds within which a write that keeps losing races gives up. */
const patience = 15_000

/** Applies a list of operations as one change. See `Directory.apply`. */
export async function applyOperations(
  environment: DirectoryEnvironment,
  context: RequestContext,
  operations: readonly Operation[],
): Promise<readonly Applied[]> {
  return environment.queue.run(queueKeys(context, operations), () =>
    repeatOnConflict(environment, async () => {
      const workspace = new Workspace(context)
      const planned = await planOperations(environment, workspace, operations, null)
      if (!workspace.isEmpty) {
        await guardLastHolders(environment, workspace)
        await commit(environment, workspace, null)
      }
      return planned.map(({ operation, plan }) => appliedFrom(environment, workspace, operation, plan))
    }),
  )
}

/** Runs an attempt until no other writer gets in between. @throws UsherError `unavailable`, `uniqueness` */
export async function repeatOnConflict<T>(
  { observer }: Pick<DirectoryEnvironment, 'observer'>,
  attempt: (round: number) => Promise<T>,
  refuse: (conflict: StoreConflict) => void = refuseTakenValue,
): Promise<T> {
  const deadline = performance.now() + patience
  for (let round = 0; ; round += 1) {
    try {
      return await attempt(round)
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw outOfTime(error)
      refuse(error)
      if (performance.now() > deadline) {
        // Not 409: a provisioning client takes that for "exists already" and does not try again.
        throw new UsherError('unavailable', 'The resource keeps changing. Try again.', { cause: error, retryAfter: 1 })
      }
      observer?.onRetry(error.key === null ? 'write_conflict' : 'duplicate_key')
      await sleep(Math.random() * Math.min(10 * 2 ** round, 250))
    }
  }
}

/** What a change looks up is named by it: when that takes too long, there is nothing for its sender to narrow down. */
function outOfTime(error: unknown): unknown {
  if (!(error instanceof UsherError) || error.code !== 'too_many') return error
  const detail = 'The database does not answer in time. Nothing was changed; try again shortly.'
  return new UsherError('unavailable', detail, { cause: error, retryAfter: 2 })
}

export interface PlannedOperation {
  readonly operation: Operation
  readonly plan: PlannedResource | null
}

/** Plans the operations one after the other; each sees what the former ones planned. */
export async function planOperations(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operations: readonly Operation[],
  effects: LoginEffects | null,
): Promise<readonly PlannedOperation[]> {
  const planned: PlannedOperation[] = []
  for (const asked of operations) {
    const operation = 'id' in asked ? { ...asked, id: resolveId(asked.id, workspace) } : asked
    planned.push({ operation, plan: await planOne(environment, workspace, operation, effects) })
  }
  await recordDepartures(environment, workspace)
  return planned
}

/** Reads through the workspace and plans into it. */
export async function planOne(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: Operation,
  effects: LoginEffects | null,
): Promise<PlannedResource | null> {
  switch (operation.type.name) {
    case 'User':
      if (operation.method === 'POST') return planUserPost(environment, workspace, operation, effects)
      if (operation.method === 'DELETE') return planUserDelete(environment, workspace, operation)
      return operation.method === 'PUT'
        ? planUserPut(environment, workspace, operation)
        : planUserPatch(environment, workspace, operation, effects)
    case 'Group':
      if (operation.method === 'POST') return planGroupPost(environment, workspace, operation)
      if (operation.method === 'DELETE') return planGroupDelete(environment, workspace, operation)
      return operation.method === 'PUT'
        ? planGroupPut(environment, workspace, operation)
        : planGroupPatch(environment, workspace, operation)
    default:
      if (operation.method === 'POST') return planCustomPost(environment, workspace, operation)
      if (operation.method === 'DELETE') return planCustomDelete(environment, workspace, operation)
      return planCustomWrite(environment, workspace, operation)
  }
}

/** What is answered of an operation after the commit. */
export function appliedFrom(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: Operation,
  plan: PlannedResource | null,
): Applied {
  const { type } = operation
  if (plan === null) {
    const id = 'id' in operation ? operation.id : ''
    return { type, id, created: false, changed: true, show: null, supplied: new Set() }
  }
  return {
    type,
    id: plan.id,
    created: plan.created,
    changed: plan.changed,
    supplied: plan.supplied,
    show: (wants) => showPlanned(environment, workspace, operation, plan.id, wants),
  }
}

/** The committed state; what was not written is as it was read. */
async function showPlanned(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: Operation,
  id: string,
  wants: Wants,
): Promise<JsonObject> {
  const { context } = workspace
  const org = context.organization.id
  if (operation.type.name === 'User') {
    const draft = workspace.users.get(id)
    if (draft?.before === null && draft.after !== null && workspace.edges.size === 0) {
      return showUser(environment, context, draft.after, wants, new Map())
    }
    const user = draft?.after ?? (await environment.reads.user(org, id))
    if (user !== null) return showUser(environment, context, user, wants)
  } else if (operation.type.name === 'Group') {
    const group = workspace.groups.get(id)?.after ?? (await environment.reads.group(org, id))
    if (group !== null) return showGroup(environment, context, group)
  } else {
    const found = workspace.resources.get(id)?.after ?? (await environment.store.resources.findOne(org, { _id: id }))
    if (found !== null) return showCustom(operation.type, context, found)
  }
  throw new UsherError('not_found', 'The resource was deleted meanwhile.')
}

/**
 * Writers of one resource, and creators under one name, queue up in this process instead of losing races against each
 * other. Named members of a group commute and need no queue.
 */
export function queueKeys(context: RequestContext, operations: readonly Operation[]): readonly string[] {
  const keys = new Set<string>()
  const org = context.organization.id
  for (const operation of operations) {
    if (operation.method === 'POST') {
      const name = uniqueName(operation)
      if (name !== undefined) keys.add(`${org}|${operation.type.name}|${name}`)
    } else if (operation.type.name !== 'Group') keys.add(`${org}|${operation.id}`)
  }
  return [...keys].sort()
}

/** The name over which creators of a User or a Group would race for one entry of a unique index. */
function uniqueName({ type, data }: CreateOperation): string | undefined {
  const attribute = { User: 'userName', Group: 'displayName' }[type.name]
  if (attribute === undefined || typeof data !== 'object' || data === null) return undefined
  const name = (data as Readonly<Record<string, unknown>>)[attribute]
  return typeof name === 'string' ? foldUserName(name) : undefined
}

/** A value that another resource has will not become free by planning again. @throws UsherError `uniqueness` */
function refuseTakenValue(conflict: StoreConflict): void {
  const taken = takenValue(conflict)
  if (taken !== undefined) throw new UsherError('uniqueness', taken, { cause: conflict })
}

function takenValue(conflict: StoreConflict): string | undefined {
  switch (conflict.key) {
    case 'users: org, search.userName':
      return 'The userName is taken by another User.'
    case 'groups: org, search.displayName':
      return 'The displayName is taken by another Group.'
    case 'users: org, keys':
    case 'groups: org, keys':
    case 'resources: org, keys':
      return 'A value that must be unique (such as externalId) is taken by another resource.'
    default:
      return undefined
  }
}
