import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { jobEnd } from './jobs.ts'
import { adminToken, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const day = 86_400
const at = (seconds: number) => new Date(Date.now() + usher.clock.offset + seconds * 1_000).toISOString()

/** Runs with the clock of Usher that many seconds ahead. */
async function later(seconds: number, work: () => Promise<void>) {
  usher.clock.offset = seconds * 1_000
  try {
    await work()
  } finally {
    usher.clock.offset = 0
  }
}

describe('what expires does so by the clock of the service', () => {
  it('A29 an invitation lets somebody in until it expires', async () => {
    const organization = await usher.organization()
    const connection = await organization.connection(provider)
    const invite = (name: string, expiresAt?: string) =>
      organization.admin('POST', '/invitations', { email: `${name}@elsewhere.example`, expiresAt })
    const signIn = (name: string) => {
      const iat = Math.floor((Date.now() + usher.clock.offset) / 1000)
      const email = `${name}@elsewhere.example`
      return connection.login({ sub: name, email, email_verified: true, iat, exp: iat + 300 })
    }
    await invite('ann', at(day))
    await invite('bob', at(day))
    await invite('kim')
    await later(day - 60, async () => assert.equal((await signIn('ann')).body.outcome, 'created'))
    await later(day + 60, async () => {
      const refused = await signIn('bob')
      assert.deepEqual([refused.status, refused.body.code], [403, 'domain_not_allowed'])
      await invite('bob', at(day))
      assert.equal((await signIn('bob')).body.outcome, 'created')
    })
    await later(29 * day, async () => assert.equal((await signIn('kim')).body.outcome, 'created'))
    await later(day, async () => {
      const past = await organization.ask('POST', '/invitations', { email: 'x@elsewhere.example', expiresAt: at(-60) })
      assert.deepEqual([past.status, past.body.code], [400, 'validation_failed'])
    })
  })

  it('O5 an API key and the token of a SCIM client hold until they expire', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const key = await organization.admin('POST', '/api-keys', { name: 'ci', scopes: ['read'], expiresAt: at(day) })
    const second = await organization.admin('POST', `/scim-clients/${client.id}/tokens`, { expiresAt: at(day) })
    const read = async (token: string) =>
      (await usher.call('GET', `/scim/v2/${organization.slug}/Users`, { token })).status
    const all = async () => [await read(key.token), await read(second.token), await read(client.token)]
    await later(day - 60, async () => assert.deepEqual(await all(), [200, 200, 200]))
    await later(day + 60, async () => assert.deepEqual(await all(), [401, 401, 200]))
    await later(366 * day, async () => assert.deepEqual(await all(), [401, 401, 401]))
  })
})

/**
 * The database removes what has expired when it comes to it, which may be hours later: here the clock of the service is
 * ahead, and that of the database is not, so everything is still there.
 */
describe('what has expired is gone, also while it is still stored', () => {
  it('row 134 a decision, by id, by reference and in lists', async () => {
    const organization = await usher.organization()
    const connection = await organization.connection(provider)
    const { body } = await connection.login({ sub: 'eve', email: 'eve@elsewhere.example', email_verified: true })
    const found = async () => [
      (await organization.ask('GET', `/decisions/${body.decisionId}`)).status,
      (await organization.ask('GET', `/decisions/${body.reference}`)).status,
      (await organization.admin('GET', '/decisions')).items.length,
    ]
    await later(89 * day, async () => assert.deepEqual(await found(), [200, 200, 1]))
    await later(91 * day, async () => assert.deepEqual(await found(), [404, 404, 0]))
    assert.deepEqual(await found(), [200, 200, 1], 'it is stored')
  })

  it('row 134 an item of the inbox, and an approval that nobody has used', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const connection = await organization.connection(provider)
    await connection.jit({ domains: 'any' })
    const email = `ann@${organization.domain}`
    const signIn = () => {
      const iat = Math.floor((Date.now() + usher.clock.offset) / 1000)
      return connection.login({ sub: 'ann', email, email_verified: true, iat, exp: iat + 300 })
    }
    for (const name of ['one', 'two']) {
      await scim.must('POST', '/Users', user(name, { emails: [{ value: email }] }))
    }
    assert.equal((await signIn()).body.code, 'match_ambiguous')
    const [item] = (await organization.admin('GET', '/inbox')).items
    const shown = async () => [
      (await organization.ask('GET', `/inbox/${item.id}`)).status,
      (await organization.admin('GET', '/inbox')).items.length,
    ]
    await later(91 * day, async () => assert.deepEqual(await shown(), [404, 0]))
    assert.deepEqual(await shown(), [200, 1])
    await organization.admin('POST', `/inbox/${item.id}/create`)
    await later(91 * day, async () => assert.equal((await signIn()).body.code, 'match_ambiguous'))
  })

  it('row 134 the tombstone of a deleted user', async () => {
    const organization = await usher.organization()
    const connection = await organization.connection(provider)
    const signIn = () => {
      const iat = Math.floor((Date.now() + usher.clock.offset) / 1000)
      const email = `ann@${organization.domain}`
      return connection.login({ sub: 'ann', email, email_verified: true, iat, exp: iat + 300 })
    }
    const { user: made } = (await signIn()).body
    const scim = await organization.scimClient()
    await scim.must('DELETE', `/Users/${made.id}`)
    assert.equal((await signIn()).body.code, 'user_deleted')
    await later(401 * day, async () => {
      assert.equal((await organization.admin('GET', '/tombstones')).items.length, 0)
      assert.equal((await signIn()).body.outcome, 'created')
    })
  })

  it('row 134 the start of a login in the browser', async () => {
    const organization = await usher.organization()
    const connection = await organization.connection(provider)
    const path = `/login/${organization.slug}/${connection.id}`
    const start = await usher.call('GET', path)
    const state = new URL(start.headers.get('location') ?? '').searchParams.get('state')
    const cookie = start.headers.get('set-cookie')?.split(';')[0] ?? ''
    await later(day, async () => {
      const back = await usher.call('GET', `${path}/callback?code=x&state=${state}`, {
        headers: { cookie, accept: 'application/json' },
      })
      assert.deepEqual([back.status, back.body.code], [400, 'token_invalid'])
    })
    assert.equal(
      await usher.store.loginTransactions.everywhere.count({ connection: connection.id }),
      0,
      'it was used up',
    )
  })

  it('row 134 the result of an asynchronous request, an access token and a job that has ended', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient({ switches: { asyncRequests: 'accept' } })
    const accepted = await client.call('POST', '/Users', user('ann'), { prefer: 'respond-async' })
    const result = new URL(accepted.headers.get('location') ?? '').pathname
    const { token } = await organization.admin('POST', `/scim-clients/${client.id}/tokens`, {
      expiresAt: at(500 * day),
    })
    const basic = Buffer.from(`${client.id}:${client.token}`).toString('base64')
    const granted = await usher.call('POST', `/oauth/${organization.slug}/token`, {
      body: 'grant_type=client_credentials',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    })
    const { job } = await organization.admin('POST', '/verification')
    await jobEnd(usher, job)
    const resultStatus = async () => (await usher.call('GET', result, { token })).status
    while ((await resultStatus()) === 202);
    const gone = async () => [
      await resultStatus(),
      (await usher.call('GET', `/scim/v2/${organization.slug}/Users`, { token: granted.body.access_token })).status,
      (await usher.call('GET', `/api/v1/jobs/${job}`, { token: adminToken })).status,
    ]
    assert.deepEqual(await gone(), [200, 200, 200])
    await later(day + 60, async () => assert.deepEqual(await gone(), [404, 401, 200]))
    await later(31 * day, async () => assert.deepEqual(await gone(), [404, 401, 404]))
  })
})

describe('the feed of changes', () => {
  it('row 134 numbered by two processes at once, read by one that is behind: nothing is missed, repeated or put in later', async () => {
    const organization = await usher.organization()
    const other = await startUsher({}, usher.home)
    const scim = await organization.scimClient()
    const path = `/api/v1/organizations/${organization.slug}/changes`
    const seen: string[] = []
    let isWritten = false
    const writing = Promise.all(
      Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; n < 12; n += 1) await scim.must('POST', '/Users', user(`user-${writer}-${n}`))
      }),
    ).then(() => {
      isWritten = true
    })
    const numbering = [usher, other].map(async (process) => {
      while (!isWritten) assert.equal((await process.call('GET', `${path}?limit=1`, { token: adminToken })).status, 200)
    })
    const reading = (async () => {
      for (let cursor = 0; ; ) {
        const ended = isWritten
        const query = cursor === 0 ? '' : `&cursor=${cursor}`
        const { status, body, text } = await other.call('GET', `${path}?limit=5${query}`, { token: adminToken })
        assert.equal(status, 200, text)
        seen.push(...body.items.map(({ id }: { id: string }) => id))
        cursor += body.items.length
        if (ended && body.items.length === 0) return
      }
    })()
    await Promise.all([writing, ...numbering, reading])
    const all = (await organization.admin('GET', '/changes?limit=200')).items.map(({ id }: { id: string }) => id)
    assert.equal(all.length, 48)
    assert.deepEqual(seen, all)
    const { job } = await organization.admin('POST', '/verification')
    assert.deepEqual((await jobEnd(usher, job)).result.violations, [])
  })
})
