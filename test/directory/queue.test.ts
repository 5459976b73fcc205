import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KeyedQueue } from '../../src/directory/queue.ts'

describe('the queue of writers', () => {
  it('lets one after the other have a key, in the order of their coming, and others at the same time', async () => {
    const queue = new KeyedQueue()
    const events: string[] = []
    const gates = new Map(['first', 'second', 'other'].map((name) => [name, Promise.withResolvers<void>()]))
    const work = (name: string) => async () => {
      events.push(`${name} begins`)
      await gates.get(name)?.promise
      events.push(`${name} ends`)
      return name
    }
    const first = queue.run(['a', 'b'], work('first'))
    const second = queue.run(['b'], work('second'))
    const other = queue.run(['c'], work('other'))
    await new Promise(setImmediate)
    assert.deepEqual(events, ['first begins', 'other begins'])
    for (const { resolve } of gates.values()) resolve()
    assert.deepEqual(await Promise.all([first, second, other]), ['first', 'second', 'other'])
    assert.deepEqual(events, [
      'first begins',
      'other begins',
      'first ends',
      'other ends',
      'second begins',
      'second ends',
    ])
  })

  it('goes on after work that fails', async () => {
    const queue = new KeyedQueue()
    const failing = queue.run(['a'], async () => {
      throw new Error('no')
    })
    const next = queue.run(['a'], async () => 'yes')
    await assert.rejects(failing, /no/)
    assert.equal(await next, 'yes')
  })

  it('row 131 dissolves a line behind somebody who is stuck, and begins a new one', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const queue = new KeyedQueue()
    const stuck = Promise.withResolvers<void>()
    const begun: string[] = []
    const begin = (name: string, until: Promise<void>) =>
      queue.run(['a'], async () => {
        begun.push(name)
        await until
      })
    const all = [begin('first', stuck.promise), begin('second', stuck.promise), begin('third', stuck.promise)]
    await new Promise(setImmediate)
    assert.deepEqual(begun, ['first'])
    t.mock.timers.tick(1_000)
    await new Promise(setImmediate)
    assert.deepEqual(begun, ['first', 'second', 'third'])
    const free = Promise.withResolvers<void>()
    all.push(begin('fourth', free.promise), begin('fifth', free.promise))
    await new Promise(setImmediate)
    assert.deepEqual(begun.slice(3), ['fourth'])
    free.resolve()
    stuck.resolve()
    await Promise.all(all)
    assert.deepEqual(begun.slice(3), ['fourth', 'fifth'])
  })
})
