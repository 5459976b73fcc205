import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { type Answer, adminToken, type Usher } from './usher.ts'

/** Waits for the end of a job and gives it as it is shown. */
export async function jobEnd(usher: Usher, job: string, state: 'done' | 'failed' = 'done'): Promise<Answer['body']> {
  for (;;) {
    const { body, text } = await usher.call('GET', `/api/v1/jobs/${job}`, { token: adminToken })
    if (body.state === 'done' || body.state === 'failed') {
      assert.equal(body.state, state, text)
      return body
    }
    await delay(20)
  }
}
