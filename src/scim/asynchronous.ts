/** Requests that are answered before they are done (RFC 9967 section 2.5.1), and how they ended. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { UsherError } from '../errors.ts'
import { logFailure } from '../http/problem.ts'
import type { JsonObject, JsonValue } from '../schema/types.ts'
import { Answer, StreamedBody } from './answer.ts'
import type { ScimCall, ScimService } from './call.ts'
import { scimErrorBody } from './errors.ts'
import { locationOf } from './location.ts'
import { answerOf } from './operate.ts'
import type { Place } from './place.ts'
import type { AsyncWish } from './prefer.ts'

/** Whether the place can be changed in this way, so that the answer may come later. */
export function isChange({ kind }: Place, method: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && (kind === 'collection' || kind === 'resource' || kind === 'bulk')
}

/**
 * Begins the work, waits for as long as the request wishes, and answers 202 when it is not done by then. The result is
 * kept for whoever asked, in whichever process.
 */
export async function answerLater(
  service: ScimService,
  call: ScimCall,
  target: { readonly method: string; readonly place: Place },
  { wait }: AsyncWish,
  work: () => Answer | Promise<Answer>,
): Promise<Answer> {
  const { context } = call
  const { organization, source } = context
  const running = answerOf(service, call, work)
  const answer = await withinWait(running, wait)
  if (answer !== undefined) return answer

  const id = randomUUID()
  const accepted = service.organizations.acceptAsync(organization, { id, source, method: target.method }, context.now)
  const finish = async () => {
    const result = resultOf(call, target, await running)
    await accepted
    await service.organizations.finishAsync(organization, id, result)
  }
  service.asyncRuns.add(finish().catch((error: unknown) => logFailure(service.log, context.requestId, error)))
  await accepted
  return new Answer(202, {
    'Set-Txn': id,
    'Preference-Applied': 'respond-async',
    Location: `${context.baseUrl}/AsyncResults/${id}`,
  })
}

/**
 * `GET /AsyncResults/{txn}`: 202 while the work lasts, then the operation of a BulkResponse that says how it ended, of a
 * bulk the whole BulkResponse. `{txn}:{index}` is one operation of a bulk.
 *
 * @throws UsherError `not_found` also for the requests of others
 */
export async function asyncResult(service: ScimService, { context }: ScimCall, name: string): Promise<Answer> {
  const [id = '', index] = name.split(':')
  const found = await service.organizations.findAsync(context.organization, id, context.source, service.now())
  if (found === null) throw noSuchResult()
  const headers = { 'Set-Txn': name, 'Cache-Control': 'no-store' }
  if (found.state === 'pending') return new Answer(202, { ...headers, 'Retry-After': '1' })
  if (found.state === 'unknown') return new Answer(200, headers, lostResult(found.method))
  if (index === undefined) return new Answer(200, headers, found.result)
  const operations: JsonValue = found.result.Operations ?? []
  const operation = Array.isArray(operations) && /^\d{1,4}$/.test(index) ? operations[Number(index)] : undefined
  if (operation === undefined) throw noSuchResult()
  return new Answer(200, headers, operation as JsonObject)
}

async function withinWait(running: Promise<Answer>, wait: number): Promise<Answer | undefined> {
  if (wait === 0) return undefined
  const timer = new AbortController()
  const over = sleep(wait, undefined, { signal: timer.signal }).catch(() => undefined)
  const first = await Promise.race([running, over])
  timer.abort()
  return first ?? undefined
}

/** As the operation would stand in a BulkResponse (RFC 7644 section 3.7.3). */
function resultOf(
  { context }: ScimCall,
  { method, place }: { readonly method: string; readonly place: Place },
  { status, headers, body }: Answer,
): JsonObject {
  const failed = status >= 400
  const plain = body instanceof StreamedBody ? undefined : body
  if (place.kind === 'bulk' && !failed && plain !== undefined) return plain
  const location = place.kind === 'resource' ? locationOf(context, place.type, place.id) : headers.Location
  return {
    method,
    ...(location === undefined ? {} : { location }),
    ...(headers.ETag === undefined || failed ? {} : { version: headers.ETag }),
    status: String(status),
    ...(failed && plain !== undefined ? { response: plain } : {}),
  }
}

function lostResult(method: string): JsonObject {
  const detail = 'The server stopped before it could keep the result. The resource shows whether the change was made.'
  return { method, status: '500', response: scimErrorBody({ status: 500, detail }) }
}

function noSuchResult(): UsherError {
  return new UsherError('not_found', 'There is no such result.')
}
