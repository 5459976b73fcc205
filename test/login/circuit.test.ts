import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UsherError } from '../../src/errors.ts'
import { breakCircuit } from '../../src/login/circuit.ts'

describe('the circuit of a connection (row 123)', () => {
  function stage() {
    const state = { now: 0, asked: 0, status: 503 as number | null }
    const fetch = breakCircuit(
      async () => {
        state.asked += 1
        if (state.status === null) throw new UsherError('provider_failed', 'It cannot be reached.')
        return new Response(null, { status: state.status })
      },
      () => new Date(state.now),
    )
    const ask = () =>
      fetch('https://idp.example/token').then(
        ({ status }) => status,
        () => 'refused',
      )
    return { state, ask }
  }

  it('row 123 a provider that fails five times in a row is left alone, then probed by one request, with growing pauses', async () => {
    const { state, ask } = stage()
    for (let times = 0; times < 5; times += 1) assert.equal(await ask(), 503)
    assert.equal(await ask(), 'refused')
    state.now = 1_000
    assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [503, 'refused', 'refused'])
    state.now = 2_000
    assert.equal(await ask(), 'refused')
    state.now = 3_000
    state.status = null
    assert.equal(await ask(), 'refused')
    assert.equal(state.asked, 7)
  })

  it('row 123 one good answer ends it, and refusals of the provider are good answers', async () => {
    const { state, ask } = stage()
    for (let times = 0; times < 5; times += 1) await ask()
    state.now = 1_000
    state.status = 400
    assert.deepEqual([await ask(), await ask()], [400, 400])
    state.status = 503
    for (let times = 0; times < 4; times += 1) assert.equal(await ask(), 503)
    state.status = 200
    assert.equal(await ask(), 200)
  })
})
