import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Totals } from '../../src/directory/totals.ts'

describe('how many resources a list has', () => {
  /** A clock that counting moves: each count takes so long and finds so many. */
  const stage = () => {
    let time = 0
    const totals = new Totals(() => time)
    const counting = (total: number, takes: number) => async () => {
      time += takes
      return total
    }
    return { totals, counting, wait: (milliseconds: number) => (time += milliseconds) }
  }

  it('R75 is counted anew as long as it is small, or counting is quick', async () => {
    const { totals, counting } = stage()
    assert.equal(await totals.read('small', counting(10_000, 900)), 10_000)
    assert.equal(await totals.read('small', counting(9_999, 900)), 9_999)
    assert.equal(await totals.read('quick', counting(50_000, 20)), 50_000)
    assert.equal(await totals.read('quick', counting(50_001, 20)), 50_001)
  })

  it('R75 is remembered for twenty times as long as it took to count when it is large', async () => {
    const { totals, counting, wait } = stage()
    assert.equal(await totals.read('a', counting(1_000_000, 500)), 1_000_000)
    wait(9_999)
    assert.equal(await totals.read('a', counting(7, 0)), 1_000_000)
    assert.equal(await totals.read('b', counting(7, 0)), 7)
    wait(1)
    assert.equal(await totals.read('a', counting(1_000_001, 500)), 1_000_001)
  })

  it('R75 is counted once for all who ask meanwhile, unless it turns out to be small', async () => {
    for (const [total, counts] of [
      [20_000, 1],
      [20, 5],
    ] as const) {
      const totals = new Totals()
      let counted = 0
      const { promise, resolve } = Promise.withResolvers<void>()
      const count = async () => {
        counted += 1
        await promise
        return total
      }
      const asked = Array.from({ length: 5 }, () => totals.read('a', count))
      resolve()
      assert.deepEqual(await Promise.all(asked), Array(5).fill(total))
      assert.equal(counted, counts)
    }
  })

  it('is the one from before when counting takes too long, and none when there is none', async () => {
    const { totals, counting, wait } = stage()
    const failing = () => Promise.reject(new Error('too long'))
    await assert.rejects(totals.read('a', failing))
    await totals.read('a', counting(20_000, 100))
    wait(5_000)
    assert.equal(await totals.read('a', failing), 20_000)
  })
})
