import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rawHouse } from './raw.ts'
import { assertScimError } from './scim-error.ts'
import { startUsher, user } from './usher.ts'

const usher = await startUsher()

const house = (settings?: Readonly<Record<string, unknown>>) => rawHouse(usher, settings)
const filtered = (filter: string) => `/Users?filter=${encodeURIComponent(filter)}`

/** RFC 7644 section 3.4.2, RFC 3986. */
describe('addresses', () => {
  it('R32 unknown parameters, a trailing ? and a trailing & are ignored', async () => {
    const { scim } = await house()
    const { id } = await scim.must('POST', '/Users', user('ann'))
    const queries = [
      '?',
      '?&',
      '?api-version=2',
      '?aadOptscim062020',
      '?count=10&',
      '?&count=10&&x=%zz',
      '?filter[$ne]=1',
    ]
    for (const query of queries) {
      assert.equal((await scim.must('GET', `/Users${query}`)).totalResults, 1, query)
      assert.equal((await scim.must('GET', `/Users/${id}${query}`)).id, id, query)
    }
    assert.equal((await scim.call('POST', '/Users?aadOptscim062020&', user('bob'))).status, 201)
  })

  it('R33 a filter is decoded once: %2B is a plus, %2525 is %25', async () => {
    const { scim } = await house()
    const { id } = await scim.must('POST', '/Users', user('a+b@example.com', { title: '50%25' }))
    for (const query of [
      'filter=userName%20eq%20%22a%2Bb@example.com%22',
      'filter=userName+eq+%22a%2Bb@example.com%22',
      'filter=userName%20eq%20%22a+b@example.com%22',
      'filter=title%20eq%20%2250%2525%22',
    ]) {
      const found = await scim.must('GET', `/Users?${query}`)
      assert.deepEqual(
        found.Resources.map((one: { id: string }) => one.id),
        [id],
        query,
      )
    }
    assert.equal((await scim.must('GET', '/Users?filter=title%20eq%20%2250%25%22')).totalResults, 0)
  })

  it('R33 an escape that is none is 400 in a parameter and 404 in the path', async () => {
    const { scim } = await house()
    assertScimError(await scim.call('GET', '/Users?filter=%zz'), 400, 'invalidValue')
    assertScimError(await scim.call('GET', '/Users/%zz'), 404)
    assertScimError(await scim.call('GET', '/Users/%ff'), 404)
  })

  it('R34 row 25 Host and X-Forwarded headers decide no address', async () => {
    const { raw, base } = await house()
    const spoofed = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    }
    const created = await raw('POST', '/Users', spoofed, JSON.stringify(user('ann')))
    const location = `${usher.url}${base}/Users/${created.body.id}`
    assert.equal(created.headers.get('location'), location)
    assert.equal(created.body.meta.location, location)
    const body = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'All',
      members: [{ value: created.body.id }],
    }
    const made = await raw('POST', '/Groups', spoofed, JSON.stringify(body))
    assert.equal(made.body.members[0].$ref, location)
    const config = await raw('GET', '/ServiceProviderConfig', spoofed)
    assert.doesNotMatch(created.text + made.text + config.text, /evil/)
  })

  it('R37 a filter with personal data is answered in the URL as well as by .search', async () => {
    const { scim } = await house()
    await scim.must('POST', '/Users', user('ann', { emails: [{ value: 'ann@example.com' }] }))
    const filter = 'emails.value eq "ann@example.com"'
    assert.equal((await scim.must('GET', filtered(filter))).totalResults, 1)
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:SearchRequest']
    assert.equal((await scim.must('POST', '/Users/.search', { schemas, filter })).totalResults, 1)
  })

  it('C16 names of endpoints are found in any case, except in the dialect interop-strict', async () => {
    for (const dialect of ['rfc', 'entra', 'okta', 'onelogin', 'google']) {
      const { scim } = await house({ dialect })
      for (const path of ['/users', '/GROUPS', '/serviceproviderconfig', '/schemas']) {
        assert.equal((await scim.call('GET', path)).status, 200, `${dialect} ${path}`)
      }
    }
    const strict = await house({ dialect: 'interop-strict' })
    for (const path of ['/users', '/GROUPS']) assertScimError(await strict.scim.call('GET', path), 404)
  })
})
