import { setImmediate } from 'node:timers/promises'
import type { Operation, Outcome } from '../directory/types.ts'
import { UsherError } from '../errors.ts'
import { logFailure, toUsherError } from '../http/problem.ts'
import type { JsonObject, ResourceType } from '../schema/types.ts'
import { Answer } from './answer.ts'
import { applyOne, checkOperation, versionOf } from './apply.ts'
import { referencesOf, resolvePathReference, resolveReferences, takeOut } from './bulk-references.ts'
import { type BulkItem, readBulkRequest } from './bulk-request.ts'
import { type BulkTarget, readBulkTarget } from './bulk-target.ts'
import type { ScimCall, ScimService } from './call.ts'
import { describeRefusal } from './errors.ts'
import { locationOf } from './location.ts'
import { readIfMatch } from './preconditions.ts'

const bulkResponseUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'
/** Operations that are read before somebody else has a turn in this process. */
const turn = 50
const patchOpUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/**
 * `POST /Bulk` (RFC 7644 section 3.7): each operation is a change of its own, as its single request would be, in the
 * order of the request except that what others refer to comes before them. Circular references are resolved by creating
 * first and adding the reference afterwards.
 *
 * Operations are read one after the other and wait until one needs the id of another: those that wait are applied at
 * once.
 *
 * @throws UsherError `invalid_syntax`, `invalid_value`, `payload_too_large` for the request as a whole
 */
export async function bulk(
  service: ScimService,
  call: ScimCall,
  body: Readonly<Record<string, unknown>> | undefined,
): Promise<Answer> {
  const { items, failOnErrors } = readBulkRequest(body, call.context)
  const run: Run = {
    service,
    call,
    items,
    failOnErrors,
    definers: new Map(items.flatMap((item, index) => (item.bulkId === undefined ? [] : [[item.bulkId, index]]))),
    ids: new Map(),
    started: new Set(),
    waiting: [],
    completions: [],
    results: [],
  }
  for (let index = 0; index < items.length && !isOver(run); index += 1) {
    if (index % turn === turn - 1) await setImmediate()
    await perform(run, index)
    if (!hasCircle(run)) continue
    await applyWaiting(run)
    await complete(run)
  }
  await applyWaiting(run)
  const results = run.results.filter((result) => result !== undefined)
  return new Answer(200, {}, { schemas: [bulkResponseUrn], Operations: results })
}

/** The state of one bulk. */
interface Run {
  readonly service: ScimService
  readonly call: ScimCall
  readonly items: readonly BulkItem[]
  readonly failOnErrors: number | undefined
  /** Which operation gives an id to a bulkId. */
  readonly definers: ReadonlyMap<string, number>
  readonly ids: Map<string, string>
  readonly started: Set<number>
  /** Operations that can be applied, in their order. */
  waiting: Waiting[]
  /** Resources that were created without a reference of a circle, and what is to be added. */
  completions: Completion[]
  /** By the index of the operation; the answer is in that order. */
  readonly results: (JsonObject | undefined)[]
}

interface Waiting {
  readonly index: number
  readonly operation: Operation
  /** References of a circle, to be added when the resource is there. */
  readonly withheld: readonly unknown[]
}

interface Completion {
  readonly index: number
  readonly type: ResourceType
  readonly id: string
  readonly operations: readonly unknown[]
}

/** Whether there have been so many errors that nothing more is to be processed. */
function isOver({ results, failOnErrors }: Run): boolean {
  if (failOnErrors === undefined) return false
  return results.filter((result) => Number(result?.status) >= 400).length >= failOnErrors
}

function hasCircle({ waiting, completions }: Run): boolean {
  return completions.length > 0 || waiting.some(({ withheld }) => withheld.length > 0)
}

/** Makes an operation ready after those that it refers to. */
async function perform(run: Run, index: number): Promise<void> {
  if (run.started.has(index)) return
  run.started.add(index)
  const item = run.items[index]!
  const references = referencesOf(item)
  for (const reference of references) {
    const definer = run.definers.get(reference)
    if (definer !== undefined) await perform(run, definer)
  }
  const isMissing = (reference: string) => !run.ids.has(reference)
  if ([...references].some(isMissing)) await applyWaiting(run)
  if (isOver(run)) return
  try {
    run.waiting.push(read(run, index, item, new Set([...references].filter(isMissing))))
  } catch (thrown) {
    // Errors count in the order of the operations.
    if (run.failOnErrors !== undefined) await applyWaiting(run)
    if (!isOver(run)) fail(run, index, thrown)
  }
}

/** The operation with ids in place of references, and what it has to do without for now. */
function read(run: Run, index: number, item: BulkItem, missing: ReadonlySet<string>): Waiting {
  const { service, call, ids } = run
  for (const reference of missing) refuseUnresolvable(run, reference, item)
  const target = readBulkTarget(service.registry, call.context, item.method, resolvePathReference(item.path, ids))
  const resolved = resolveReferences(item.data, ids)
  if (target.method !== 'POST') {
    const operation = changeOf(item, target, resolved)
    checkOperation(service, operation)
    return { index, operation, withheld: [] }
  }
  if (item.bulkId === undefined) throw new UsherError('invalid_value', 'A POST in a bulk needs a "bulkId".')
  const whole = dataOf(item, resolved)
  const { data, operations } = missing.size === 0 ? { data: whole, operations: [] } : takeOut(whole, missing)
  const operation = { method: 'POST', type: target.type, data } as const
  checkOperation(service, operation)
  return { index, operation, withheld: operations }
}

/** Applies what waits, up to the error that ends the processing. */
async function applyWaiting(run: Run): Promise<void> {
  const { service, call, waiting } = run
  run.waiting = []
  if (isOver(run)) return
  const operations = waiting.map(({ operation }) => operation)
  let done = 0
  for await (const outcomes of service.directory.applyEach(call.context, operations, service.now)) {
    const answered = waiting.slice(done, done + outcomes.length)
    done += outcomes.length
    await Promise.all(answered.map((one, index) => settle(run, one, outcomes[index]!)))
    if (isOver(run)) return
  }
}

async function settle(run: Run, { index, operation, withheld }: Waiting, outcome: Outcome): Promise<void> {
  const { call, ids, items, completions } = run
  const item = items[index]!
  const { method, type } = operation
  try {
    if ('error' in outcome) throw outcome.error
    const { applied } = outcome
    if (method === 'POST') ids.set(item.bulkId!, applied.id)
    if (withheld.length > 0) completions.push({ index, type, id: applied.id, operations: withheld })
    run.results[index] = result(item, {
      location: locationOf(call.context, type, applied.id),
      version: await versionOf(applied),
      status: method === 'POST' ? '201' : method === 'DELETE' ? '204' : '200',
    })
  } catch (thrown) {
    fail(run, index, thrown)
  }
}

/** A reference without an id is part of a circle, or of something that does not exist or has failed. */
function refuseUnresolvable({ definers, results }: Run, reference: string, item: BulkItem): void {
  const definer = definers.get(reference)
  if (definer === undefined) throw new UsherError('invalid_value', 'A "bulkId" is referred to that no operation has.')
  if (results[definer] !== undefined) {
    throw new UsherError('conflict', 'The operation with the "bulkId" that is referred to has failed.')
  }
  if (item.method !== 'POST') throw new UsherError('conflict', 'The operation refers to itself.')
}

function changeOf(item: BulkItem, target: Exclude<BulkTarget, { method: 'POST' }>, data: unknown): Operation {
  const { method, type, id } = target
  const ifMatch = readIfMatch(item.version)
  return method === 'DELETE' ? { method, type, id, ifMatch } : { method, type, id, data: dataOf(item, data), ifMatch }
}

function dataOf(item: BulkItem, data: unknown): Readonly<Record<string, unknown>> {
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as Record<string, unknown>
  throw new UsherError('invalid_syntax', `${item.method} in a bulk needs an object as "data".`)
}

/** Adds what resources of a circle were created without. If that fails the operation has failed as a whole. */
async function complete(run: Run): Promise<void> {
  const { service, ids, completions } = run
  const context = { ...run.call.context, now: service.now() }
  run.completions = []
  for (const { index, type, id, operations } of completions) {
    try {
      const data = { schemas: [patchOpUrn], Operations: resolveReferences(operations, ids) }
      const applied = await applyOne(service, context, { method: 'PATCH', type, id, data })
      run.results[index] = { ...run.results[index], version: await versionOf(applied) }
    } catch (thrown) {
      await applyOne(service, context, { method: 'DELETE', type, id })
      fail(run, index, thrown)
    }
  }
}

function result(item: BulkItem, rest: JsonObject): JsonObject {
  return { method: item.method, ...(item.bulkId === undefined ? {} : { bulkId: item.bulkId }), ...rest }
}

/** All but a failed POST have a location (RFC 7644 section 3.7.3). */
function fail(run: Run, index: number, thrown: unknown): void {
  const { service, call, ids, items } = run
  logFailure(service.log, call.context.requestId, thrown)
  const item = items[index]!
  const error = toUsherError(thrown)
  const path = resolvePathReference(item.path, ids)
  const location = /^https?:/i.test(path) ? path : `${call.context.baseUrl}/${path.replace(/^\//, '')}`
  run.results[index] = result(item, {
    ...(item.method === 'POST' ? {} : { location }),
    status: String(error.status),
    response: describeRefusal(error),
  })
}
