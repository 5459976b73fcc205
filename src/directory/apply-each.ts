/**
 * Several operations, each a change of its own. Neighbours that have nothing to do with each other are planned and
 * committed together, which is many times quicker; whatever speaks against it, they are tried in smaller parts, down to
 * one by one, so that each is refused or done as it would be alone.
 */
import { setImmediate } from 'node:timers/promises'
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { appliedFrom, applyOperations, type PlannedOperation, planOne, queueKeys } from './apply.ts'
import { commit } from './commit.ts'
import { recordDepartures } from './departures.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { guardLastHolders } from './privilege.ts'
import type { Operation, Outcome } from './types.ts'
import { type Known, Workspace } from './workspace.ts'

/** Operations of one transaction. */
const mostTogether = 64
/** Operations that are planned before somebody else has a turn in this process. */
const turn = 8

/** Applies operations in their order. See `Directory.applyEach`. */
export async function* applyEach(
  environment: DirectoryEnvironment,
  context: RequestContext,
  operations: readonly Operation[],
  now: () => Date,
): AsyncGenerator<readonly Outcome[]> {
  let done = 0
  let reach = mostTogether
  while (done < operations.length) {
    const part = neighbours(operations.slice(done, done + reach))
    const attempt = await applyPart(environment, { ...context, now: now() }, part)
    if (typeof attempt === 'number') {
      reach = attempt
      continue
    }
    yield attempt
    done += part.length
    // After a refusal the next one may be refused as well: parts grow again with every success.
    if (!attempt.some((outcome) => 'error' in outcome)) reach = Math.min(reach * 2, mostTogether)
  }
}

/** The first operations, as many as are about different resources of one type. */
function neighbours(operations: readonly Operation[]): readonly Operation[] {
  const touched = new Set<string>()
  const end = operations.findIndex((operation, index) => {
    if (index === 0) return false
    if (operation.type !== operations[0]!.type || standsAlone(operation) || standsAlone(operations[0]!)) return true
    return 'id' in operation && touched.size === touched.add(operation.id).size
  })
  return end === -1 ? operations : operations.slice(0, end)
}

/** A group that goes changes the groups around it. */
function standsAlone({ method, type }: Operation): boolean {
  return method === 'DELETE' && type.name === 'Group'
}

/** What became of the operations; or a number: so many of the first ones are worth another attempt. */
async function applyPart(
  environment: DirectoryEnvironment,
  context: RequestContext,
  operations: readonly Operation[],
): Promise<readonly Outcome[] | number> {
  try {
    if (operations.length > 1) return await applyTogether(environment, context, operations)
    const [applied] = await applyOperations(environment, context, operations)
    return [{ applied: applied! }]
  } catch (error) {
    if (operations.length === 1) return [{ error }]
    // Whether a change was made is not known: to try again could make it twice.
    if (error instanceof UsherError && error.code === 'unavailable') return operations.map(() => ({ error }))
    return Math.floor(operations.length / 2)
  }
}

/** One attempt at one transaction; a number when an operation cannot be part of it: so many stand before it. */
async function applyTogether(
  environment: DirectoryEnvironment,
  context: RequestContext,
  operations: readonly Operation[],
): Promise<readonly Outcome[] | number> {
  return environment.queue.run(queueKeys(context, operations), async () => {
    const workspace = new Workspace(context, await readKnown(environment, context, operations))
    const planned = await planEach(environment, workspace, operations)
    if (planned.length < operations.length) return Math.max(1, planned.length)
    await recordDepartures(environment, workspace)
    if (!workspace.isEmpty) {
      await guardLastHolders(environment, workspace, true)
      await commit(environment, workspace, null)
    }
    return planned.map(({ operation, plan }) => ({ applied: appliedFrom(environment, workspace, operation, plan) }))
  })
}

/** Plans the operations up to one that is refused, or that is about a resource of an earlier one. */
async function planEach(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operations: readonly Operation[],
): Promise<readonly PlannedOperation[]> {
  const planned: PlannedOperation[] = []
  const touched = new Set<string>()
  for (const operation of operations) {
    if (planned.length % turn === turn - 1) await setImmediate()
    try {
      const plan = await planOne(environment, workspace, operation, null)
      const id = plan?.id ?? ('id' in operation ? operation.id : '')
      // A POST may have become an update of somebody.
      if (touched.has(id)) return planned
      touched.add(id)
      planned.push({ operation, plan })
    } catch (error) {
      if (error instanceof UsherError && error.code === 'unavailable') throw error
      return planned
    }
  }
  return planned
}

/** The resources that are written, in one round trip. */
async function readKnown(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  operations: readonly Operation[],
): Promise<Known> {
  const ids = operations.flatMap((operation) => ('id' in operation ? [operation.id] : []))
  if (ids.length === 0) return {}
  const query = { _id: { $in: ids } }
  switch (operations[0]!.type.name) {
    case 'User':
      return { users: byId(await store.users.find(organization.id, query)) }
    case 'Group':
      return { groups: byId(await store.groups.find(organization.id, query)) }
    default:
      return {}
  }
}

function byId<Document extends { readonly _id: string }>(
  documents: readonly Document[],
): ReadonlyMap<string, Document> {
  return new Map(documents.map((document) => [document._id, document]))
}
