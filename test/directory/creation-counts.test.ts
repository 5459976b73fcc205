import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CreationCounts } from '../../src/directory/creation-counts.ts'

describe('how many users a connection has made within the hour', () => {
  const noon = new Date('2026-01-01T12:00:00Z')
  const later = (milliseconds: number) => new Date(noon.getTime() + milliseconds)

  it('is counted once for a moment, and what this process makes is added', async () => {
    const counts = new CreationCounts()
    assert.equal(await counts.read('a', noon, async () => 7), 7)
    counts.add('a')
    counts.add('b')
    assert.equal(await counts.read('a', later(1_000), async () => 99), 8)
    assert.equal(await counts.read('b', later(1_000), async () => 1), 1)
  })

  it('is counted again after two seconds', async () => {
    const counts = new CreationCounts()
    await counts.read('a', noon, async () => 7)
    counts.add('a')
    assert.equal(await counts.read('a', later(2_001), async () => 20), 20)
  })

  it('is counted again when counting has failed', async () => {
    const counts = new CreationCounts()
    await assert.rejects(counts.read('a', noon, () => Promise.reject(new Error('away'))))
    assert.equal(await counts.read('a', noon, async () => 3), 3)
  })
})
