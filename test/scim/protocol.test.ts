import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { after, before, describe, it } from 'node:test'
import express from 'express'
import request from 'supertest'
import type { Directory } from '../../src/directory/types.ts'
import { createLogger } from '../../src/http/log.ts'
import type { Authenticated, Organizations } from '../../src/organizations/types.ts'
import { builtInDocuments, readDocuments } from '../../src/schema/documents.ts'
import { createRegistry } from '../../src/schema/registry.ts'
import type { DialectName } from '../../src/scim/dialects.ts'
import { createScimRouter } from '../../src/scim/router.ts'

/** None of the requests below gets as far as the directory. */
const unreachable = new Proxy({} as Directory, {
  get: (_target, name) => assert.fail(`the directory was asked to ${String(name)}`),
})

function scimClient(organization: string, dialect: DialectName): Authenticated {
  const grants = { onExisting: 'conflict', allowPrivileged: false } as const
  return { principal: { kind: 'scim', id: `c-${dialect}`, name: 'c', organization, ...grants }, dialect }
}

const credentials: Readonly<Record<string, Authenticated>> = {
  rfc: scimClient('1', 'rfc'),
  entra: scimClient('1', 'entra'),
  onelogin: scimClient('1', 'onelogin'),
  strict: scimClient('1', 'interop-strict'),
  foreign: scimClient('2', 'rfc'),
  reader: { principal: { kind: 'key', id: 'k', name: 'k', organization: '1', scopes: ['read'] }, dialect: 'rfc' },
  loginsOnly: { principal: { kind: 'key', id: 'l', name: 'l', organization: '1', scopes: ['logins'] }, dialect: 'rfc' },
  operator: { principal: { kind: 'operator' }, dialect: 'rfc' },
}

const ref = { displayName: 'Acme', defaultRole: null, seatLimit: null, returnUrls: [] }
const organizations = {
  authenticate: async (token) => credentials[token] ?? null,
  bySlug: async (slug) => (slug === 'acme' ? { ...ref, id: '1', slug } : null),
  roles: async () => [
    { name: 'member', displayName: 'Member', privileged: false, groups: [] },
    { name: 'admin', displayName: 'Administrator', privileged: true, groups: [] },
  ],
} as Partial<Organizations> as Organizations

const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error'

describe('SCIM over HTTP', () => {
  let server: Server

  before(async () => {
    const app = express()
    app.set('etag', false)
    app.use(
      '/scim/v2',
      createScimRouter({
        directory: unreachable,
        organizations,
        registry: createRegistry(readDocuments([builtInDocuments])),
        publicUrl: 'https://usher.example',
        cursorKeys: [randomBytes(32)],
        log: createLogger('silent'),
        now: () => new Date('2026-03-01T12:00:00Z'),
      }),
    )
    server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  after(() => server.close())

  const get = (path: string, token?: string) => {
    const call = request(server).get(`/scim/v2${path}`)
    return token === undefined ? call : call.set('Authorization', `Bearer ${token}`)
  }
  const post = (path: string, token: string, body: string | object = {}) =>
    request(server)
      .post(`/scim/v2${path}`)
      .set('Authorization', `Bearer ${token}`)
      .set('Content-Type', 'application/scim+json')
      .send(typeof body === 'string' ? body : JSON.stringify(body))

  function assertError(response: request.Response, status: number, scimType?: string): void {
    assert.equal(response.status, status, JSON.stringify(response.body))
    assert.equal(response.headers['content-type'], 'application/scim+json')
    const { detail, ...rest } = response.body as Record<string, unknown>
    assert.equal(typeof detail, 'string')
    assert.deepEqual(rest, { schemas: [errorUrn], status: String(status), ...(scimType ? { scimType } : {}) })
  }

  describe('R1–R18 discovery (RFC 7644 section 4)', () => {
    it('R1–R7 ServiceProviderConfig is one object, readable by everybody, that tells what is supported', async () => {
      const { status, headers, body } = await get('/acme/ServiceProviderConfig')
      assert.equal(status, 200)
      assert.equal(headers['content-type'], 'application/scim+json')
      assert.deepEqual(body.schemas, ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'])
      assert.deepEqual(body.bulk, { supported: true, maxOperations: 1_000, maxPayloadSize: 1_048_576 })
      assert.deepEqual(body.filter, { supported: true, maxResults: 1_000 })
      assert.deepEqual(
        ['patch', 'changePassword', 'sort', 'etag'].map((name) => body[name].supported),
        [true, false, true, true],
      )
      assert.deepEqual(
        body.authenticationSchemes.map((scheme: { type: string }) => scheme.type),
        ['oauthbearertoken'],
      )
      assert.deepEqual(body.pagination, {
        cursor: true,
        index: true,
        defaultPaginationMethod: 'index',
        defaultPageSize: 100,
        maxPageSize: 1_000,
        cursorTimeout: 600,
      })
      assert.deepEqual(body.securityEvents, { asyncRequest: 'none', eventUris: [] })
      assert.equal(body.meta.location, 'https://usher.example/scim/v2/acme/ServiceProviderConfig')
      assert.equal(body.meta.resourceType, 'ServiceProviderConfig')
    })

    it('R8–R13 resource types name schemas that exist', async () => {
      const types = (await get('/acme/ResourceTypes')).body
      const schemas = (await get('/acme/Schemas')).body
      assert.equal(types.totalResults, types.Resources.length)
      const known = new Set(schemas.Resources.map((schema: { id: string }) => schema.id))
      for (const type of types.Resources) {
        assert.equal(type.id, type.name)
        assert.equal(type.meta.location, `https://usher.example/scim/v2/acme/ResourceTypes/${type.name}`)
        for (const urn of [type.schema, ...type.schemaExtensions.map((entry: { schema: string }) => entry.schema)]) {
          assert.ok(known.has(urn), urn)
        }
      }
      assert.ok(known.has('urn:usher:scim:schemas:provisioning:1.0:User'))
      assert.ok([...known].every((urn) => !String(urn).includes(':api:messages:')))
    })

    it('R8 R10 single entries are found, schemas whatever the case of the URN, unknown ones are 404', async () => {
      assert.equal((await get('/acme/ResourceTypes/User')).body.endpoint, '/Users')
      const urn = 'urn:ietf:params:scim:schemas:core:2.0:User'
      assert.equal((await get(`/acme/Schemas/${urn.toUpperCase()}`)).body.id, urn)
      assertError(await get('/acme/Schemas/urn:x'), 404)
      assertError(await get('/acme/ResourceTypes/Nobody'), 404)
    })

    it('R4 R39 answers the same for every slug, apart from the locations', async () => {
      for (const path of ['/ServiceProviderConfig', '/ResourceTypes', '/Schemas']) {
        const one = (await get(`/acme${path}`)).body
        const other = (await get(`/nobody${path}`)).body
        assert.equal(JSON.stringify(one), JSON.stringify(other).replaceAll('/scim/v2/nobody/', '/scim/v2/acme/'))
      }
    })

    it('R14 C10 a filter on /Schemas and /ResourceTypes is 403, or ignored for clients whose dialect says so', async () => {
      for (const path of ['/acme/Schemas', '/acme/ResourceTypes']) {
        assertError(await get(`${path}?filter=id%20pr`), 403)
        assertError(await get(`${path}?filter=id%20pr`, 'rfc'), 403)
        assert.equal((await get(`${path}?filter=id%20pr`, 'entra')).status, 200)
        assert.equal((await get(`${path}?sortBy=id&startIndex=999&count=0`)).body.startIndex, 1)
      }
    })

    it('R15 ServiceProviderConfig ignores every parameter', async () => {
      const { status, body } = await get('/acme/ServiceProviderConfig?filter=x&sortBy=id&startIndex=999')
      assert.equal(status, 200)
      assert.deepEqual(body, (await get('/acme/ServiceProviderConfig')).body)
    })

    it('R16 cannot be written: 405 with Allow', async () => {
      for (const path of ['/acme/Schemas', '/acme/ResourceTypes/User', '/acme/ServiceProviderConfig']) {
        const response = await post(path, 'rfc')
        assertError(response, 405)
        assert.equal(response.headers.allow, 'HEAD, GET')
      }
    })

    it('R18 has an ETag and answers 304', async () => {
      const first = await get('/acme/Schemas')
      const again = await get('/acme/Schemas').set('If-None-Match', String(first.headers.etag))
      assert.equal(again.status, 304)
      assert.equal(again.headers.etag, first.headers.etag)
      assert.ok(!again.text)
    })

    it('R19 also with a trailing slash, a trailing question mark and in another case', async () => {
      for (const path of ['/acme/Schemas/', '/acme/Schemas?', '/acme/schemas', '/acme/SCHEMAS/?&']) {
        assert.equal((await get(path)).status, 200, path)
      }
    })

    it('C16 names of routes in another case are 404 in interop-strict', async () => {
      assertError(await get('/acme/schemas', 'strict'), 404)
      assertError(await get('/acme/users', 'strict'), 404)
    })
  })

  describe('R27 R39 credentials', () => {
    it('A1 without them everything but discovery is 401, whether or not the organization exists', async () => {
      for (const path of ['/acme/Users', '/nobody/Users', '/acme/Me', '/acme', '/nobody', '/acme/Nothing', '/']) {
        const response = await get(path)
        assertError(response, 401)
        assert.equal(response.headers['www-authenticate'], 'Bearer realm="usher"')
      }
    })

    it('A4 in the URL they do not count', async () => {
      assertError(await get('/acme/Users?access_token=rfc'), 401)
    })

    it('A2 A3 that are not valid are 401', async () => {
      const response = await get('/acme/Users', 'unknown')
      assertError(response, 401)
      assert.match(String(response.headers['www-authenticate']), /^Bearer .*error="invalid_token"/)
    })

    it('A5 of another organization get the same answer as an organization that does not exist', async () => {
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

    it('A7 a key with the scope read may only read, and one without read or admin nothing', async () => {
      for (const path of ['/acme/Users', '/acme/Bulk']) assertError(await post(path, 'reader'), 403)
      assertError(await request(server).delete('/scim/v2/acme/Users/1').set('Authorization', 'Bearer reader'), 403)
      assertError(await get('/acme/Users', 'loginsOnly'), 403)
      assert.equal((await get('/acme/Roles', 'reader')).status, 200)
    })
  })

  describe('R20–R35 transport', () => {
    it('A19 R30 an unknown route is 404', async () => {
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

    it('A19 R70 R152 a wrong method is 405 with Allow', async () => {
      const cases: readonly [string, string, string][] = [
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
        const call = request(server)[method as 'get'](`/scim/v2${path}`).set('Authorization', 'Bearer rfc')
        const response = await call
        assertError(response, 405)
        assert.equal(response.headers.allow, allow, `${method} ${path}`)
      }
    })

    it('A20 R22 what cannot be produced is 406', async () => {
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

    it('R24 A13 A15 bodies that cannot be read are refused with a SCIM error', async () => {
      assertError(await post('/acme/Users', 'rfc', '{'), 400, 'invalidSyntax')
      assertError(await post('/acme/Groups', 'rfc', '[]'), 400, 'invalidSyntax')
      assertError(await post('/acme/Users', 'rfc', ''), 400, 'invalidSyntax')
      assertError(await post('/acme/Users', 'rfc', '{}').set('Content-Type', 'text/plain'), 415)
      assertError(await post('/acme/Users', 'rfc', `{"a":"${'x'.repeat(1_200_000)}"}`), 413)
    })

    it('A23 a repeated parameter is 400 invalidValue', async () => {
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
      const call = request(server).delete('/scim/v2/acme/Users/1').set('Authorization', 'Bearer rfc')
      assertError(await call.set('If-Match', 'garbage'), 412)
    })

    it('A28 gives no CORS headers', async () => {
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

  describe('roles and entitlements (draft-ietf-scim-roles-entitlements)', () => {
    it('list the roles of the organization, in the form of the draft and in that of Okta', async () => {
      const { body } = await get('/acme/Roles', 'rfc')
      assert.equal(body.totalResults, 2)
      const [admin] = body.Resources
      assert.equal(admin.id, 'admin')
      assert.equal(admin.value, 'admin')
      assert.equal(admin.display, 'Administrator')
      assert.equal(admin.displayName, 'Administrator')
      assert.equal(admin.meta.location, 'https://usher.example/scim/v2/acme/Roles/admin')
      assert.equal((await get('/acme/Entitlements', 'rfc')).body.totalResults, 0)
    })

    it('are filtered, sorted, paged and projected like other resources', async () => {
      const values = async (query: string) =>
        (await get(`/acme/Roles?${query}`, 'rfc')).body.Resources.map((role: { id: string }) => role.id)
      assert.deepEqual(await values('filter=value%20eq%20%22member%22'), ['member'])
      assert.deepEqual(await values('sortBy=display&sortOrder=descending'), ['member', 'admin'])
      assert.deepEqual(await values('startIndex=2&count=1'), ['member'])
      const first = (await get('/acme/Roles?cursor&count=1', 'rfc')).body
      assert.equal(first.startIndex, undefined)
      const second = (await get(`/acme/Roles?cursor=${first.nextCursor}&count=1`, 'rfc')).body
      assert.deepEqual(
        [first.Resources[0].id, second.Resources[0].id, second.nextCursor],
        ['admin', 'member', undefined],
      )
      assert.deepEqual((await get('/acme/Roles/admin?attributes=display', 'rfc')).body, {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Role'],
        id: 'admin',
        display: 'Administrator',
      })
    })

    it('have a version', async () => {
      const { headers, body } = await get('/acme/Roles/admin', 'rfc')
      assert.equal(headers.etag, body.meta.version)
      assert.equal((await get('/acme/Roles/admin', 'rfc').set('If-None-Match', String(headers.etag))).status, 304)
      assertError(await get('/acme/Roles/nobody', 'rfc'), 404)
    })
  })
})
