import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { send } from './raw.ts'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const listUrn = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

async function client(settings: Readonly<Record<string, unknown>> = {}): Promise<ScimClient> {
  return (await usher.organization()).scimClient(settings)
}

const filtered = (path: string, filter: string) => `${path}?filter=${encodeURIComponent(filter)}`

/** RFC 7644 section 3.4.1. */
describe('GET of a resource', () => {
  it('R74 answers 200 with ETag and Location', async () => {
    const scim = await client()
    const { id } = await scim.must('POST', '/Users', user('ann'))
    const answer = await scim.call('GET', `/Users/${id}`)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('etag'), answer.body.meta.version)
    assert.equal(answer.headers.get('location'), answer.body.meta.location)
  })

  it('R74 row 26 an id that is unknown, of another type, or of any form at all is 404', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const ann = await scim.must('POST', '/Users', user('ann'))
    const all = await scim.must('POST', '/Groups', group('All'))
    const ids = [
      ...['nobody', '0', '-1', 'null', 'undefined', '[object%20Object]', '__proto__', 'constructor', '%24ne', '%7B%7D'],
      ...['..%2f..', '%2e%2e', '%00', 'a%00b', '%20', 'x'.repeat(10_000), '%F0%9F%98%80', `${ann.id}%00`, `${ann.id}.`],
      ...['507f1f77bcf86cd799439011', '00000000-0000-0000-0000-000000000000', ann.id.toUpperCase()],
    ]
    for (const id of ids) {
      // as it stands: fetch would resolve dots
      const ask = (method: string, collection: string, body?: unknown) =>
        send(usher.url, {
          method,
          path: `/scim/v2/${organization.slug}${collection}/${id}`,
          headers: { authorization: `Bearer ${scim.token}` },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
      assertScimError(await ask('GET', '/Users'), 404)
      assertScimError(await ask('PUT', '/Users', user('ann')), 404)
      assertScimError(await ask('PATCH', '/Users', patchOp({ op: 'add', path: 'title', value: 'T' })), 404)
      assertScimError(await ask('DELETE', '/Users'), 404)
      assertScimError(await ask('GET', '/Groups'), 404)
    }
    assertScimError(await scim.call('GET', `/Users/${all.id}`), 404)
    assertScimError(await scim.call('GET', `/Groups/${ann.id}`), 404)
    assert.equal((await scim.call('GET', `/Users/${ann.id}`)).status, 200)
  })

  it('R79 row 28 HEAD answers as GET without a body, and no CORS headers are given', async () => {
    const scim = await client()
    const { id } = await scim.must('POST', '/Users', user('ann'))
    for (const path of [`/Users/${id}`, '/Users', '/ServiceProviderConfig', '/Users/nobody']) {
      const headers = { origin: 'https://evil.example' }
      const [read, head] = [
        await scim.call('GET', path, undefined, headers),
        await scim.call('HEAD', path, undefined, headers),
      ]
      assert.equal(head.status, read.status, path)
      assert.equal(head.text, '')
      for (const name of ['etag', 'content-type', 'location', 'content-length']) {
        assert.equal(head.headers.get(name), read.headers.get(name), `${path} ${name}`)
      }
      for (const name of read.headers.keys()) assert.doesNotMatch(name, /^access-control/)
    }
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
    const answer = await scim.call('OPTIONS', '/Users', undefined, preflight)
    assert.equal(answer.headers.get('access-control-allow-origin'), null)
    assert.ok(answer.status >= 400)
  })

  it('R80 query parameters of lists are no failure on a single resource', async () => {
    const scim = await client()
    const { id } = await scim.must('POST', '/Users', user('ann'))
    for (const query of [
      'filter=userName%20eq%20%22bob%22',
      'filter=((',
      'sortBy=x',
      'startIndex=abc',
      'count=-1',
      'cursor=x',
    ]) {
      assert.equal((await scim.must('GET', `/Users/${id}?${query}`)).id, id, query)
    }
  })

  it('rows 73 77 a version that the client has is 304, and after DELETE 404', async () => {
    const scim = await client()
    const { id, meta } = await scim.must('POST', '/Users', user('ann'))
    const read = (tag: string) => scim.call('GET', `/Users/${id}`, undefined, { 'if-none-match': tag })
    for (const tag of [meta.version, meta.version.replace('W/', ''), '*', `"x", ${meta.version}`]) {
      const answer = await read(tag)
      assert.equal(answer.status, 304, tag)
      assert.equal(answer.text, '')
      assert.equal(answer.headers.get('etag'), meta.version)
    }
    for (const tag of ['"other"', 'W/"other"']) assert.equal((await read(tag)).status, 200, tag)
    await scim.call('DELETE', `/Users/${id}`)
    assertScimError(await read(meta.version), 404)
    assert.equal((await scim.must('GET', '/Users')).totalResults, 0)
  })
})

/** RFC 7644 section 3.4.2. */
describe('GET of a list', () => {
  it('R75 is a ListResponse with integers, and an empty one has its Resources', async () => {
    const scim = await client()
    for (const path of ['/Users', '/Groups', '/Entitlements']) {
      const empty = await scim.must('GET', path)
      assert.deepEqual(empty, { schemas: [listUrn], totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] })
    }
    for (const name of ['a', 'b', 'c']) await scim.must('POST', '/Users', user(name))
    const page = await scim.must('GET', '/Users?startIndex=2&count=1')
    assert.deepEqual(
      { ...page, Resources: page.Resources.length },
      {
        schemas: [listUrn],
        totalResults: 3,
        startIndex: 2,
        itemsPerPage: 1,
        Resources: 1,
      },
    )
  })

  it('R75 each resource of a list is shown as by itself', async () => {
    const scim = await client()
    const ann = await scim.must('POST', '/Users', user('ann', { externalId: '1', roles: [{ value: 'member' }] }))
    const all = await scim.must('POST', '/Groups', group('All', { members: [{ value: ann.id }] }))
    assert.deepEqual((await scim.must('GET', '/Users')).Resources, [await scim.must('GET', `/Users/${ann.id}`)])
    assert.deepEqual((await scim.must('GET', '/Groups')).Resources, [await scim.must('GET', `/Groups/${all.id}`)])
  })

  for (const dialect of ['rfc', 'entra', 'okta', 'onelogin', 'google', 'interop-strict']) {
    it(`R75 the connection test and the exists-check of ${dialect} clients: 200 with an empty list`, async () => {
      const scim = await client({ dialect })
      for (const filter of [
        'userName eq "0f3c6a8e-55b8-4e6f-9d0e-1a2b3c4d5e6f"',
        'externalId eq "0f3c6a8e-55b8-4e6f-9d0e-1a2b3c4d5e6f"',
      ]) {
        assert.deepEqual((await scim.must('GET', filtered('/Users', filter))).Resources, [])
      }
      assert.deepEqual((await scim.must('GET', filtered('/Groups', 'displayName eq "Nobody"'))).Resources, [])
      for (const path of [
        '/Users?startIndex=1&count=100',
        '/Users?startIndex=1&count=1',
        '/Groups?startIndex=1&count=100',
      ]) {
        assert.equal((await scim.must('GET', path)).totalResults, 0)
      }
    })
  }

  it('R75 the exists-check of Okta finds a userName in any case', async () => {
    const scim = await client({ dialect: 'okta' })
    const { id } = await scim.must('POST', '/Users', user('Ann.Lee@Example.com'))
    for (const name of ['ann.lee@example.com', 'ANN.LEE@EXAMPLE.COM', 'Ann.Lee@Example.com']) {
      assert.equal((await scim.must('GET', filtered('/Users', `userName eq "${name}"`))).Resources[0].id, id)
    }
  })

  it('R76 users who are not active are read, listed and found', async () => {
    const scim = await client()
    const { id } = await scim.must('POST', '/Users', user('ann', { active: false }))
    assert.equal((await scim.must('GET', `/Users/${id}`)).active, false)
    for (const filter of ['userName eq "ann"', 'active eq false', `id eq "${id}"`]) {
      assert.equal((await scim.must('GET', filtered('/Users', filter))).totalResults, 1, filter)
    }
    assert.equal((await scim.must('GET', filtered('/Users', 'active eq true'))).totalResults, 0)
  })

  it('R77 a query at the root covers all types, and an attribute that a type does not have has no value there', async () => {
    const scim = await client()
    const ann = await scim.must('POST', '/Users', user('ann', { displayName: 'Same' }))
    const all = await scim.must('POST', '/Groups', group('Same'))
    const found = async (filter: string) => {
      const byUrl = await scim.must('GET', filtered('', filter))
      const byBody = await scim.must('POST', '/.search', { schemas: [searchUrn], filter })
      assert.deepEqual(byBody, byUrl)
      assert.equal((await scim.must('GET', filtered('/', filter))).totalResults, byUrl.totalResults)
      return byUrl.Resources.map(({ id }: { id: string }) => id).sort()
    }
    assert.deepEqual(await found('displayName eq "same"'), [ann.id, all.id].sort())
    assert.deepEqual(await found('meta.resourceType eq "User"'), [ann.id])
    assert.deepEqual(await found('meta.resourceType eq "Group"'), [all.id])
    assert.deepEqual(await found('userName eq "ann"'), [ann.id])
    assert.deepEqual(await found('userName eq "ann" or meta.resourceType eq "Group"'), [ann.id, all.id].sort())
    assert.deepEqual(await found('nothing eq "ann"'), [])
  })

  it('R78 a query at the root without a filter is 400 tooMany, at a type it is not', async () => {
    const scim = await client()
    assertScimError(await scim.call('GET', ''), 400, 'tooMany')
    assertScimError(await scim.call('GET', '/'), 400, 'tooMany')
    assertScimError(await scim.call('POST', '/.search', { schemas: [searchUrn] }), 400, 'tooMany')
    for (const path of ['/Users', '/Groups']) assert.equal((await scim.call('GET', path)).status, 200)
    assert.equal((await scim.call('POST', '/Users/.search', { schemas: [searchUrn] })).status, 200)
  })

  it('rows 23 24 a parameter that comes twice is 400 invalidValue, one in brackets is unknown', async () => {
    const scim = await client()
    for (const query of [
      'count=1&count=2',
      'filter=a%20pr&filter=b%20pr',
      'startIndex=1&startIndex=1',
      'attributes=id&attributes=id',
    ]) {
      assertScimError(await scim.call('GET', `/Users?${query}`), 400, 'invalidValue')
    }
    for (const query of ['filter[$ne]=1', 'filter%5B%24ne%5D=1', 'count[]=0', '__proto__[x]=1', 'constructor=1']) {
      assert.equal((await scim.call('GET', `/Users?${query}`)).status, 200, query)
    }
  })
})
