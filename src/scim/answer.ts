import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import type { ErrorCode } from '../errors.ts'
import { recordOf } from '../http/request-record.ts'
import type { JsonObject, JsonValue } from '../schema/types.ts'

/** A resource one of whose attributes is too long to be held: its elements are written as they are read. */
export class StreamedBody {
  readonly head: JsonObject
  readonly attribute: string
  readonly batches: AsyncIterable<readonly JsonValue[]>

  constructor(head: JsonObject, attribute: string, batches: AsyncIterable<readonly JsonValue[]>) {
    this.head = head
    this.attribute = attribute
    this.batches = batches
  }
}

/** What a SCIM request is answered: every operation gives one, for success and refusal alike. */
export class Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject | StreamedBody | undefined
  /** Of a refusal, for the log line. */
  readonly code: ErrorCode | undefined

  constructor(
    status: number,
    headers: Readonly<Record<string, string>> = {},
    body?: JsonObject | StreamedBody,
    code?: ErrorCode,
  ) {
    this.status = status
    this.headers = headers
    this.body = body
    this.code = code
  }
}

/**
 * Writes the answer. Headers and body are written by hand, since Express would add a charset to the media type, which
 * strict clients compare as a whole.
 */
export function writeAnswer(response: Response, answer: Answer, mediaType: string): void {
  if (answer.code !== undefined) recordOf(response).code = answer.code
  response.status(answer.status)
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value)
  if (answer.body === undefined) {
    response.removeHeader('Content-Type')
    response.end()
    return
  }
  response.setHeader('Content-Type', mediaType)
  if (!(answer.body instanceof StreamedBody)) {
    const text = JSON.stringify(answer.body)
    response.setHeader('Content-Length', Buffer.byteLength(text))
    response.end(text)
  } else if (response.req.method === 'HEAD') response.end()
  // A failure on the way cannot become a status any more: pipeline cuts the connection, so that nobody takes the part
  // for the whole.
  else pipeline(Readable.from(textOf(answer.body)), response).catch(() => response.destroy())
}

async function* textOf(body: StreamedBody): AsyncGenerator<string> {
  yield `${JSON.stringify(body.head).slice(0, -1)},${JSON.stringify(body.attribute)}:[`
  let first = true
  for await (const batch of body.batches) {
    if (batch.length === 0) continue
    const text = JSON.stringify(batch).slice(1, -1)
    yield first ? text : `,${text}`
    first = false
  }
  yield ']}'
}
