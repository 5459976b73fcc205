import { once } from 'node:events'
import type { Response } from 'express'

/**
 * Writes a text that is too long to be held. The next piece is made when the one before is on its way, however slowly the
 * client reads. Resolves when all is written or the client has gone; rejects with what the making of a piece said.
 */
export async function writePieces(response: Response, pieces: AsyncIterable<string>): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  for await (const piece of pieces) {
    if (!response.write(piece)) await once(response, 'drain', { signal: gone.signal }).catch(() => undefined)
    if (gone.signal.aborted) return
  }
  response.end()
}
