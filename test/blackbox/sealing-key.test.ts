import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { unlessAlone } from './neighbour.ts'
import { type Answer, startUsher, type Usher } from './usher.ts'

const [old, fresh] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64url')]
const withKeys = (...keys: readonly string[]) => ({ USHER_SEALING_KEY: keys.join(',') })
const first = await startUsher(withKeys(old))
const provider = await TestProvider.start()
after(() => provider.close())

/** The same installation, started again with these keys. */
const restarted = (...keys: readonly string[]) => startUsher(withKeys(...keys), first.home)

/** A login that needs the client secret of its connection: a headless one opens it as well. */
async function signIn(usher: Usher, slug: string, connection: string): Promise<Answer> {
  const email = `ann@${slug}.example`
  const jti = randomBytes(8).toString('hex')
  const idToken = await provider.idToken({ sub: 'ann', email, email_verified: true, jti })
  const token = await tokenOf(slug)
  return usher.call('POST', `/api/v1/organizations/${slug}/connections/${connection}/logins`, {
    token,
    body: { idToken },
  })
}

const tokens = new Map<string, string>()
async function tokenOf(slug: string): Promise<string> {
  const made =
    tokens.get(slug) ??
    (await first.admin('POST', `/organizations/${slug}/api-keys`, { name: 'app', scopes: ['logins'] })).token
  tokens.set(slug, made)
  return made
}

describe('the sealing key', () => {
  it('row 138 is rotated by two processes, one after the other, and no request fails', async () => {
    const organization = await first.organization()
    const connections: string[] = []
    const connect = async (usher: Usher) => {
      const { id } = await usher.admin('POST', `/organizations/${organization.slug}/connections`, {
        name: `connection-${connections.length}`,
        type: 'oidc',
        issuer: provider.issuer,
        clientId: provider.clientId,
        clientSecret: 'a secret',
      })
      connections.push(id)
    }
    let processes: readonly Usher[] = [first, await restarted(old)]
    /** Everybody signs in by every connection at every process. */
    const everybodySignsIn = async () => {
      for (const usher of processes) {
        for (const connection of connections) {
          const answer = await signIn(usher, organization.slug, connection)
          assert.equal(answer.status, 200, answer.text)
        }
      }
    }
    /** Rolls out, one process after the other; each makes a connection with the key that seals there. */
    const rollOut = async (...keys: readonly string[]) => {
      for (const index of processes.keys()) {
        processes = processes.with(index, await restarted(...keys))
        await connect(processes[index]!)
        await everybodySignsIn()
      }
    }
    await connect(first)
    await everybodySignsIn()
    await rollOut(old, fresh)
    await rollOut(fresh, old)

    let isResealed = false
    const [resealed] = await Promise.all([
      first.call('POST', '/api/v1/secrets/reseal', { token: 'nobody' }).then(async (stranger) => {
        assert.equal(stranger.status, 401)
        const answer = await processes[0]!.admin('POST', '/secrets/reseal')
        isResealed = true
        return answer
      }),
      (async () => {
        while (!isResealed) await everybodySignsIn()
      })(),
    ])
    assert.deepEqual(resealed, { resealed: 3, present: 2, unreadable: [] })
    assert.deepEqual(await processes[1]!.admin('POST', '/secrets/reseal'), { resealed: 0, present: 5, unreadable: [] })
    await rollOut(fresh)
  })

  it('is that of the data folder until there is a setting, and opens for ever what it sealed', async () => {
    const without = await startUsher()
    const organization = await without.organization()
    const { id } = await organization.connection(provider)
    const key = randomBytes(32).toString('base64')
    const set = await startUsher(withKeys(key), without.home)
    const path = `/api/v1/organizations/${organization.slug}/connections/${id}/logins`
    const login = async (usher: Usher) => {
      const claims = { sub: 'ann', email: `ann@${organization.domain}`, email_verified: true }
      const idToken = await provider.idToken({ ...claims, jti: randomBytes(8).toString('hex') })
      const { token } = await organization.admin('POST', '/api-keys', { name: 'app', scopes: ['logins'] })
      return (await usher.call('POST', path, { token, body: { idToken } })).status
    }
    assert.equal(await login(set), 200)
    assert.deepEqual(await set.admin('POST', '/secrets/reseal'), { resealed: 1, present: 0, unreadable: [] })
    const elsewhere = { ...without.home, dataDir: `${without.home.dataDir}/elsewhere` }
    const moved = await startUsher(withKeys(key), elsewhere)
    assert.equal(await login(moved), 200)
  })

  it('that is lost is told by name, and everything else is sealed anew', async () => {
    const usher = await startUsher(withKeys(old))
    const [lost, kept] = [await usher.organization(), await usher.organization()]
    const { id } = await lost.connection(provider)
    const other = await startUsher(withKeys(fresh), usher.home)
    await other.admin('POST', `/organizations/${kept.slug}/connections`, {
      name: 'kept',
      type: 'oidc',
      issuer: provider.issuer,
      clientId: 'a',
      clientSecret: 'b',
    })
    const answer = await other.admin('POST', '/secrets/reseal')
    const unreadable = [{ organization: lost.slug, connection: id }]
    assert.deepEqual(answer, { resealed: 0, present: 1, unreadable })
  })
})

describe('the clock and the metrics', { skip: unlessAlone('it counts what all organizations do') }, () => {
  it('row 138 a clock an hour off refuses tokens, and a counter says that it is for their time', async () => {
    const organization = await first.organization()
    const { id } = await organization.connection(provider)
    await tokenOf(organization.slug)
    const counted = async () => {
      const { text } = await first.call('GET', '/metrics')
      return Number(/^jit_token_invalid_total\{reason="time"\} (\d+)/m.exec(text)?.[1] ?? 0)
    }
    for (const minutes of [70, -70]) {
      const before = await counted()
      first.clock.offset = minutes * 60_000
      try {
        const answer = await signIn(first, organization.slug, id)
        assert.deepEqual([answer.status, answer.body.code], [400, 'token_invalid'], answer.text)
      } finally {
        first.clock.offset = 0
      }
      assert.equal(await counted(), before + 1)
    }
  })

  it('row 138 whatever is asked for, the values of labels are few', async () => {
    const organization = await first.organization()
    const flood = async () => {
      for (let n = 0; n < 20; n += 1) {
        const random = randomBytes(6).toString('hex')
        const paths = [`/${random}`, `/scim/v2/${random}/Users`, `/scim/v2/${organization.slug}/${random}`]
        for (const path of [...paths, `/api/v1/${random}`, `/login/${random}/${random}`]) {
          await first.call(n % 2 === 0 ? 'GET' : 'PROPFIND', path, { token: random })
        }
      }
      const { text } = await first.call('GET', '/metrics')
      return text.split('\n').filter((line) => line.startsWith('scim_http_requests_total')).length
    }
    const after = await flood()
    assert.equal(await flood(), after)
    assert.ok(after < 40, `${after} series`)
  })
})
