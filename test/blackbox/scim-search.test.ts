import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { list, numbered, type Parameters, people, pick } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { group, startUsher } from './usher.ts'

const usher = await startUsher()
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)
const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'
const search = (more: object = {}) => ({ schemas: [searchUrn], ...more })

describe('.search (RFC 7644 section 3.4.3)', () => {
  it('R213 is there for users, groups and everything; the body says that it is a SearchRequest', async () => {
    const client = await newClient()
    await people(client, ['ann'])
    await client.must('POST', '/Groups', group('Crew'))
    const total = async (path: string, more = {}) => (await client.must('POST', path, search(more))).totalResults
    assert.equal(await total('/Users/.search'), 1)
    assert.equal(await total('/Groups/.search'), 1)
    assert.equal(await total('/.search', { filter: 'userName pr or displayName pr' }), 2)
    for (const path of ['/Users/.search', '/Groups/.search', '/.search']) {
      for (const schemas of [['urn:ietf:params:scim:api:messages:2.0:PatchOp'], [], [searchUrn, 'urn:x'], 7, null]) {
        const answer = await client.call('POST', path, { schemas, filter: 'id pr' })
        assertScimError(answer, 400, 'invalidSyntax')
      }
    }
  })

  it('R213 without schemas it is 400 in rfc and interop-strict, and inferred elsewhere', async () => {
    for (const [dialect, status] of [
      ['rfc', 400],
      ['interop-strict', 400],
      ['entra', 200],
      ['okta', 200],
      ['onelogin', 200],
      ['google', 200],
    ] as const) {
      const client = await newClient({ dialect })
      const answer = await client.call('POST', '/Users/.search', { count: 1 })
      assert.equal(answer.status, status, dialect)
      if (status === 400) assertScimError(answer, 400, 'invalidSyntax')
    }
  })

  it('R214 gives the same as a GET with the same parameters', async () => {
    const client = await newClient()
    await people(client, numbered('person', 9), (_, index) => ({
      title: `title ${index % 3}`,
      active: index % 4 !== 0,
    }))
    const table: readonly Parameters[] = [
      {},
      { filter: 'title eq "title 1"' },
      { filter: 'active eq true and userName sw "PERSON"', sortBy: 'userName', sortOrder: 'descending' },
      { sortBy: 'title', startIndex: 3, count: 4 },
      { count: 0 },
      { startIndex: -3, count: -1 },
      { sortBy: 'userName', startIndex: 100 },
      { attributes: 'userName,meta.version', sortBy: 'userName' },
      { excludedAttributes: 'meta,roles', sortBy: 'userName' },
    ]
    for (const parameters of table) {
      const { attributes, excludedAttributes, ...rest } = parameters
      const body = search({
        ...rest,
        ...(attributes === undefined ? {} : { attributes: String(attributes).split(',') }),
        ...(excludedAttributes === undefined ? {} : { excludedAttributes: String(excludedAttributes).split(',') }),
      })
      const found = await client.must('POST', '/Users/.search', body)
      assert.deepEqual(found, await list(client, '/Users', parameters))
    }
    const byCursor = await client.must('POST', '/Users/.search', search({ cursor: '', count: 4, sortBy: 'userName' }))
    const next = { cursor: byCursor.nextCursor, count: 4, sortBy: 'userName' }
    const second = await client.must('POST', '/Users/.search', search(next))
    const secondByGet = await list(client, '/Users', next)
    assert.deepEqual(pick(second, 'userName'), pick(secondByGet, 'userName'))
    assert.deepEqual(pick(second, 'userName'), numbered('person', 9).slice(4, 8))
  })

  it('R214 the root gives the same by GET and by .search, over all types', async () => {
    const client = await newClient()
    const [ann] = await people(client, ['ann', 'bob'])
    await client.must('POST', '/Groups', group('ann', { members: [{ value: ann }] }))
    for (const filter of ['userName eq "ann" or displayName eq "ann"', 'meta.resourceType eq "Group"', 'id pr']) {
      const found = await client.must('POST', '/.search', search({ filter }))
      assert.deepEqual(found, await list(client, '/', { filter }))
      assert.ok(found.totalResults > 0)
    }
    assertScimError(await client.call('POST', '/.search', search()), 400, 'tooMany')
  })

  it('R215 it is a 200 ListResponse, allowed to a key that may only read', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    await people(client, ['ann'])
    const { token } = await organization.admin('POST', '/api-keys', { name: 'reader', scopes: ['read'] })
    const reader = (method: string, path: string, body?: unknown) =>
      usher.call(method, `/scim/v2/${organization.slug}${path}`, { token, body })
    for (const path of ['/Users/.search', '/.search']) {
      const answer = await reader('POST', path, search({ filter: 'userName eq "ann"' }))
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual(answer.body.schemas, ['urn:ietf:params:scim:api:messages:2.0:ListResponse'])
      assert.equal(answer.body.totalResults, 1)
      assert.equal(answer.headers.get('location'), null)
    }
    assertScimError(await reader('POST', '/Users', { schemas: [searchUrn] }), 403)
    assertScimError(await reader('POST', '/Bulk', {}), 403)
  })

  it('R216 wrong JSON types are 400 invalidValue', async () => {
    const client = await newClient()
    const table = [
      { count: '10' },
      { count: 1.5 },
      { count: true },
      { startIndex: '1' },
      { startIndex: [] },
      { filter: 7 },
      { filter: { $ne: null } },
      { sortBy: ['userName'] },
      { sortOrder: 1 },
      { cursor: 5 },
      { attributes: 7 },
      { attributes: [7] },
      { excludedAttributes: {} },
    ]
    for (const more of table) {
      for (const path of ['/Users/.search', '/.search']) {
        const body = search({ ...(path === '/.search' ? { filter: 'id pr' } : {}), ...more })
        assertScimError(await client.call('POST', path, body), 400, 'invalidValue')
      }
    }
    // What RFC 7159 lets a client write differently is the same number.
    assert.equal((await client.call('POST', '/Users/.search', `{"schemas":["${searchUrn}"],"count":1e1}`)).status, 200)
    assertScimError(await client.call('POST', '/Users/.search', '[]'), 400, 'invalidSyntax')
    assertScimError(await client.call('POST', '/Users/.search'), 400, 'invalidSyntax')
  })
})
