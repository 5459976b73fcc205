import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { mongo } from 'mongoose'
import { startEmbedded } from '../../../src/store/embedded/server.ts'
import { setLoadStage } from '../load-stage.ts'
import { startPair } from '../pair.ts'
import { TcpProxy } from '../proxy.ts'
import { type Storm, weather } from '../storm.ts'
import { temporaryFolder } from '../usher-process.ts'
import type { Chapter } from './chapter.ts'

const seconds = 1_000

const storms: readonly (Omit<Storm, 'fault'> & {
  readonly begin: (proxy: TcpProxy) => void
  readonly lasts: number
})[] = [
  {
    name: 'network with 100 to 200 ms of delay',
    rules: { mayBeUnavailable: true },
    begin: (proxy) => proxy.slow(50, 50),
    lasts: 6 * seconds,
  },
  {
    name: 'network that swallows everything',
    rules: { mayBeUnavailable: true },
    begin: (proxy) => proxy.blackhole(),
    lasts: 8 * seconds,
  },
  {
    name: 'network that resets connections',
    rules: { mayBeUnavailable: true },
    begin: (proxy) => proxy.reset(),
    lasts: 5 * seconds,
  },
  {
    name: 'network that carries single bytes',
    rules: { mayBeUnavailable: true },
    begin: (proxy) => proxy.slice(1),
    lasts: 6 * seconds,
  },
  {
    name: 'network that carries 10 kB a second',
    rules: { mayBeUnavailable: true },
    begin: (proxy) => proxy.limit(10_000),
    lasts: 8 * seconds,
  },
]

/** Two processes, each with a pool of 25 and two connections that watch; some more are ours and the server's. */
const mostConnections = 64

export const networkStorms: Chapter = {
  title: 'network: two Ushers under load at some distance from their database',
  async run(t, { provider, note }) {
    const server = await startEmbedded({
      dataDir: temporaryFolder(t),
      binary: process.env.USHER_MONGOD,
      onProgress: () => undefined,
    })
    t.after(() => server.stop())
    const proxy = await TcpProxy.start(server.uri)
    t.after(() => proxy.close())
    const pair = await startPair(t, { MONGODB_URI: proxy.through(server.uri) })
    for (const { name, rules, begin, lasts } of storms) {
      await t.test(`row 131 R286 what was acknowledged is kept, and they serve on: ${name}`, async () => {
        const stage = await setLoadStage(pair.doors[0]!, provider)
        const fault = async () => {
          begin(proxy)
          await delay(lasts)
          proxy.pass()
        }
        note(await weather(stage, pair.doors, { name, rules, fault }))
        assert.deepEqual(await pair.readiness(), [200, 200])
        assert.ok((await connectionsOf(server.uri)) < mostConnections, 'connections are left behind')
      })
    }
  },
}

async function connectionsOf(uri: string): Promise<number> {
  const client = new mongo.MongoClient(uri)
  try {
    return Number((await client.db('admin').command({ serverStatus: 1 })).connections.current)
  } finally {
    await client.close()
  }
}
