import type { Operation } from '../directory/types.ts'
import { UsherError } from '../errors.ts'
import { logFailure, toUsherError } from '../http/problem.ts'
import type { JsonObject, ResourceType } from '../schema/types.ts'
import { Answer } from './answer.ts'
import { applyOne, versionOf } from './apply.ts'
import { referencesOf, resolvePathReference, resolveReferences, takeOut } from './bulk-references.ts'
import { type BulkItem, readBulkRequest } from './bulk-request.ts'
import { type BulkTarget, readBulkTarget } from './bulk-target.ts'
import type { ScimCall, ScimService } from './call.ts'
import { describeRefusal } from './errors.ts'
import { readIfMatch } from './preconditions.ts'
import { locationOf } from './representation.ts'

const bulkResponseUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'
const patchOpUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/**
 * `POST /Bulk` (RFC 7644 section 3.7): each operation is a change of its own, as its single request would be, in the
 * order of the request except that what others refer to comes before them. Circular references are resolved by creating
 * first and adding the reference afterwards.
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
    definers: new Map(items.flatMap((item, index) => (item.bulkId === undefined ? [] : [[item.bulkId, index]]))),
    ids: new Map(),
    started: new Set(),
    completions: [],
    results: [],
  }
  for (let index = 0; index < items.length; index += 1) {
    if (failOnErrors !== undefined && errorsOf(run) >= failOnErrors) break
    await perform(run, index)
    await complete(run)
  }
  const results = run.results.filter((result) => result !== undefined)
  return new Answer(200, {}, { schemas: [bulkResponseUrn], Operations: results })
}

/** The state of one bulk. */
interface Run {
  readonly service: ScimService
  readonly call: ScimCall
  readonly items: readonly BulkItem[]
  /** Which operation gives an id to a bulkId. */
  readonly definers: ReadonlyMap<string, number>
  readonly ids: Map<string, string>
  readonly started: Set<number>
  /** Resources that were created without a reference of a circle, and what is to be added. */
  completions: Completion[]
  /** By the index of the operation; the answer is in that order. */
  readonly results: (JsonObject | undefined)[]
}

interface Completion {
  readonly index: number
  readonly type: ResourceType
  readonly id: string
  readonly operations: readonly unknown[]
}

function errorsOf({ results }: Run): number {
  return results.filter((result) => Number(result?.status) >= 400).length
}

/** Runs an operation after those that it refers to. */
async function perform(run: Run, index: number): Promise<void> {
  if (run.started.has(index)) return
  run.started.add(index)
  const item = run.items[index]!
  const references = referencesOf(item)
  for (const reference of references) {
    const definer = run.definers.get(reference)
    if (definer !== undefined) await perform(run, definer)
  }
  try {
    run.results[index] = await execute(run, index, item, references)
  } catch (thrown) {
    logFailure(run.service.log, run.call.context.requestId, thrown)
    run.results[index] = failure(run, item, thrown)
  }
}

async function execute(run: Run, index: number, item: BulkItem, references: ReadonlySet<string>): Promise<JsonObject> {
  const { service, call, ids } = run
  const { context } = call
  const missing = new Set([...references].filter((reference) => !ids.has(reference)))
  for (const reference of missing) refuseUnresolvable(run, reference, item)
  const target = readBulkTarget(service.registry, context, item.method, resolvePathReference(item.path, ids))
  if (target.method !== 'POST') {
    const applied = await applyOne(service, context, changeOf(item, target, resolveReferences(item.data, ids)))
    return result(item, {
      location: locationOf(context, target.type, target.id),
      version: await versionOf(applied),
      status: target.method === 'DELETE' ? '204' : '200',
    })
  }
  if (item.bulkId === undefined) throw new UsherError('invalid_value', 'A POST in a bulk needs a "bulkId".')
  const resolved = dataOf(item, resolveReferences(item.data, ids))
  const { data, operations } = missing.size === 0 ? { data: resolved, operations: [] } : takeOut(resolved, missing)
  const applied = await applyOne(service, context, { method: 'POST', type: target.type, data })
  ids.set(item.bulkId, applied.id)
  if (operations.length > 0) run.completions.push({ index, type: target.type, id: applied.id, operations })
  return result(item, {
    location: locationOf(context, target.type, applied.id),
    version: await versionOf(applied),
    status: '201',
  })
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
  const { service, call, ids } = run
  const { completions } = run
  run.completions = []
  for (const { index, type, id, operations } of completions) {
    const item = run.items[index]!
    try {
      const data = { schemas: [patchOpUrn], Operations: resolveReferences(operations, ids) }
      const applied = await applyOne(service, call.context, { method: 'PATCH', type, id, data })
      run.results[index] = { ...run.results[index], version: await versionOf(applied) }
    } catch (thrown) {
      logFailure(service.log, call.context.requestId, thrown)
      await applyOne(service, call.context, { method: 'DELETE', type, id })
      run.results[index] = failure(run, item, thrown)
    }
  }
}

function result(item: BulkItem, rest: JsonObject): JsonObject {
  return { method: item.method, ...(item.bulkId === undefined ? {} : { bulkId: item.bulkId }), ...rest }
}

/** All but a failed POST have a location (RFC 7644 section 3.7.3). */
function failure({ call, ids }: Run, item: BulkItem, thrown: unknown): JsonObject {
  const error = toUsherError(thrown)
  const path = resolvePathReference(item.path, ids)
  const location = /^https?:/i.test(path) ? path : `${call.context.baseUrl}/${path.replace(/^\//, '')}`
  return result(item, {
    ...(item.method === 'POST' ? {} : { location }),
    status: String(error.status),
    response: describeRefusal(error),
  })
}
