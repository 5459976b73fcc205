import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { type Answer, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const other = await startUsher({}, usher.home)
const bulkUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const accepting = { switches: { asyncRequests: 'accept' } }
const later = { prefer: 'respond-async' }

/** What stands at the `Location` of a 202, when it is there. */
async function resultOf(client: ScimClient, accepted: Answer): Promise<Answer> {
  assert.equal(accepted.status, 202, accepted.text)
  const path = pathOf(accepted)
  for (;;) {
    const answer = await client.call('GET', path)
    if (answer.status !== 202) return answer
    assert.equal(answer.text, '')
    assert.equal(answer.headers.get('retry-after'), '1')
  }
}

const pathOf = (accepted: Answer) =>
  new URL(accepted.headers.get('location') ?? '').pathname.replace(/^\/scim\/v2\/[^/]+/, '')

describe('asynchronous requests (RFC 9967 section 2.5.1)', () => {
  it('R284 a POST is answered 202 without body, and its result says where the resource is', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient(accepting)
    const accepted = await client.call('POST', '/Users', user('ann'), later)
    assert.equal(accepted.text, '')
    assert.equal(accepted.headers.get('content-type'), null)
    assert.equal(accepted.headers.get('preference-applied'), 'respond-async')
    const txn = accepted.headers.get('set-txn')
    assert.equal(accepted.headers.get('location'), `${usher.url}/scim/v2/${organization.slug}/AsyncResults/${txn}`)

    const result = await resultOf(client, accepted)
    assert.equal(result.status, 200)
    assert.equal(result.headers.get('content-type'), 'application/scim+json')
    const { method, status, location, version, ...rest } = result.body
    assert.deepEqual([method, status, rest], ['POST', '201', {}])
    const [id] = location.split('/').slice(-1)
    const ann = await client.must('GET', `/Users/${id}`)
    assert.deepEqual([ann.meta.location, ann.meta.version, ann.userName], [location, version, 'ann'])
  })

  it('R284 R233 PUT, PATCH and DELETE as well, with the outcome that the usual answer has', async () => {
    const client = await (await usher.organization()).scimClient(accepting)
    const { id } = await client.must('POST', '/Users', user('ann'))
    const path = `/Users/${id}`
    const put = await resultOf(client, await client.call('PUT', path, user('ann', { title: 'One' }), later))
    const read = await client.must('GET', path)
    assert.equal(read.title, 'One')
    const { location, version } = read.meta
    assert.deepEqual(put.body, { method: 'PUT', location, version, status: '200' })
    const stale = await resultOf(
      client,
      await client.call('DELETE', path, undefined, { ...later, 'if-match': 'W/"7"' }),
    )
    assert.equal(stale.body.status, '412')
    assert.deepEqual(stale.body.response.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error'])
    const gone = await resultOf(client, await client.call('DELETE', path, undefined, later))
    assert.deepEqual(gone.body, { method: 'DELETE', location, status: '204' })
    assert.equal((await client.call('GET', path)).status, 404)
  })

  it('R284 a refusal is part of the result', async () => {
    const client = await (await usher.organization()).scimClient(accepting)
    await client.must('POST', '/Users', user('ann'))
    const { body } = await resultOf(client, await client.call('POST', '/Users', user('ANN'), later))
    assert.equal(body.status, '409')
    assert.equal(body.response.scimType, 'uniqueness')
    assert.equal('location' in body, false)
  })

  it('R233 R284 a bulk has one result for each operation, at its index', async () => {
    const client = await (await usher.organization()).scimClient(accepting)
    const operations = ['ann', 'bob', 'ann'].map((name, index) => ({
      method: 'POST',
      path: '/Users',
      bulkId: `b${index}`,
      data: user(name),
    }))
    const accepted = await client.call('POST', '/Bulk', { schemas: [bulkUrn], Operations: operations }, later)
    const { body } = await resultOf(client, accepted)
    assert.deepEqual(body.schemas, ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'])
    assert.deepEqual(
      body.Operations.map(({ status }: { status: string }) => status),
      ['201', '201', '409'],
    )
    for (const [index, operation] of body.Operations.entries()) {
      assert.deepEqual(await client.must('GET', `${pathOf(accepted)}:${index}`), operation)
    }
    for (const index of ['3', '-1', 'x', '']) {
      assert.equal((await client.call('GET', `${pathOf(accepted)}:${index}`)).status, 404, index)
    }
    const broken = await resultOf(client, await client.call('POST', '/Bulk', { schemas: [bulkUrn] }, later))
    assert.deepEqual([broken.body.method, broken.body.status], ['POST', '400'])
  })

  it('R284 with wait the answer is the usual one when it is there in time', async () => {
    const client = await (await usher.organization()).scimClient(accepting)
    const answer = await client.call('POST', '/Users', user('ann'), { prefer: 'respond-async, wait=30' })
    assert.equal(answer.status, 201)
    assert.equal(answer.body.userName, 'ann')
    assert.equal(answer.headers.get('preference-applied'), null)
  })

  it('R284 what cannot be accepted is refused at once', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient(accepting)
    assert.equal((await client.call('POST', '/Users', '{"userName":', later)).body.scimType, 'invalidSyntax')
    assert.equal((await client.call('POST', '/Nothing', user('ann'), later)).status, 404)
    assert.equal((await client.call('DELETE', '/Users', undefined, later)).status, 405)
    const anonymous = await usher.call('POST', `/scim/v2/${organization.slug}/Users`, { headers: later, body: {} })
    assert.equal(anonymous.status, 401)
    // What changes nothing is answered as ever.
    assert.equal((await client.call('GET', '/Users', undefined, later)).status, 200)
    const search = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] }
    assert.equal((await client.call('POST', '/Users/.search', search, later)).status, 200)
  })

  it('R284 R277 a result is for whoever asked, with any token, in any process', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient(accepting)
    const accepted = await client.call('POST', '/Users', user('ann'), later)
    const { body } = await resultOf(client, accepted)
    const path = `/scim/v2/${organization.slug}${pathOf(accepted)}`
    assert.equal((await usher.call('GET', path)).status, 401)
    const stranger = await organization.scimClient(accepting)
    assert.equal((await stranger.call('GET', pathOf(accepted))).status, 404)
    const foreigner = await (await usher.organization()).scimClient(accepting)
    assert.equal((await usher.call('GET', path, { token: foreigner.token })).status, 404)
    assert.equal((await client.call('DELETE', pathOf(accepted))).status, 405)
    const { token } = await organization.admin('POST', `/scim-clients/${client.id}/tokens`)
    assert.deepEqual((await other.call('GET', path, { token })).body, body)
  })

  it('R284 a result that will not come any more is said to be unknown, and none is kept for more than a day', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient(accepting)
    const { id: org } = await organization.admin('GET', '')
    const txn = randomUUID()
    // What a process leaves that dies after the 202.
    await usher.app.organizations.acceptAsync(
      { id: org, slug: organization.slug, displayName: '', defaultRole: null, seatLimit: null },
      { id: txn, source: `scim:${client.id}`, method: 'PATCH' },
      new Date(),
    )
    const ask = () => client.call('GET', `/AsyncResults/${txn}`)
    assert.equal((await ask()).status, 202)
    try {
      usher.clock.offset = 16 * 60_000
      const { body } = await ask()
      assert.deepEqual([body.method, body.status, body.response.status], ['PATCH', '500', '500'])
      usher.clock.offset = 25 * 3_600_000
      assert.equal((await ask()).status, 404)
    } finally {
      usher.clock.offset = 0
    }
  })

  it('R7 R17 are announced to the clients that have them, and to nobody else', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient(accepting)
    const { securityEvents } = await client.must('GET', '/ServiceProviderConfig')
    assert.deepEqual(securityEvents, { asyncRequest: 'long', eventUris: [] })
    const usual = await organization.scimClient()
    assert.equal((await usual.must('GET', '/ServiceProviderConfig')).securityEvents, undefined)
    const path = `/scim/v2/${organization.slug}/ServiceProviderConfig`
    assert.equal((await usher.call('GET', path)).body.securityEvents, undefined)
    assert.equal((await usual.call('POST', '/Users', user('ann'), later)).status, 201)
  })
})
