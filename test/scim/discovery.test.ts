import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { scimProtocol } from './protocol.ts'

const { get, post, assertError } = scimProtocol()

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
      ['oauthbearertoken', 'oauth2'],
    )
    assert.deepEqual(body.pagination, {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: 100,
      maxPageSize: 1_000,
      cursorTimeout: 600,
    })
    // Strict clients refuse what RFC 7643 does not name; absent says that there are no events.
    assert.equal(body.securityEvents, undefined)
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
    assert.deepEqual([first.Resources[0].id, second.Resources[0].id, second.nextCursor], ['admin', 'member', undefined])
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
