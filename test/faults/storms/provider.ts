import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startEmbedded } from '../../../src/store/embedded/server.ts'
import { Browser } from '../../login/browser.ts'
import { TestProvider } from '../../provider/test-provider.ts'
import { type LoadStage, setLoadStage } from '../load-stage.ts'
import { startPair } from '../pair.ts'
import { TcpProxy } from '../proxy.ts'
import { type Storm, weather } from '../storm.ts'
import { temporaryFolder } from '../usher-process.ts'
import type { Chapter } from './chapter.ts'

interface Parts {
  readonly provider: TestProvider
  readonly proxy: TcpProxy
  /** A whole login by the browser; gives its status and how many seconds the callback took. */
  readonly signIn: () => Promise<{ readonly status: number; readonly seconds: number }>
}

/** Seconds in which a browser is told that the provider fails: ten, and half as much again for a busy machine. */
const patience = 15
/** Milliseconds between two reads of a key set that a token asked for. */
const betweenReads = 5_500

const storms: readonly (Omit<Storm, 'fault' | 'rules'> & {
  readonly rows: string
  readonly fault: (parts: Parts) => Storm['fault']
})[] = [
  {
    name: 'keys change, twice',
    rows: 'row 103',
    fault:
      ({ provider, signIn }) =>
      async (load) => {
        await provider.rotate({ keepOld: true })
        await load.more(60)
        await delay(betweenReads)
        await provider.rotate({ keepOld: true })
        await load.more(60)
        assert.equal((await signIn()).status, 200)
      },
  },
  {
    name: 'provider is away',
    rows: 'rows 123 124',
    fault:
      ({ proxy, signIn }) =>
      async (load) => {
        proxy.reset()
        await load.more(60)
        await assertFails(signIn)
        proxy.pass()
        assert.equal((await signIn()).status, 200)
      },
  },
  {
    name: 'provider does not answer',
    rows: 'rows 123 124',
    fault:
      ({ proxy, signIn }) =>
      async (load) => {
        proxy.blackhole()
        await load.more(60)
        await assertFails(signIn)
        proxy.pass()
        assert.equal((await signIn()).status, 200)
      },
  },
  {
    name: 'provider is slow, and its keys change',
    rows: 'rows 103 123',
    fault:
      ({ provider, proxy, signIn }) =>
      async (load) => {
        proxy.slow(400)
        await provider.rotate({ keepOld: true })
        await load.more(60)
        assert.equal((await signIn()).status, 200)
        proxy.pass()
      },
  },
]

async function assertFails(signIn: Parts['signIn']): Promise<void> {
  const { status, seconds } = await signIn()
  assert.equal(status, 502)
  assert.ok(seconds < patience, `${seconds} s`)
}

export const providerStorms: Chapter = {
  title: 'provider: two Ushers under load, whose identity provider fails',
  async run(t, { note }) {
    const server = await startEmbedded({
      dataDir: temporaryFolder(t),
      binary: process.env.USHER_MONGOD,
      onProgress: () => undefined,
    })
    t.after(() => server.stop())
    const { provider, proxy, own } = await startDistantProvider(t)
    const pair = await startPair(t, { MONGODB_URI: server.uri })
    // An organization of their own: the load knows everybody of its own one.
    const visitors = await setLoadStage(pair.doors[0]!, provider)
    const parts = { provider, proxy, signIn: () => signIn(`${pair.urls[0]}/login`, visitors, own) }
    assert.equal((await parts.signIn()).status, 200)
    for (const { name, rows, fault } of storms) {
      await t.test(`${rows} R286 who has signed in elsewhere gets in, and SCIM goes on: ${name}`, async () => {
        const stage = await setLoadStage(pair.doors[0]!, provider)
        try {
          note(await weather(stage, pair.doors, { name, rules: {}, fault: fault(parts) }))
        } finally {
          proxy.pass()
        }
      })
    }
  },
}

/** The browser reaches the provider at `own`, whatever is the matter between Usher and the provider. */
async function signIn(logins: string, { house }: LoadStage, own: string) {
  const browser = new Browser()
  const { organization, connection } = house
  connection.provider.person = house.person('visitor')
  const start = await browser.visit(`${logins}/${organization.slug}/${connection.id}`)
  const authorize = new URL(start.headers.get('location') ?? assert.fail(await start.text()))
  const signedIn = await browser.visit(`${own}${authorize.pathname}${authorize.search}`)
  const callback = signedIn.headers.get('location') ?? assert.fail(await signedIn.text())
  const begun = performance.now()
  const { status } = await browser.visit(callback)
  return { status, seconds: (performance.now() - begun) / 1_000 }
}

/** A provider whose own address Usher does not know. */
async function startDistantProvider(t: TestContext) {
  let proxy: TcpProxy | undefined
  let own = ''
  const provider = await TestProvider.start('', async (address) => {
    own = address
    proxy = await TcpProxy.start(address)
    return `http://127.0.0.1:${proxy.port}`
  })
  t.after(() => provider.close())
  if (proxy === undefined) throw new Error('there is no proxy')
  const between = proxy
  t.after(() => between.close())
  return { provider, proxy: between, own }
}
