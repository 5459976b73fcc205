/** Answers that are too long to be put together: lines of JSON, sent at the pace at which the caller takes them. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'

export const linesType = 'application/x-ndjson'

/** Nothing is sent before the first values are there: until then a failure is an answer like any other. */
export async function sendLines(response: Response, values: AsyncIterable<readonly unknown[]>): Promise<void> {
  const iterator = values[Symbol.asyncIterator]()
  const first = await iterator.next()
  response.status(200)
  response.setHeader('Content-Type', linesType)
  response.setHeader('Cache-Control', 'no-store')
  if (response.req.method === 'HEAD') {
    await iterator.return?.()
    response.end()
    return
  }
  try {
    await pipeline(Readable.from(texts(first, iterator)), response)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

async function* texts(
  first: IteratorResult<readonly unknown[]>,
  iterator: AsyncIterator<readonly unknown[]>,
): AsyncGenerator<string> {
  try {
    for (let next = first; next.done !== true; next = await iterator.next()) {
      if (next.value.length > 0) yield next.value.map((value) => `${JSON.stringify(value)}\n`).join('')
    }
  } finally {
    await iterator.return?.()
  }
}

/** The caller has gone away. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
}
