import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { startUsher } from './usher.ts'

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
