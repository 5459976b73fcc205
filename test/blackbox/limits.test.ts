import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startUsher, user } from './usher.ts'

const usher = await startUsher({ USHER_RATE_LIMIT: '25' })

describe('limits', () => {
  it('row 75 four hundred equal creates of one client: one is made, the others are conflicts or told to slow down', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const body = user(`same@${organization.domain}`)
    const answers = await Promise.all(Array.from({ length: 400 }, () => scim.call('POST', '/Users', body)))
    const count = (status: number) => answers.filter((answer) => answer.status === status).length
    assert.equal(count(201), 1)
    assert.equal(count(201) + count(409) + count(429), 400)
    // A burst of 50, and those whom two seconds are enough for.
    assert.ok(count(409) >= 99 && count(429) > 0, `${count(409)} ${count(429)}`)
    const refused = answers.find(({ status }) => status === 429)
    assert.equal(refused?.body.status, '429')
    assert.match(refused?.body.detail, /25 a second/)
    assert.match(String(refused?.headers.get('retry-after')), /^\d+$/)
    const { text } = await usher.call('GET', '/metrics')
    assert.match(text, /scim_rate_limited_total\{route="\/scim\/v2\/:org\/Users"\} [1-9]/)
  })

  it('the pace of a client is no matter of another one, nor of another organization', async () => {
    const organization = await usher.organization()
    const [hammer, calm] = [await organization.scimClient(), await organization.scimClient()]
    const answers = await Promise.all(Array.from({ length: 400 }, () => hammer.call('GET', '/Users')))
    assert.ok(answers.some(({ status }) => status === 429))
    assert.equal((await calm.call('GET', '/Users')).status, 200)
  })

  it('the operations of bulk requests have a budget of their own', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const operations = Array.from({ length: 1_000 }, () => ({ method: 'DELETE', path: '/Users/none' }))
    const bulk = { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations: operations }
    const answers = await Promise.all(Array.from({ length: 3 }, () => scim.call('POST', '/Bulk', bulk)))
    assert.ok(answers.some(({ status }) => status === 200))
    assert.ok(answers.some(({ status }) => status === 429))
    assert.equal((await scim.call('GET', '/Users')).status, 200)
  })

  it('row 8 bad tokens of one address are 429 after a budget, good ones never', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const { status } = await scim.call('GET', '/Users')
    assert.equal(status, 200)
    const bad = Array.from({ length: 400 }, (_, index) =>
      usher.call('GET', `/scim/v2/${organization.slug}/Users`, { token: `usher_scim_${index}` }),
    )
    const answers = await Promise.all(bad)
    assert.ok(answers.every((answer) => answer.status === 401 || answer.status === 429))
    const limited = answers.find((answer) => answer.status === 429)
    assert.ok(limited)
    assert.match(String(limited.headers.get('retry-after')), /^\d+$/)
    assert.equal((await scim.call('GET', '/Users')).status, 200)
    const address = `/api/v1/organizations/${organization.slug}`
    const more = Array.from({ length: 200 }, () => usher.call('GET', address, { token: 'usher_key_bad' }))
    const codes = new Set((await Promise.all(more)).map(({ body }) => body.code))
    assert.ok(codes.has('too_many_requests'))
  })
})
