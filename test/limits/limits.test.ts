import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { UsherError } from '../../src/errors.ts'
import { FailedAttempts } from '../../src/limits/failed-attempts.ts'
import { admission } from '../../src/limits/pace.ts'
import { RateLimiter } from '../../src/limits/rate-limiter.ts'
import { Turns } from '../../src/limits/turns.ts'
import { runs } from '../runs.ts'

const refused = (error: unknown) => error instanceof UsherError && error.code === 'too_many_requests'

describe('a pace', () => {
  it('admits a burst after a rest, and the rate from then on, whatever the arrivals are', () => {
    const arrivals = fc.array(fc.nat({ max: 500 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 40 }), (gaps, rate, burst) => {
        let now = 0
        let paidAt = 0
        const done: number[] = []
        for (const gap of gaps) {
          now += gap
          const admitted = admission({ rate, burst }, paidAt, now, 1)
          paidAt = admitted.paidAt
          done.push(now + admitted.wait)
        }
        for (const [index, begin] of done.entries()) {
          for (let last = index; last < done.length; last += 1) {
            const most = burst + ((done[last]! - begin) / 1_000) * rate
            assert.ok(last - index + 1 <= most + 1 + 1e-6)
          }
        }
      }),
      { numRuns: runs(100) },
    )
  })
})

describe('a rate limiter', () => {
  const limit = { rate: 1_000, burst: 10, patience: 20, sentence: 'Slow down.' }

  it('holds up who is a little too fast, and refuses who is much too fast with the seconds to wait', async () => {
    const limiter = new RateLimiter(limit, () => 0)
    const asked = Array.from({ length: 40 }, () => limiter.admit('ann'))
    const answers = await Promise.allSettled(asked)
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 30)
    const refusal = answers.at(-1)
    assert.ok(refusal?.status === 'rejected' && refused(refusal.reason))
    assert.equal((refusal.reason as UsherError).retryAfter, 1)
    await limiter.admit('bob')
  })

  it('admits what costs more than a burst, and lets it be paid for afterwards', async () => {
    let now = 0
    const limiter = new RateLimiter(limit, () => now)
    await limiter.admit('ann', 100)
    await assert.rejects(limiter.admit('ann'), refused)
    now = 100
    await limiter.admit('ann')
  })

  it('counts what other processes admitted, once they have told', async () => {
    const sums = new Map<string, number>()
    const sumUp = async (key: string, slot: number, used: number) => {
      const name = `${key} ${slot}`
      sums.set(name, (sums.get(name) ?? 0) + used)
      return sums.get(name)!
    }
    const slower = { rate: 10, burst: 20, patience: 0, sentence: 'Slow down.' }
    const here = new RateLimiter(slower, () => 0)
    const there = new RateLimiter(slower, () => 0)
    for (let times = 0; times < 15; times += 1) await here.admit('ann')
    for (let times = 0; times < 5; times += 1) await there.admit('ann')
    const now = new Date()
    await here.exchange(sumUp, now)
    await there.exchange(sumUp, now)
    await assert.rejects(there.admit('ann'), refused)
    for (let times = 0; times < 5; times += 1) await here.admit('ann')
    // What was told before is not counted again.
    await there.exchange(sumUp, now)
    await here.exchange(sumUp, now)
    await here.exchange(sumUp, now)
    await assert.rejects(here.admit('ann'), refused)
  })
})

describe('turns', () => {
  it('so many run at a time in the order in which they came, more wait, more than that are refused', async () => {
    const turns = new Turns({ running: 2, waiting: 2, sentence: 'Too many.' })
    const order: string[] = []
    const first = await turns.take('acme')
    const second = await turns.take('acme')
    const third = turns.take('acme').then((end) => {
      order.push('third')
      return end
    })
    const fourth = turns.take('acme').then((end) => {
      order.push('fourth')
      return end
    })
    await assert.rejects(turns.take('acme'), refused)
    const other = await turns.take('globex')
    other()
    first()
    first()
    ;(await third)()
    ;(await fourth)()
    second()
    assert.deepEqual(order, ['third', 'fourth'])
  })
})

describe('failed attempts', () => {
  it('row 8 of one address are refused beyond a budget, and forgiven after a while; other addresses are not concerned', () => {
    let now = 0
    const attempts = new FailedAttempts(() => now)
    for (let times = 0; times < 200; times += 1) attempts.count('192.0.2.1')
    assert.throws(() => attempts.count('192.0.2.1'), refused)
    attempts.count('192.0.2.2')
    now = 100
    attempts.count('192.0.2.1')
  })
})
