import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { base, patchUrn, scimService, userUrn } from './service.ts'

const { call, create, newUser } = scimService()

describe('single resources over HTTP', () => {
  it('R61 R45 R46 RFC 7644 section 3.3: POST answers 201 with Location, ETag and the whole resource', async () => {
    const response = await call('post', '/Users', { schemas: [userUrn], userName: 'r61', name: { givenName: 'A' } })
    assert.equal(response.status, 201)
    assert.equal(response.headers['content-type'], 'application/scim+json')
    const { body, headers } = response
    assert.equal(headers.location, `${base}/Users/${body.id}`)
    assert.equal(body.meta.location, headers.location)
    assert.equal(body.meta.version, headers.etag)
    assert.deepEqual(body.name, { givenName: 'A' })
  })

  it('R69 R211 attributes and excludedAttributes narrow the answers of POST, PUT, PATCH and GET', async () => {
    const { body } = await call('post', '/Users?attributes=userName', {
      schemas: [userUrn],
      userName: 'r69',
      title: 'T',
    })
    const id = body.id
    assert.deepEqual(Object.keys(body).sort(), ['id', 'schemas', 'userName'])
    const put = await call('put', `/Users/${id}?attributes=title`, {
      schemas: [userUrn],
      userName: 'r69',
      title: 'U',
    })
    assert.deepEqual(Object.keys(put.body).sort(), ['id', 'schemas', 'title'])
    const replace = { schemas: [patchUrn], Operations: [{ op: 'replace', path: 'title', value: 'V' }] }
    const patch = await call('patch', `/Users/${id}?excludedAttributes=meta,userName`, replace)
    assert.equal(patch.body.title, 'V')
    assert.equal(patch.body.meta, undefined)
    assert.equal((await call('get', `/Users/${id}?excludedAttributes=title,id`)).body.title, undefined)
    assert.equal((await call('get', `/Users/${id}`)).body.title, 'V')
  })

  it('R74 C26 GET answers 200 with ETag and Location, and 404 for ids of any form', async () => {
    const user = await newUser()
    const { status, headers, body } = await call('get', `/Users/${user.id}`)
    assert.deepEqual([status, headers.etag, headers.location], [200, user.meta.version, user.meta.location])
    assert.deepEqual(body, user)
    for (const id of [
      'nobody',
      '..%2f..',
      '%00',
      'a%22b',
      'x%22%20or%20id%20pr',
      '[object%20Object]',
      'x'.repeat(9_000),
    ]) {
      const missing = await call('get', `/Users/${id}`)
      assert.equal(missing.status, 404, id)
      assert.equal(missing.body.status, '404')
    }
    assert.equal((await call('get', `/Groups/${user.id}`)).status, 404)
    assert.equal((await call('get', `/Users/${user.id}`, undefined, { organization: 'other' })).status, 404)
  })

  it('R79 HEAD is GET without the body', async () => {
    const user = await newUser()
    const head = await call('head', `/Users/${user.id}`)
    assert.deepEqual([head.status, head.headers.etag, head.text], [200, user.meta.version, undefined])
  })

  it('R236 If-None-Match with the present version answers 304 without a body', async () => {
    const user = await newUser()
    const same = await call('get', `/Users/${user.id}`, undefined, {
      headers: { 'If-None-Match': user.meta.version },
    })
    assert.deepEqual([same.status, same.headers.etag, same.text], [304, user.meta.version, ''])
    const other = await call('get', `/Users/${user.id}`, undefined, { headers: { 'If-None-Match': 'W/"x"' } })
    assert.equal(other.status, 200)
  })

  it('R81 PUT on an unknown id is 404 and creates nothing', async () => {
    const id = '01900000-0000-7000-8000-000000000000'
    assert.equal((await call('put', `/Users/${id}`, { schemas: [userUrn], userName: 'r81' })).status, 404)
    assert.equal((await call('get', '/Users?filter=userName%20eq%20%22r81%22')).body.totalResults, 0)
  })

  it('R90 PUT of what GET answered changes nothing', async () => {
    const user = await newUser({ emails: [{ value: 'a@b.example', type: 'work', primary: true }] })
    const put = await call('put', `/Users/${user.id}`, user)
    assert.equal(put.status, 200)
    assert.deepEqual(put.body, user)
  })

  it('R237 C73 a stale or unreadable If-Match is 412 and changes nothing; the present one and * are not', async () => {
    const user = await newUser()
    const put = (match: string, title: string) =>
      call('put', `/Users/${user.id}`, { ...user, title }, { headers: { 'If-Match': match } })
    for (const stale of ['W/"stale"', 'garbage', '"']) {
      const response = await put(stale, 'No')
      assert.equal(response.status, 412, stale)
      assert.equal(response.body.status, '412')
    }
    assert.equal((await call('get', `/Users/${user.id}`)).body.title, undefined)
    assert.equal((await put(user.meta.version, 'Yes')).status, 200)
    assert.equal((await put('*', 'Still')).status, 200)
    const remove = await call('delete', `/Users/${user.id}`, undefined, {
      headers: { 'If-Match': user.meta.version },
    })
    assert.equal(remove.status, 412)
  })

  it('R149 R152 DELETE answers 204 without a body, then 404', async () => {
    const user = await newUser()
    const first = await call('delete', `/Users/${user.id}`)
    assert.deepEqual([first.status, first.text, first.headers['content-type']], [204, '', undefined])
    for (const method of ['get', 'delete'] as const) assert.equal((await call(method, `/Users/${user.id}`)).status, 404)
  })

  it('R95 C4 PATCH answers 200 in rfc, and 204 with an ETag in entra unless attributes are asked for', async () => {
    const user = await newUser()
    const title = (value: string) => ({ schemas: [patchUrn], Operations: [{ op: 'Replace', path: 'title', value }] })
    assert.equal((await call('patch', `/Users/${user.id}`, title('a'))).status, 200)
    const empty = await call('patch', `/Users/${user.id}`, title('b'), { dialect: 'entra' })
    assert.deepEqual([empty.status, empty.text], [204, ''])
    const now = await call('get', `/Users/${user.id}`)
    assert.deepEqual([now.body.title, now.headers.etag], ['b', empty.headers.etag])
    const asked = await call('patch', `/Users/${user.id}?attributes=title`, title('c'), { dialect: 'entra' })
    assert.deepEqual([asked.status, asked.body.title], [200, 'c'])
  })

  it('R29 R64 a taken userName is 409 uniqueness', async () => {
    await create('Users', { userName: 'r64' })
    const { status, body } = await call('post', '/Users', { schemas: [userUrn], userName: 'R64' })
    assert.deepEqual([status, body.scimType, body.status], [409, 'uniqueness', '409'])
  })
})
