import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { askBulk, at, bulk, bulkUrn, postGroup, postUser, statusesOf } from './bulking.ts'
import { list, numbered } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)
const title = (value: unknown) => patchOp({ op: 'replace', path: 'title', value })

describe('Bulk (RFC 7644 section 3.7)', () => {
  it('R217 is announced, takes a BulkRequest and answers a BulkResponse', async () => {
    const client = await newClient()
    const { bulk: announced } = await client.must('GET', '/ServiceProviderConfig')
    assert.equal(announced.supported, true)
    assert.ok(announced.maxOperations >= 100 && announced.maxPayloadSize >= 1_000_000)
    assert.deepEqual(statusesOf(await bulk(client, [postUser('a', 'ann')])), ['201'])
    for (const body of [{ Operations: [] }, { schemas: ['urn:x'], Operations: [postUser('b', 'bob')] }, []]) {
      assertScimError(await client.call('POST', '/Bulk', body), 400, 'invalidSyntax')
    }
    for (const operations of [undefined, {}, 'x', [7], [null], [{ path: '/Users' }], [{ method: 'POST' }]]) {
      const body = { schemas: [bulkUrn], Operations: operations }
      assertScimError(await client.call('POST', '/Bulk', body), 400, 'invalidSyntax')
    }
  })

  it('R218 the method is read in any case, the path with and without slash and as a URL below the base', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const base = `${usher.url}/scim/v2/${organization.slug}`
    const [ann] = await bulk(client, [{ ...postUser('a', 'ann'), method: 'post', path: 'Users' }])
    const id = (await at(client, ann!)).id
    const results = await bulk(client, [
      { method: 'Patch', path: `Users/${id}`, data: title('One') },
      { method: 'PUT', path: `${base}/Users/${id}`, data: user('ann', { title: 'Two' }) },
      { method: 'delete', path: `/Users/${id}` },
    ])
    assert.deepEqual(statusesOf(results), ['200', '200', '204'])
    assert.deepEqual(
      results.map(({ location }) => location),
      Array.from({ length: 3 }, () => `${base}/Users/${id}`),
    )
  })

  it('R218 R230 row 85 reading, nesting, searching, discovery and foreign paths fail one by one', async () => {
    const client = await newClient()
    const stranger = await usher.organization()
    const patch = title('x')
    const operations = [
      { method: 'GET', path: '/Users' },
      { method: 'POST', path: '/Bulk', bulkId: 'b', data: { schemas: [bulkUrn], Operations: [] } },
      { method: 'POST', path: '/.search', bulkId: 's', data: {} },
      { method: 'POST', path: '/Users/.search', bulkId: 't', data: {} },
      { method: 'PATCH', path: '/ServiceProviderConfig', data: patch },
      { method: 'POST', path: '/Schemas', bulkId: 'u', data: {} },
      { method: 'DELETE', path: '/Roles/member' },
      { method: 'POST', path: '/Me', bulkId: 'm', data: {} },
      { method: 'POST', path: '/Nothing', bulkId: 'n', data: {} },
      { method: 'DELETE', path: '/Users' },
      { method: 'PATCH', path: `${usher.url}/scim/v2/${stranger.slug}/Users/x`, data: patch },
      { method: 'PATCH', path: `/../${stranger.slug}/Users/x`, data: patch },
      { method: 'PATCH', path: 'https://elsewhere.example/Users/x', data: patch },
      { method: 'TRACE', path: '/Users/x' },
    ]
    const results = await bulk(client, [...operations, postUser('a', 'ann')])
    assert.equal(results.length, operations.length + 1)
    for (const [index, { status, response }] of results.slice(0, -1).entries()) {
      const sent = `${operations[index]!.method} ${operations[index]!.path}`
      assert.ok(['400', '403', '404', '405', '501'].includes(status), `${sent} ${status}`)
      assert.deepEqual(response.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error'])
      assert.equal(response.status, status)
    }
    assert.equal(results.at(-1)!.status, '201')
  })

  it('R219 row 86 a bulkId is needed for POST and unique in the request', async () => {
    const client = await newClient()
    const twice = await askBulk(client, [postUser('a', 'ann'), postUser('a', 'bob')])
    assertScimError(twice, 400, 'invalidSyntax')
    assert.equal((await list(client, '/Users')).totalResults, 0, 'nothing is processed')
    const { bulkId, ...without } = postUser('x', 'ann')
    const results = await bulk(client, [without, postUser('b', 'bob')])
    assert.deepEqual(statusesOf(results), ['400', '201'])
    assert.equal('bulkId' in results[0]!, false)
    assert.equal(results[1]!.bulkId, 'b')
  })

  it('R220 data is needed for all but DELETE; that of a PATCH is a PatchOp', async () => {
    const client = await newClient()
    const [ann] = await bulk(client, [postUser('a', 'ann')])
    const { id } = await at(client, ann!)
    const path = `/Users/${id}`
    const results = await bulk(client, [
      { method: 'POST', path: '/Users', bulkId: 'b' },
      { method: 'PUT', path },
      { method: 'PATCH', path },
      { method: 'PATCH', path, data: [] },
      { method: 'PATCH', path, data: { Operations: [{ op: 'add', path: 'title', value: 'x' }] } },
      { method: 'PATCH', path, data: { title: 'x' } },
      { method: 'PATCH', path, data: title('x') },
    ])
    assert.deepEqual(statusesOf(results), ['400', '400', '400', '400', '400', '400', '200'])
    for (const { response } of results.slice(0, -1)) assert.equal(response.scimType, 'invalidSyntax')
  })

  it('R221 a result has method, status as text, version and location, and the error of what failed', async () => {
    const client = await newClient()
    const [ann] = await bulk(client, [postUser('a', 'ann')])
    const made = await at(client, ann!)
    assert.deepEqual(ann, {
      method: 'POST',
      bulkId: 'a',
      location: made.meta.location,
      version: made.meta.version,
      status: '201',
    })
    const path = `/Users/${made.id}`
    const results = await bulk(client, [
      { method: 'PATCH', path, bulkId: 'p', data: title('One') },
      { method: 'PATCH', path, data: title({ not: 'text' }) },
      { method: 'DELETE', path: '/Users/nobody' },
      postUser('taken', 'ANN'),
      { method: 'DELETE', path },
    ])
    assert.deepEqual(statusesOf(results), ['200', '400', '404', '409', '204'])
    assert.equal(results[0]!.bulkId, 'p')
    assert.match(results[0]!.version!, /^W\/"/)
    assert.equal('response' in results[4]!, false)
    for (const { response, status } of results.slice(1, 4)) {
      assert.equal(response.status, status)
      assert.equal(typeof response.detail, 'string')
    }
    assert.equal('location' in results[3]!, false, 'a POST that failed has no location')
    assert.equal(results[2]!.location, made.meta.location.replace(made.id, 'nobody'))
  })

  it('R226 row 87 goes on after errors; with failOnErrors it stops and leaves out the rest', async () => {
    const client = await newClient()
    const broken = (bulkId: string) => ({ ...postUser(bulkId, ''), bulkId })
    const operations = (prefix: string) => [
      postUser('1', `${prefix}-1`),
      broken('2'),
      postUser('3', `${prefix}-3`),
      broken('4'),
      postUser('5', `${prefix}-5`),
    ]
    for (const [more, expected] of [
      [{}, ['201', '400', '201', '400', '201']],
      [{ failOnErrors: 0 }, ['201', '400', '201', '400', '201']],
      [{ failOnErrors: 1 }, ['201', '400']],
      [{ failOnErrors: 2 }, ['201', '400', '201', '400']],
      [{ failOnErrors: 3 }, ['201', '400', '201', '400', '201']],
    ] as const) {
      assert.deepEqual(statusesOf(await bulk(client, operations(JSON.stringify(more)), more)), expected)
    }
    assert.equal((await list(client, '/Users')).totalResults, 3 + 3 + 1 + 2 + 3)
    assertScimError(await askBulk(client, operations('x'), { failOnErrors: -1 }), 400, 'invalidValue')
    assertScimError(await askBulk(client, operations('x'), { failOnErrors: '1' }), 400, 'invalidValue')
  })

  it('R227 row 85 more operations or bytes than announced are 413 with the limit, and nothing is done', async () => {
    const client = await newClient()
    const { bulk: announced } = await client.must('GET', '/ServiceProviderConfig')
    const tooMany = await askBulk(
      client,
      numbered('u', announced.maxOperations + 1).map((name) => postUser(name, name)),
    )
    assertScimError(tooMany, 413)
    assert.match(tooMany.body.detail, new RegExp(String(announced.maxOperations)))
    const tooLong = await askBulk(client, [postUser('a', 'ann', { title: 'x'.repeat(announced.maxPayloadSize) })])
    assertScimError(tooLong, 413)
    assert.match(tooLong.body.detail, new RegExp(String(announced.maxPayloadSize)))
    assert.equal((await list(client, '/Users')).totalResults, 0)
  })

  it('R228 version is the If-Match of its operation', async () => {
    const client = await newClient()
    const made = await client.must('POST', '/Users', user('ann'))
    const path = `/Users/${made.id}`
    const { version } = made.meta
    const results = await bulk(client, [
      { method: 'PATCH', path, version: 'W/"other"', data: title('x') },
      { method: 'PATCH', path, version, data: title('One') },
      { method: 'PUT', path, version, data: user('ann', { title: 'Two' }) },
      { method: 'DELETE', path, version },
      { method: 'DELETE', path, version: 'nonsense' },
      { method: 'DELETE', path, version: '*' },
    ])
    assert.deepEqual(statusesOf(results), ['412', '200', '412', '412', '412', '204'])
  })

  it('R229 an operation gives what its single request would give', async () => {
    const client = await newClient()
    const { id } = await client.must('POST', '/Users', user('ann'))
    const crew = await client.must('POST', '/Groups', group('Crew'))
    const table: readonly (readonly [string, string, unknown])[] = [
      ['POST', '/Users', user('ANN')],
      ['POST', '/Users', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'] }],
      ['POST', '/Users', { userName: 'x' }],
      ['POST', '/Groups', group('crew')],
      ['POST', '/Groups', group('New', { members: [{ value: 'nobody' }] })],
      ['PUT', '/Users/nobody', user('x')],
      ['PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'id', value: 'x' })],
      ['PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'shoeSize', value: 1 })],
      ['PATCH', `/Users/${id}`, patchOp({ op: 'remove' })],
      ['PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'emails[type eq "work"].value', value: 'a' })],
      ['PATCH', `/Groups/${crew.id}`, patchOp({ op: 'add', path: 'members', value: [{ value: crew.id }] })],
      ['DELETE', '/Groups/nobody', undefined],
    ]
    for (const [method, path, data] of table) {
      const [result] = await bulk(client, [{ method, path, data, bulkId: 'x' }])
      const single = await client.call(method, path, data)
      assert.equal(result!.status, String(single.status), `${method} ${path}`)
      assert.ok(single.status >= 400)
      assert.deepEqual(result!.response, single.body)
    }
  })

  it('R231 each operation is authorized by itself', async () => {
    const organization = await usher.organization()
    await organization.admin('PUT', '/roles/admin', { privileged: true })
    const client = await organization.scimClient()
    const { id } = await client.must('POST', '/Users', user('ann'))
    const results = await bulk(client, [
      {
        method: 'PATCH',
        path: `/Users/${id}`,
        data: patchOp({ op: 'add', path: 'roles', value: [{ value: 'admin' }] }),
      },
      { method: 'PATCH', path: `/Users/${id}`, data: title('Two') },
    ])
    assert.deepEqual(statusesOf(results), ['403', '200'])
    const { token } = await organization.admin('POST', '/api-keys', { name: 'reader', scopes: ['read'] })
    const body = { schemas: [bulkUrn], Operations: [postUser('a', 'bob')] }
    assertScimError(await usher.call('POST', `/scim/v2/${organization.slug}/Bulk`, { token, body }), 403)
  })

  it('R232 results stand in the order of the request, and each operation is done as a whole or not at all', async () => {
    const client = await newClient()
    const { id } = await client.must('POST', '/Users', user('ann', { title: 'Zero' }))
    const results = await bulk(client, [
      postGroup('g', 'Crew', ['bulkId:b']),
      {
        method: 'PATCH',
        path: `/Users/${id}`,
        data: patchOp({ op: 'replace', path: 'title', value: 'One' }, { op: 'remove', path: 'userName' }),
      },
      postUser('b', 'bob'),
      postGroup('h', 'Other', ['nobody']),
    ])
    assert.deepEqual(
      results.map(({ bulkId, status }) => [bulkId, status]),
      [
        ['g', '201'],
        [undefined, '400'],
        ['b', '201'],
        ['h', '400'],
      ],
    )
    assert.equal((await client.must('GET', `/Users/${id}`)).title, 'Zero')
    assert.equal((await list(client, '/Groups')).totalResults, 1)
  })

  it('R233 without asynchronous requests a bulk that asks for one is answered at once, and says so', async () => {
    const client = await newClient()
    const body = { schemas: [bulkUrn], Operations: [postUser('a', 'ann')] }
    const answer = await client.call('POST', '/Bulk', body, { prefer: 'respond-async, wait=10' })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('preference-applied'), null)
    const { securityEvents } = await client.must('GET', '/ServiceProviderConfig')
    assert.equal(securityEvents?.asyncRequest ?? 'none', 'none')
  })

  it('row 88 the same bulk again gives 409 or the same state, and no further change record', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const { id } = await client.must('POST', '/Users', user('ann'))
    const operations = [
      postUser('b', 'bob'),
      { method: 'PATCH', path: `/Users/${id}`, data: title('One') },
      postGroup('g', 'Crew', [id]),
    ]
    assert.deepEqual(statusesOf(await bulk(client, operations)), ['201', '200', '201'])
    const changes = (await organization.admin('GET', '/changes')).items
    assert.deepEqual(statusesOf(await bulk(client, operations)), ['409', '200', '409'])
    assert.deepEqual((await organization.admin('GET', '/changes')).items, changes)
  })
})
