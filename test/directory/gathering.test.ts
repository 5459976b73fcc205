import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { Gathering } from '../../src/directory/gathering.ts'

const done: PromiseSettledResult<void> = { status: 'fulfilled', value: undefined }

describe('what many ask for at the same time', () => {
  it('goes at once when it comes alone, and together with whatever came while another was under way', async () => {
    const gathering = new Gathering<number>()
    const batches: (readonly number[])[] = []
    const work = async (items: readonly number[]) => {
      batches.push(items)
      await setImmediate()
      return items.map(() => done)
    }
    await Promise.all([1, 2, 3].map((item) => gathering.run('a', item, work)))
    await gathering.run('a', 4, work)
    assert.deepEqual(batches, [[1], [2, 3], [4]])
  })

  it('goes together only where the key is the same', async () => {
    const gathering = new Gathering<string>()
    const work = async (items: readonly string[]) => {
      await setImmediate()
      assert.equal(new Set(items.map((item) => item[0])).size, 1)
      return items.map(() => done)
    }
    await Promise.all(['a1', 'b1', 'a2', 'b2', 'a3', 'b3'].map((item) => gathering.run(item[0]!, item, work)))
  })

  it('is answered each for itself, in whatever batches it went', async () => {
    const outcome = fc.constantFrom('done', 'refused', 'thrown')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(outcome, fc.nat(3)), { maxLength: 150 }), async (items) => {
        const gathering = new Gathering<number>()
        let underWay = 0
        const work = async (batch: readonly number[]) => {
          underWay += 1
          assert.equal(underWay, 1, 'nobody overtakes')
          await setImmediate()
          underWay -= 1
          if (batch.length === 1 && items[batch[0]!]![0] === 'thrown') throw new Error(`item ${batch[0]}`)
          return batch.map((index): PromiseSettledResult<void> => {
            return items[index]![0] === 'done' ? done : { status: 'rejected', reason: new Error(`item ${index}`) }
          })
        }
        const answers = await Promise.allSettled(
          items.map(async ([, ticks], index) => {
            for (let tick = 0; tick < ticks; tick += 1) await setImmediate()
            await gathering.run('a', index, work)
          }),
        )
        for (const [index, answer] of answers.entries()) {
          if (items[index]![0] === 'done') assert.equal(answer.status, 'fulfilled')
          else assert.deepEqual(answer.status === 'rejected' && answer.reason.message, `item ${index}`)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('gives each what came of it', async () => {
    const gathering = new Gathering<number, string>()
    const work = async (items: readonly number[]) => {
      await setImmediate()
      return items.map((item) => ({ status: 'fulfilled' as const, value: `${item}!` }))
    }
    const answers = await Promise.all([1, 2, 3, 2].map((item) => gathering.run('a', item, work)))
    assert.deepEqual(answers, ['1!', '2!', '3!', '2!'])
  })

  it('waits no longer than a moment for one that is stuck', async () => {
    const gathering = new Gathering<number>()
    const { promise, resolve } = Promise.withResolvers<void>()
    const work = async (items: readonly number[]) => {
      if (items.includes(1)) await promise
      return items.map(() => done)
    }
    const stuck = gathering.run('a', 1, work)
    await gathering.run('a', 2, work)
    resolve()
    await stuck
  })
})
