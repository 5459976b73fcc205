import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { asOperator, buildHouse } from './house.ts'
import { startUsher, user } from './usher.ts'

const first = await startUsher()
const second = await startUsher({}, first.home)
const provider = await TestProvider.start()
after(() => provider.close())

describe('two processes on one database', () => {
  it('serve the same data: what one has written, the other reads at once', async () => {
    const house = await buildHouse(first, provider)
    const { id, meta } = await house.scim.must('POST', '/Users', user(house.email('ann')))
    const there = await asOperator(second, house.organization, 'GET', `/Users/${id}`)
    assert.equal(there.status, 200)
    assert.equal(there.body.meta.version, meta.version)
    assert.equal((await asOperator(second, house.organization, 'DELETE', `/Users/${id}`)).status, 204)
    assert.equal((await house.scim.call('GET', `/Users/${id}`)).status, 404)
  })

  it('R38 scopes that one has taken from a SCIM client end there at once, and in the other within 15 s', async () => {
    const { organization } = await buildHouse(first, provider)
    const { id, token } = await organization.scimClient()
    const path = `/scim/v2/${organization.slug}/Users`
    const statusAt = async (usher: typeof first) => (await usher.call('GET', path, { token })).status
    assert.deepEqual([await statusAt(first), await statusAt(second)], [200, 200])
    await organization.admin('PATCH', `/scim-clients/${id}`, { scopes: ['scim.groups'] })
    assert.equal(await statusAt(first), 403)
    second.clock.offset = 15_000
    try {
      assert.equal(await statusAt(second), 403)
    } finally {
      second.clock.offset = 0
    }
  })

  for (const kind of ['a token of a SCIM client', 'an API key'] as const) {
    it(`R38 ${kind} that one has revoked ends there at once, and in the other within 15 s`, async () => {
      const { organization } = await buildHouse(first, provider)
      const client = await organization.scimClient()
      const made =
        kind === 'an API key'
          ? await organization.admin('POST', '/api-keys', { name: 'reader', scopes: ['read'] })
          : await organization.admin('POST', `/scim-clients/${client.id}/tokens`)
      const path = `/scim/v2/${organization.slug}/Users`
      const statusAt = async (usher: typeof first) => (await usher.call('GET', path, { token: made.token })).status
      assert.deepEqual([await statusAt(first), await statusAt(second)], [200, 200])
      const revoked = kind === 'an API key' ? '/api-keys' : `/scim-clients/${client.id}/tokens`
      await organization.admin('DELETE', `${revoked}/${made.id}`)
      assert.equal(await statusAt(first), 401)
      second.clock.offset = 15_000
      try {
        assert.equal(await statusAt(second), 401)
      } finally {
        second.clock.offset = 0
      }
    })
  }
})
