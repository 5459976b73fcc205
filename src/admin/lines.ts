/** Answers that are too long to be put together: lines of JSON, sent at the pace at which the caller takes them. */
import type { Response } from 'express'
import { writePieces } from '../http/write-pieces.ts'

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
    await writePieces(response, texts(first, iterator))
  } catch (error) {
    // It cannot become a status any more: the connection is cut, so that nobody takes the part for the whole.
    response.destroy()
    throw error
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
