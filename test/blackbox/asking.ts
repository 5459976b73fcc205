/** How a client asks while not everything is well, and how long a test waits for it. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Answer } from './usher.ts'

/**
 * Seconds in which an answer that is due within five has to be there: a machine with much to do takes its time, but
 * what waits for the driver of the database alone takes thirty.
 */
export const patience = 25

/** The answer that is no 503, as a client gets it that asks again as long as it is told to. */
export async function untilAnswered(ask: () => Promise<Answer>): Promise<Answer> {
  for (const begin = performance.now(); ; await delay(200)) {
    const answer = await ask()
    if (answer.status !== 503 || performance.now() - begin > 60_000) return answer
    assert.match(String(answer.headers.get('retry-after')), /^\d+$/)
  }
}
