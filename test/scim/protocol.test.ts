import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { scimProtocol } from './protocol.ts'

const { get, post, send, assertError } = scimProtocol()

describe('R27 R39 credentials', () => {
  it('row 1 without them everything but discovery is 401, whether or not the organization exists', async () => {
    for (const path of ['/acme/Users', '/nobody/Users', '/acme/Me', '/acme', '/nobody', '/acme/Nothing', '/']) {
      const response = await get(path)
      assertError(response, 401)
      assert.equal(response.headers['www-authenticate'], 'Bearer realm="usher"')
    }
  })

  it('row 4 in the URL they do not count', async () => {
    assertError(await get('/acme/Users?access_token=rfc'), 401)
  })

  it('rows 2 3 that are not valid are 401', async () => {
    const response = await get('/acme/Users', 'unknown')
    assertError(response, 401)
    assert.match(String(response.headers['www-authenticate']), /^Bearer .*error="invalid_token"/)
  })

  it('row 5 of another organization get the same answer as an organization that does not exist', async () => {
    const foreign = await get('/acme/Users', 'foreign')
    const unknown = await get('/nobody/Users', 'rfc')
    assertError(foreign, 404)
    assert.deepEqual(foreign.body, unknown.body)
    assert.deepEqual(foreign.body, (await get('/nobody/Users', 'operator')).body)
  })

  it('are checked before the body is read', async () => {
    assertError(await post('/acme/Users', 'unknown', '{'), 401)
    assertError(await post('/acme/Users', 'foreign', '{'), 404)
    assertError(await post('/acme/Users', 'reader', '{'), 403)
  })

  it('row 7 a key with the scope read may only read, and one without read or admin nothing', async () => {
    for (const path of ['/acme/Users', '/acme/Bulk']) assertError(await post(path, 'reader'), 403)
    assertError(await send('delete', '/acme/Users/1', 'reader'), 403)
    assertError(await get('/acme/Users', 'loginsOnly'), 403)
    assert.equal((await get('/acme/Roles', 'reader')).status, 200)
  })
})

describe('R20–R35 transport', () => {
  it('row 19 R30 an unknown route is 404', async () => {
    for (const path of [
      '/acme/Nothing',
      '/acme/Users/1/2',
      '/acme//Users',
      '/acme/Bulk/1',
      '/acme/%zz',
      '/acme/Schemas/a/b',
    ]) {
      assertError(await get(path, 'rfc'), 404)
    }
  })

  it('row 19 R70 R152 a wrong method is 405 with Allow', async () => {
    const cases: readonly [Parameters<typeof send>[0], string, string][] = [
      ['post', '/acme/Users/1', 'HEAD, GET, PUT, PATCH, DELETE'],
      ['delete', '/acme/Users', 'HEAD, GET, POST'],
      ['put', '/acme/Groups', 'HEAD, GET, POST'],
      ['get', '/acme/Users/.search', 'POST'],
      ['get', '/acme/.search', 'POST'],
      ['get', '/acme/Bulk', 'POST'],
      ['post', '/acme/Roles', 'HEAD, GET'],
      ['delete', '/acme/Entitlements/x', 'HEAD, GET'],
      ['options', '/acme/Users', 'HEAD, GET, POST'],
    ]
    for (const [method, path, allow] of cases) {
      const response = await send(method, path, 'rfc')
      assertError(response, 405)
      assert.equal(response.headers.allow, allow, `${method} ${path}`)
    }
  })

  it('row 20 R22 what cannot be produced is 406', async () => {
    assertError(await get('/acme/Schemas').set('Accept', 'application/xml'), 406)
    assertError(await get('/acme/Roles', 'rfc').set('Accept', 'text/html'), 406)
  })

  it('C7 R22 answers application/json where it is accepted, or where the dialect has it so', async () => {
    const json = await get('/acme/Roles', 'rfc').set('Accept', 'application/json')
    assert.equal(json.headers['content-type'], 'application/json')
    assert.equal((await get('/acme/Roles', 'onelogin')).headers['content-type'], 'application/json')
    const scim = await get('/acme/Roles', 'entra').set('Accept', 'application/json')
    assert.equal(scim.headers['content-type'], 'application/scim+json')
  })

  it('R24 rows 13 15 bodies that cannot be read are refused with a SCIM error', async () => {
    assertError(await post('/acme/Users', 'rfc', '{'), 400, 'invalidSyntax')
    assertError(await post('/acme/Groups', 'rfc', '[]'), 400, 'invalidSyntax')
    assertError(await post('/acme/Users', 'rfc', ''), 400, 'invalidSyntax')
    assertError(await post('/acme/Users', 'rfc', '{}').set('Content-Type', 'text/plain'), 415)
    assertError(await post('/acme/Users', 'rfc', `{"a":"${'x'.repeat(1_200_000)}"}`), 413)
  })

  it('row 23 a repeated parameter is 400 invalidValue', async () => {
    assertError(await get('/acme/Users?count=1&count=2', 'rfc'), 400, 'invalidValue')
  })

  it('B45 a startIndex that is no number is 400 invalidValue', async () => {
    assertError(await get('/acme/Users?startIndex=1e309', 'rfc'), 400, 'invalidValue')
    assertError(await get('/acme/Groups?count=abc', 'rfc'), 400, 'invalidValue')
  })

  it('R175 B29 an empty or broken filter is 400 invalidFilter', async () => {
    for (const filter of ['', 'userName%20eq', 'userName%20eq%20%22x%22%20or%20%221%22=%221%22']) {
      assertError(await get(`/acme/Users?filter=${filter}`, 'rfc'), 400, 'invalidFilter')
    }
  })

  it('B42 R190 an attribute that cannot be sorted by is 400 invalidValue', async () => {
    for (const name of ['password', '_id', '$x', 'name']) {
      assertError(await get(`/acme/Users?sortBy=${name}`, 'rfc'), 400, 'invalidValue')
    }
  })

  it('R201 a made up cursor is 400 invalidCursor', async () => {
    assertError(await get('/acme/Users?cursor=abc', 'rfc'), 400, 'invalidCursor')
    assertError(await get('/acme?filter=id%20pr&cursor=0-abc', 'rfc'), 400, 'invalidCursor')
  })

  it('R238 an If-Match that cannot be read is 412', async () => {
    assertError(await send('delete', '/acme/Users/1', 'rfc').set('If-Match', 'garbage'), 412)
  })

  it('row 28 gives no CORS headers', async () => {
    const { headers } = await get('/acme/Schemas').set('Origin', 'https://evil.example')
    assert.equal(headers['access-control-allow-origin'], undefined)
  })
})

it('R242 R245 /Me is 501 for every method', async () => {
  assertError(await get('/acme/Me', 'rfc'), 501)
  assertError(await post('/acme/Me', 'rfc', {}), 501)
})

it('R78 a query at the root without a filter is 400 tooMany', async () => {
  assertError(await get('/acme', 'rfc'), 400, 'tooMany')
  const searchRequest = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] }
  assertError(await post('/acme/.search', 'rfc', searchRequest), 400, 'tooMany')
})
