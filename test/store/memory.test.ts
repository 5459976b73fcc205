import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Memory } from '../../src/store/memory.ts'

/** A source of rows that counts how often it is asked. */
function source(...answers: readonly (readonly string[])[]) {
  let asked = 0
  const load = async () => answers[Math.min(asked++, answers.length - 1)]!
  return { load, asked: () => asked }
}

describe('memory of what is read by every request', () => {
  it('whoever asks while a read is under way, or soon after it, shares it', async () => {
    const memory = new Memory<string>()
    const { load, asked } = source(['a'], ['b'])
    const [one, two] = await Promise.all([memory.read('key', load), memory.read('key', load)])
    assert.deepEqual([one, two, await memory.read('key', load)], [['a'], ['a'], ['a']])
    assert.equal(asked(), 1)
  })

  it('what is not there is not remembered', async () => {
    const memory = new Memory<string>()
    const { load } = source([], ['a'])
    assert.deepEqual(await memory.read('key', load), [])
    assert.deepEqual(await memory.read('key', load), ['a'])
  })

  it('a read that fails is not remembered', async () => {
    const memory = new Memory<string>()
    await assert.rejects(memory.read('key', () => Promise.reject(new Error('away'))))
    assert.deepEqual(await memory.read('key', async () => ['a']), ['a'])
  })

  it('a read that was under way at a write is not shared with whoever asks after the write', async () => {
    const memory = new Memory<string>()
    const { promise, resolve } = Promise.withResolvers<readonly string[]>()
    const before = memory.read('key', () => promise)
    memory.written()
    const after = memory.read('key', async () => ['new'])
    resolve(['old'])
    assert.deepEqual(
      [await before, await after, await memory.read('key', async () => ['later'])],
      [['old'], ['new'], ['new']],
    )
  })

  it('a write is announced, and forgetting for another process is not', () => {
    let announced = 0
    const memory = new Memory<string>(() => {
      announced += 1
    })
    memory.forget()
    assert.equal(announced, 0)
    memory.written()
    assert.equal(announced, 1)
  })
})
