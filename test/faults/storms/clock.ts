import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { startEmbedded } from '../../../src/store/embedded/server.ts'
import { startUsher, type Usher } from '../../blackbox/usher.ts'
import { setLoadStage } from '../load-stage.ts'
import { weather } from '../storm.ts'
import { temporaryFolder } from '../usher-process.ts'
import type { Chapter } from './chapter.ts'

const hour = 3_600_000

export const clockStorms: Chapter = {
  title: 'clock: two Ushers under load, and the clock of one is wrong',
  async run(t, { provider, note }) {
    const dataDir = temporaryFolder(t)
    const server = await startEmbedded({ dataDir, binary: process.env.USHER_MONGOD, onProgress: () => undefined })
    t.after(() => server.stop())
    const home = { database: server.uri, dataDir }
    const right = await startUsher({}, home)
    const wrong = await startUsher({}, home)
    for (const [name, offset] of [
      ['clock an hour fast', hour],
      ['clock an hour slow', -hour],
    ] as const) {
      await t.test(`row 138 its tokens are refused and counted, and nothing else fails: ${name}`, async () => {
        const stage = await setLoadStage(right, provider)
        const client = await stage.house.organization.admin('POST', `/scim-clients/${stage.house.scim.id}/tokens`)
        const path = `/scim/v2/${stage.house.organization.slug}/Users?count=0`
        const reads = async () => (await wrong.call('GET', path, { token: client.token })).status
        const before = await outOfTime(wrong)
        const rules = { mayRefuseTokens: true }
        const figure = await weather(stage, [right, wrong], {
          name,
          rules,
          fault: async (load) => {
            wrong.clock.offset = offset
            assert.equal(await reads(), 200)
            await load.refused(20)
            wrong.clock.offset = 0
          },
        })
        note(figure)
        assert.equal((await outOfTime(wrong)) - before, figure.refused)
        assert.equal(await outOfTime(right), 0)
        // What was remembered by the wrong clock does not outlive it.
        await stage.house.organization.admin('DELETE', `/scim-clients/${stage.house.scim.id}/tokens/${client.id}`)
        for (const begin = performance.now(); (await reads()) !== 401; await delay(200)) {
          assert.ok(performance.now() - begin < 20_000, 'a token that was revoked still serves')
        }
      })
    }
  },
}

/** What the metrics say of tokens that came at the wrong time. */
async function outOfTime(usher: Usher): Promise<number> {
  const { text } = await usher.call('GET', '/metrics')
  return Number(/^jit_token_invalid_total\{reason="time"\} (\d+)$/m.exec(text)?.[1] ?? 0)
}
