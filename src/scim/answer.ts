import type { Response } from 'express'
import type { ErrorCode } from '../errors.ts'
import { recordOf } from '../http/request-record.ts'
import { writePieces } from '../http/write-pieces.ts'
import type { JsonObject } from '../schema/types.ts'

/** A body that is too long to be held: the pieces of its text in their order, written as they come. */
export class StreamedBody {
  readonly text: AsyncIterable<string>

  constructor(text: AsyncIterable<string>) {
    this.text = text
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
  // A failure on the way cannot become a status any more: the connection is cut, so that nobody takes the part for the
  // whole.
  else writePieces(response, answer.body.text).catch(() => response.destroy())
}
