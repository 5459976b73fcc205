import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Attribute, checkDescribed, describedPaths, fullUser, reach } from './described.ts'
import { requestToken } from './oauth-client.ts'
import { assertScimError } from './scim-error.ts'
import { group, startUsher, user } from './usher.ts'

const usher = await startUsher()

const listUrn = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const provisioningUrn = 'urn:usher:scim:schemas:provisioning:1.0:User'
const documents = ['/ServiceProviderConfig', '/ResourceTypes', '/Schemas'] as const

/** RFC 7644 section 4. */
describe('discovery', () => {
  const get = async (path: string, slug = 'nobody') => (await usher.call('GET', `/scim/v2/${slug}${path}`)).body
  it('R1 the service provider configuration is one object, no list', async () => {
    const config = await get('/ServiceProviderConfig')
    assert.deepEqual(config.schemas, ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'])
    assert.equal(config.Resources, undefined)
  })

  it('R2 the configuration names every feature with all of its limits, supported or not', async () => {
    const config = await get('/ServiceProviderConfig')
    for (const name of ['patch', 'bulk', 'filter', 'changePassword', 'sort', 'etag']) {
      assert.equal(typeof config[name].supported, 'boolean', name)
    }
    for (const limit of [config.bulk.maxOperations, config.bulk.maxPayloadSize, config.filter.maxResults]) {
      assert.ok(Number.isInteger(limit) && limit > 0)
    }
    assert.ok(config.authenticationSchemes.length > 0)
    for (const scheme of config.authenticationSchemes) {
      for (const member of ['type', 'name', 'description']) assert.equal(typeof scheme[member], 'string', member)
    }
  })

  it('R3 only the ways to authenticate that can be used are advertised, the bearer token among them', async () => {
    const { authenticationSchemes } = await get('/ServiceProviderConfig')
    const types = authenticationSchemes.map(({ type }: { type: string }) => type)
    assert.deepEqual(types.toSorted(), ['oauth2', 'oauthbearertoken'])
    const organization = await usher.organization()
    const { id, token } = await organization.scimClient()
    const form = { grant_type: 'client_credentials', client_id: id, client_secret: token }
    const { access_token: access } = (await requestToken(usher, organization.slug, form)).body
    for (const credential of [token, access]) {
      assert.equal((await usher.call('GET', `/scim/v2/${organization.slug}/Users`, { token: credential })).status, 200)
    }
  })

  it('R4 row 1 discovery needs no credentials, ignores bad ones, and answers the same for every slug', async () => {
    const { slug } = await usher.organization({ displayName: 'Contoso of Ghent' })
    for (const path of [...documents, `/Schemas/${userUrn}`, '/ResourceTypes/User']) {
      const known = await usher.call('GET', `/scim/v2/${slug}${path}`)
      const unknown = await usher.call('GET', `/scim/v2/nobody${path}`)
      const withBadToken = await usher.call('GET', `/scim/v2/nobody${path}`, { token: 'usher_scim_made-up' })
      assert.equal(known.status, 200, path)
      assert.equal(known.text.replaceAll(slug, 'nobody'), unknown.text)
      assert.equal(withBadToken.text, unknown.text)
      assert.doesNotMatch(known.text, /Contoso/)
    }
  })

  it('R5 R34 the configuration has its own location', async () => {
    const { meta } = await get('/ServiceProviderConfig')
    assert.equal(meta.resourceType, 'ServiceProviderConfig')
    assert.equal(meta.location, `${usher.url}/scim/v2/nobody/ServiceProviderConfig`)
    assert.equal((await fetch(meta.location)).status, 200)
  })

  it('R6 the pagination that is advertised is the one that is done (RFC 9865 section 4)', async () => {
    const { pagination } = await get('/ServiceProviderConfig')
    const scim = await (await usher.organization()).scimClient()
    for (const name of ['a', 'b', 'c']) await scim.must('POST', '/Users', user(name))
    assert.equal(pagination.index, true)
    assert.equal(pagination.cursor, true)
    assert.equal(pagination.defaultPaginationMethod, 'index')
    assert.ok(pagination.defaultPageSize <= pagination.maxPageSize)
    assert.ok(pagination.cursorTimeout > 0)
    const plain = await scim.must('GET', '/Users?count=2')
    assert.equal(plain.startIndex, 1)
    assert.equal(plain.nextCursor, undefined)
    const first = await scim.must('GET', '/Users?cursor=&count=2')
    const second = await scim.must('GET', `/Users?cursor=${encodeURIComponent(first.nextCursor)}`)
    assert.equal(first.Resources.length + second.Resources.length, 3)
  })

  it('R7 security events are said to be off (RFC 9967)', async () => {
    const { securityEvents } = await get('/ServiceProviderConfig')
    assert.equal(securityEvents, undefined)
  })

  it('R8 R9 resource types are a list, each of them one object, and an unknown one is 404', async () => {
    const list = await get('/ResourceTypes')
    assert.deepEqual(list.schemas, [listUrn])
    assert.equal(list.totalResults, list.Resources.length)
    const names = list.Resources.map(({ name }: { name: string }) => name)
    for (const name of ['User', 'Group', 'Role', 'Entitlement']) assert.ok(names.includes(name), name)
    for (const type of list.Resources) {
      assert.deepEqual(type.schemas, ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'])
      assert.equal(type.id, type.name)
      assert.match(type.endpoint, /^\/\w+$/)
      assert.match(type.schema, /^urn:/)
      for (const extension of type.schemaExtensions ?? []) {
        assert.deepEqual(Object.keys(extension).sort(), ['required', 'schema'])
      }
      assert.equal(type.meta.resourceType, 'ResourceType')
      assert.deepEqual(await (await fetch(type.meta.location)).json(), type)
    }
    assertScimError(await usher.call('GET', '/scim/v2/nobody/ResourceTypes/Nothing'), 404)
  })

  it('R10 R12 schemas are a list of all that resources use, each found by its URN in any case, without messages', async () => {
    const list = await get('/Schemas')
    assert.deepEqual(list.schemas, [listUrn])
    const ids: string[] = list.Resources.map(({ id }: { id: string }) => id)
    assert.ok(ids.includes(provisioningUrn))
    assert.ok(ids.every((id) => !id.includes(':messages:')))
    for (const schema of list.Resources) {
      assert.deepEqual(await get(`/Schemas/${schema.id.toUpperCase()}`), schema)
      assert.deepEqual(await (await fetch(schema.meta.location)).json(), schema)
    }
    assertScimError(await usher.call('GET', '/scim/v2/nobody/Schemas/urn:nothing'), 404)
    assertScimError(
      await usher.call('GET', '/scim/v2/nobody/Schemas/urn:ietf:params:scim:api:messages:2.0:PatchOp'),
      404,
    )
  })

  it('R11 every attribute is described with all of its characteristics', async () => {
    for (const { id, attributes } of (await get('/Schemas')).Resources) {
      reach(attributes, (one, path) => {
        const where = `${id}:${path}`
        for (const member of ['name', 'type', 'mutability', 'returned', 'uniqueness', 'description']) {
          assert.equal(typeof one[member], 'string', `${where} ${member}`)
        }
        for (const member of ['multiValued', 'required', 'caseExact']) {
          assert.equal(typeof one[member], 'boolean', `${where} ${member}`)
        }
        assert.equal(one.type === 'complex', one.subAttributes !== undefined, where)
        if (one.type === 'reference') assert.ok(Array.isArray(one.referenceTypes), where)
      })
    }
    const user = await get(`/Schemas/${userUrn}`)
    const emails = user.attributes.find(({ name }: Attribute) => name === 'emails')
    const type = emails.subAttributes.find(({ name }: Attribute) => name === 'type')
    assert.deepEqual(type.canonicalValues, ['work', 'home', 'other'])
  })

  it('R11 whatever discovery and the types that can only be read show is described as well', async () => {
    const scim = await (await usher.organization()).scimClient()
    const described = describedPaths((await get('/Schemas')).Resources)
    // The schema of schemas describes two levels of attributes (RFC 7643 section 7), and has three itself.
    const shown = [
      await get('/ServiceProviderConfig'),
      ...(await get('/ResourceTypes')).Resources,
      ...(await get('/Schemas')).Resources.filter(({ id }: { id: string }) => !id.endsWith(':Schema')),
      ...(await scim.must('GET', '/Roles')).Resources,
    ]
    assert.ok(shown.length > 10)
    for (const { schemas, id: _, externalId: __, meta: ___, ...attributes } of shown) {
      const paths = described.get(schemas[0])
      assert.ok(paths, schemas[0])
      checkDescribed(attributes, paths)
    }
  })

  it('R11 whatever a full user and a full group show is described', async () => {
    const scim = await (await usher.organization()).scimClient()
    const ann = await scim.must('POST', '/Users', fullUser)
    await scim.must('POST', '/Groups', group('Everybody', { externalId: 'g-1', members: [{ value: ann.id }] }))
    const described = describedPaths((await get('/Schemas')).Resources)
    const common = ['schemas', 'id', 'externalId', 'meta']
    const meta = ['resourceType', 'created', 'lastModified', 'location', 'version']
    for (const path of ['/Users', '/Groups']) {
      for (const resource of (await scim.must('GET', path)).Resources) {
        for (const member of Object.keys(resource.meta)) assert.ok(meta.includes(member), member)
        const [base, ...extensions] = resource.schemas
        for (const urn of extensions) checkDescribed(resource[urn], described.get(urn)!)
        const core = Object.entries(resource).filter(([name]) => !common.includes(name) && !extensions.includes(name))
        checkDescribed(Object.fromEntries(core), described.get(base)!)
      }
    }
  })

  it('R13 schemas of resource types resolve, and their endpoints answer', async () => {
    const scim = await (await usher.organization()).scimClient()
    const ids = (await get('/Schemas')).Resources.map(({ id }: { id: string }) => id)
    for (const type of (await get('/ResourceTypes')).Resources) {
      const used = [type.schema, ...(type.schemaExtensions ?? []).map(({ schema }: { schema: string }) => schema)]
      for (const urn of used) assert.ok(ids.includes(urn), urn)
      assert.equal((await scim.call('GET', type.endpoint)).status, 200, type.endpoint)
    }
  })

  it('R14 C10 a filter on schemas and resource types is 403, sorting and paging are ignored', async () => {
    for (const path of ['/Schemas', '/ResourceTypes']) {
      assertScimError(await usher.call('GET', `/scim/v2/nobody${path}?filter=id%20pr`), 403)
      assert.deepEqual(await get(`${path}?sortBy=id&sortOrder=descending&startIndex=2&count=1`), await get(path))
    }
  })

  for (const { dialect, status } of [
    { dialect: 'entra', status: 200 },
    { dialect: 'google', status: 200 },
    { dialect: 'okta', status: 200 },
    { dialect: 'onelogin', status: 200 },
    { dialect: 'rfc', status: 403 },
    { dialect: 'interop-strict', status: 403 },
  ]) {
    it(`R14 C10 a filter on schemas is ${status} for a client of the dialect ${dialect}`, async () => {
      const scim = await (await usher.organization()).scimClient({ dialect })
      assert.equal((await scim.call('GET', '/Schemas?filter=id%20pr')).status, status)
    })
  }

  it('R15 the configuration ignores every query parameter', async () => {
    const query = '?filter=x&sortBy=id&startIndex=999'
    assert.deepEqual(await get(`/ServiceProviderConfig${query}`), await get('/ServiceProviderConfig'))
  })

  it('R16 row 19 discovery can only be read: 405 with Allow', async () => {
    const scim = await (await usher.organization()).scimClient()
    for (const path of [...documents, `/Schemas/${userUrn}`, '/ResourceTypes/User']) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const answer = await scim.call(method, path, method === 'DELETE' ? undefined : {})
        assertScimError(answer, 405)
        assert.match(answer.headers.get('allow') ?? '', /\bGET\b/)
      }
    }
  })

  it('R17 what is said to be supported is done, and what is not is refused', async () => {
    const config = await get('/ServiceProviderConfig')
    const scim = await (await usher.organization()).scimClient()
    const created = await scim.call('POST', '/Users', user('ann', { password: 'Correct-Horse-9' }))
    const { id } = created.body
    const supported = (name: string) => config[name].supported
    const patched = await scim.call('PATCH', `/Users/${id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'title', value: 'Engineer' }],
    })
    assert.equal(patched.status === 200, supported('patch'))
    const filtered = await scim.call('GET', '/Users?filter=title%20eq%20%22Engineer%22')
    assert.equal(filtered.body.totalResults === 1, supported('filter'))
    assert.equal((await scim.call('GET', '/Users?sortBy=title')).status === 200, supported('sort'))
    const etag = patched.headers.get('etag') ?? ''
    const unchanged = await scim.call('GET', `/Users/${id}`, undefined, { 'if-none-match': etag })
    assert.equal(unchanged.status === 304, supported('etag'))
    const bulk = await scim.call('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [{ method: 'DELETE', path: `/Users/${id}` }],
    })
    assert.equal(bulk.status === 200, supported('bulk'))
    assert.equal(supported('changePassword'), false)
    assert.equal(created.body.password, undefined)
  })

  it('R18 discovery documents have an ETag, answer 304 to it, and may be cached', async () => {
    for (const path of documents) {
      const first = await usher.call('GET', `/scim/v2/nobody${path}`)
      const etag = first.headers.get('etag') ?? ''
      assert.match(etag, /^(W\/)?".+"$/)
      assert.match(first.headers.get('cache-control') ?? '', /max-age=[1-9]/)
      const headers = { 'if-none-match': etag }
      const again = await usher.call('GET', `/scim/v2/nobody${path}`, { headers })
      assert.equal(again.status, 304)
      assert.equal(again.text, '')
      assert.equal(again.headers.get('etag'), etag)
    }
  })

  it('R19 a trailing slash means the same', async () => {
    const scim = await (await usher.organization()).scimClient()
    for (const path of [...documents, '/Users', '/Groups', '/Roles']) {
      const slashed = await scim.call('GET', `${path}/`)
      assert.equal(slashed.status, 200, path)
      assert.deepEqual(slashed.body, (await scim.call('GET', path)).body)
    }
  })

  it('R19 another version of SCIM is 404 with a SCIM error', async () => {
    const { slug } = await usher.organization()
    for (const base of ['v1', 'v3', 'V2.1']) {
      assertScimError(await usher.call('GET', `/scim/${base}/${slug}/Users`), 404)
      assertScimError(await usher.call('GET', `/scim/${base}/${slug}/ServiceProviderConfig`), 404)
    }
  })
})
