import type { Response } from 'express'
import type { Turns } from '../limits/turns.ts'

/** Waits for the turn of a request, which ends with its answer. @throws UsherError `too_many_requests` */
export async function takeTurn(turns: Turns, key: string, response: Response): Promise<void> {
  const end = await turns.take(key)
  if (response.closed) end()
  else response.once('close', end)
}
