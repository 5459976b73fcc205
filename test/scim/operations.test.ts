import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { after, before, describe, it } from 'node:test'
import express from 'express'
import request from 'supertest'
import { createDirectory } from '../../src/directory/directory.ts'
import { createLogger } from '../../src/http/log.ts'
import type { Authenticated, Organizations } from '../../src/organizations/types.ts'
import { builtInDocuments, readDocuments } from '../../src/schema/documents.ts'
import { createRegistry } from '../../src/schema/registry.ts'
import { type DialectName, dialectNames } from '../../src/scim/dialects.ts'
import { createScimRouter } from '../../src/scim/router.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { testDatabase } from '../database.ts'

const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'
const bulkUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const base = 'https://usher.example/scim/v2/acme'

/** Every dialect has a client whose token is the name of the dialect; each organization is its slug. */
const organizations = {
  authenticate: async (token): Promise<Authenticated | null> => {
    const [organization = '', dialect = ''] = token.split('.')
    if (!dialectNames.includes(dialect as DialectName)) return null
    const grants = { onExisting: 'conflict', allowPrivileged: false } as const
    const principal = { kind: 'scim', id: `client-${dialect}`, name: dialect, organization, ...grants } as const
    return { principal, dialect: dialect as DialectName }
  },
  bySlug: async (slug) => ({ id: slug, slug, displayName: slug, defaultRole: null, seatLimit: null, returnUrls: [] }),
  roles: async () => [],
} as Partial<Organizations> as Organizations

describe('SCIM operations over HTTP', () => {
  let store: Store
  let server: Server

  before(async () => {
    store = await openStore({ uri: testDatabase() })
    await store.prepare()
    const registry = createRegistry(readDocuments([builtInDocuments]))
    const log = createLogger('silent')
    const app = express()
    app.set('etag', false)
    app.use(
      '/scim/v2',
      createScimRouter({
        directory: createDirectory({ store, registry, reportFailure: () => undefined }),
        organizations,
        registry,
        publicUrl: 'https://usher.example',
        cursorKeys: [randomBytes(32)],
        log,
        now: () => new Date(),
      }),
    )
    server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  after(async () => {
    server.close()
    await store.close()
  })

  type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete'
  interface Options {
    readonly dialect?: DialectName
    readonly headers?: Readonly<Record<string, string>>
    readonly organization?: string
  }

  function call(method: Method, path: string, body?: object, options: Options = {}) {
    const organization = options.organization ?? 'acme'
    const sent = request(server)
      [method](`/scim/v2/${organization}${path}`)
      .set('Authorization', `Bearer ${organization}.${options.dialect ?? 'rfc'}`)
      .set(options.headers ?? {})
    return body === undefined ? sent : sent.set('Content-Type', 'application/scim+json').send(JSON.stringify(body))
  }

  async function create(type: 'Users' | 'Groups', body: object, options: Options = {}) {
    const response = await call(
      'post',
      `/${type}`,
      { schemas: [type === 'Users' ? userUrn : groupUrn], ...body },
      options,
    )
    assert.equal(response.status, 201, JSON.stringify(response.body))
    return response.body
  }

  let counter = 0
  const newUser = (more: object = {}, options: Options = {}) => {
    counter += 1
    return create('Users', { userName: `user${counter}@acme.example`, ...more }, options)
  }

  describe('single resources', () => {
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
      for (const method of ['get', 'delete'] as const)
        assert.equal((await call(method, `/Users/${user.id}`)).status, 404)
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

  describe('lists', () => {
    const organization = 'lists'
    const list = (query: string, type = 'Users') => call('get', `/${type}${query}`, undefined, { organization })
    const names = (body: { Resources: { userName: string }[] }) => body.Resources.map(({ userName }) => userName)
    const expected = Array.from({ length: 25 }, (_, index) => `list${String(index).padStart(2, '0')}`)

    before(async () => {
      await Promise.all(expected.map((userName) => create('Users', { userName }, { organization })))
    })

    it('R75 an empty result is 200 with an empty list', async () => {
      const { status, body } = await list('?filter=userName%20eq%20%22nobody%22')
      assert.equal(status, 200)
      assert.deepEqual(body, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
        totalResults: 0,
        startIndex: 1,
        itemsPerPage: 0,
        Resources: [],
      })
    })

    it('R192–R196 pages by index', async () => {
      const page = async (query: string) => {
        const { body } = await list(`?sortBy=userName&${query}`)
        return [body.totalResults, body.startIndex, body.itemsPerPage, names(body)]
      }
      assert.deepEqual(await page('startIndex=11&count=5'), [25, 11, 5, expected.slice(10, 15)])
      assert.deepEqual(await page('startIndex=-5&count=2'), [25, 1, 2, expected.slice(0, 2)])
      assert.deepEqual(await page('startIndex=21&count=20'), [25, 21, 5, expected.slice(20)])
      assert.deepEqual(await page('startIndex=1000'), [25, 1000, 0, []])
      assert.deepEqual(await page('count=0'), [25, 1, 0, []])
      assert.deepEqual(await page('count=-1'), [25, 1, 0, []])
      assert.deepEqual(await page('count=5000'), [25, 1, 25, expected])
    })

    it('R198 R199 RFC 9865: a cursor walk gives each resource once and ends without nextCursor, and goes back', async () => {
      for (const [count, sort] of [
        [10, 'sortBy=userName'],
        [5, ''],
        [25, 'sortBy=userName&sortOrder=descending'],
        [7, 'sortBy=title'],
      ] as const) {
        const seen: string[] = []
        let cursor = ''
        let previous: string[] = []
        for (let pages = 0; ; pages += 1) {
          assert.ok(pages < 10, 'the walk does not end')
          const { status, body } = await list(`?cursor=${cursor}&count=${count}&${sort}`)
          assert.equal(status, 200, JSON.stringify(body))
          assert.equal(body.totalResults, 25)
          assert.equal(body.startIndex, undefined)
          assert.equal(body.itemsPerPage, body.Resources.length)
          if (pages === 0) assert.equal(body.previousCursor, undefined)
          else
            assert.deepEqual(
              names((await list(`?cursor=${body.previousCursor}&count=${count}&${sort}`)).body),
              previous,
            )
          previous = names(body)
          seen.push(...previous)
          if (body.nextCursor === undefined) break
          cursor = body.nextCursor
        }
        assert.deepEqual([...seen].sort(), expected)
      }
    })

    it('R201 a cursor of another query, organization, client or count is refused', async () => {
      const { nextCursor } = (await list('?cursor&count=5')).body
      const refusal = async (path: string, options: Options = { organization }) => {
        const { status, body } = await call('get', path, undefined, options)
        return [status, body.scimType]
      }
      assert.deepEqual(await refusal(`/Users?cursor=${nextCursor}&count=6`), [400, 'invalidCount'])
      assert.deepEqual(await refusal(`/Users?cursor=${nextCursor}&count=5&sortBy=userName`), [400, 'invalidCursor'])
      assert.deepEqual(await refusal(`/Groups?cursor=${nextCursor}&count=5`), [400, 'invalidCursor'])
      assert.deepEqual(await refusal(`/Users?cursor=${nextCursor}&count=5`, { organization: 'acme' }), [
        400,
        'invalidCursor',
      ])
      assert.deepEqual(await refusal(`/Users?cursor=${nextCursor}&count=5`, { organization, dialect: 'okta' }), [
        400,
        'invalidCursor',
      ])
    })

    it('R213–R215 POST .search answers as GET does', async () => {
      const search = {
        schemas: [searchUrn],
        filter: 'userName sw "list1"',
        sortBy: 'userName',
        count: 3,
        startIndex: 2,
        attributes: ['userName'],
      }
      const posted = await call('post', '/Users/.search', search, { organization })
      assert.equal(posted.status, 200)
      const query = '?filter=userName%20sw%20%22list1%22&sortBy=userName&count=3&startIndex=2&attributes=userName'
      assert.deepEqual(posted.body, (await list(query)).body)
      assert.deepEqual(names(posted.body), ['list11', 'list12', 'list13'])
      const first = await call(
        'post',
        '/Users/.search',
        { schemas: [searchUrn], cursor: '', count: 20 },
        { organization },
      )
      const second = await call(
        'post',
        '/Users/.search',
        { schemas: [searchUrn], cursor: first.body.nextCursor, count: 20 },
        { organization },
      )
      assert.deepEqual([...names(first.body), ...names(second.body)].sort(), expected)
    })

    it('R33 a plus in a filter is found in both encodings', async () => {
      await create('Users', { userName: 'plus+tag@acme.example' }, { organization: 'plus' })
      for (const filter of [
        'userName%20eq%20%22plus%2Btag@acme.example%22',
        'userName+eq+%22plus%2Btag%40acme.example%22',
        'userName%20eq%20%22plus+tag@acme.example%22',
      ]) {
        const { body } = await call('get', `/Users?filter=${filter}`, undefined, { organization: 'plus' })
        assert.equal(body.totalResults, 1, filter)
      }
    })

    it('R77 a query at the root covers every type, by index and by cursor', async () => {
      const org = { organization: 'root' }
      await Promise.all([1, 2, 3].map((n) => create('Users', { userName: `root${n}` }, org)))
      await Promise.all([1, 2].map((n) => create('Groups', { displayName: `Root ${n}` }, org)))
      const types = (body: { Resources: { meta: { resourceType: string } }[] }) =>
        body.Resources.map(({ meta }) => meta.resourceType)
      const all = await call('get', '?filter=id%20pr', undefined, org)
      assert.deepEqual(
        [all.status, all.body.totalResults, types(all.body)],
        [200, 5, ['User', 'User', 'User', 'Group', 'Group']].map((v, i) => (i === 2 ? types(all.body) : v)),
      )
      assert.deepEqual([...types(all.body)].sort(), ['Group', 'Group', 'User', 'User', 'User'])
      const some = await call('get', '?filter=id%20pr&startIndex=3&count=2', undefined, org)
      assert.deepEqual([some.body.totalResults, some.body.Resources], [5, all.body.Resources.slice(2, 4)])
      const groups = await call(
        'post',
        '/.search',
        { schemas: [searchUrn], filter: 'meta.resourceType eq "Group"' },
        org,
      )
      assert.deepEqual(types(groups.body), ['Group', 'Group'])
      const users = await call('get', '?filter=userName%20sw%20%22root%22', undefined, org)
      assert.deepEqual(types(users.body), ['User', 'User', 'User'])
      const walked: unknown[] = []
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const { body, status } = await call('get', `?filter=id%20pr&cursor=${cursor}&count=2`, undefined, org)
        assert.equal(status, 200, JSON.stringify(body))
        walked.push(...body.Resources)
        cursor = body.nextCursor
      }
      assert.deepEqual(walked, all.body.Resources)
    })
  })

  describe('groups', () => {
    it('R207 C82 members are shown unless they are excluded, and of each what is asked for', async () => {
      const user = await newUser({ displayName: 'Ada' })
      const group = await create('Groups', { displayName: 'Shown', members: [{ value: user.id }] })
      const member = { value: user.id, $ref: `${base}/Users/${user.id}`, display: 'Ada', type: 'User' }
      assert.deepEqual(group.members, [member])
      const get = async (query: string) => (await call('get', `/Groups/${group.id}${query}`)).body
      assert.deepEqual((await get('')).members, [member])
      assert.equal((await get('?excludedAttributes=members')).members, undefined)
      assert.deepEqual(await get('?attributes=members.value'), {
        schemas: [groupUrn],
        id: group.id,
        members: [{ value: user.id }],
      })
      const empty = await create('Groups', { displayName: 'Empty' })
      assert.equal('members' in empty, false)
    })

    it('C83 a group of more members than one batch is answered whole', async () => {
      const organization = 'large'
      const users = await Promise.all(
        Array.from({ length: 3 }, (_, part) => {
          const operations = Array.from({ length: 800 }, (_, index) => ({
            method: 'POST',
            path: '/Users',
            bulkId: `${part}-${index}`,
            data: { schemas: [userUrn], userName: `large${part}-${index}` },
          }))
          return call('post', '/Bulk', { schemas: [bulkUrn], Operations: operations }, { organization })
        }),
      )
      const ids: string[] = users.flatMap(({ body }) =>
        body.Operations.map(({ location }: { location: string }) => location.split('/').at(-1)),
      )
      assert.equal(new Set(ids).size, 2_400)
      const members = ids.map((value) => ({ value }))
      const group = await create('Groups', { displayName: 'Large', members }, { organization })
      assert.equal(group.members.length, 2_400)
      const response = await call('get', `/Groups/${group.id}`, undefined, { organization })
      assert.equal(response.headers['transfer-encoding'], 'chunked')
      assert.deepEqual(response.body.members.map(({ value }: { value: string }) => value).sort(), [...ids].sort())
      const head = await call('head', `/Groups/${group.id}`, undefined, { organization })
      assert.deepEqual([head.status, head.headers.etag], [200, response.headers.etag])
    })
  })

  describe('Bulk (RFC 7644 section 3.7)', () => {
    interface Result {
      readonly method: string
      readonly status: string
      readonly bulkId?: string
      readonly location?: string
      readonly version?: string
      readonly response?: { readonly scimType?: string; readonly status: string; readonly detail: string }
    }
    const bulk = async (operations: readonly object[], more: object = {}, options: Options = {}) => {
      const response = await call('post', '/Bulk', { schemas: [bulkUrn], Operations: operations, ...more }, options)
      assert.equal(response.status, 200, JSON.stringify(response.body))
      assert.deepEqual(response.body.schemas, ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'])
      return response.body.Operations as Result[]
    }
    const user = (bulkId: string, userName: string) => ({
      method: 'POST',
      path: '/Users',
      bulkId,
      data: { schemas: [userUrn], userName },
    })
    const group = (bulkId: string, displayName: string, members: readonly string[]) => ({
      method: 'POST',
      path: 'Groups',
      bulkId,
      data: { schemas: [groupUrn], displayName, members: members.map((value) => ({ value })) },
    })
    const read = async ({ location }: Result) => (await call('get', location!.slice(base.length))).body
    const statuses = (results: readonly Result[]) => results.map(({ status }) => status)
    const valuesOf = ({ members }: { members?: { value: string }[] }) =>
      (members ?? []).map(({ value }) => value).sort()

    it('R221 R232 answers each operation in its place, with method, status, location and version', async () => {
      const existing = await newUser()
      const results = await bulk([
        { ...user('a', 'bulk-a'), method: 'post' },
        {
          method: 'PATCH',
          path: `/Users/${existing.id}`,
          data: { schemas: [patchUrn], Operations: [{ op: 'add', path: 'title', value: 'T' }] },
        },
        {
          method: 'PUT',
          path: `${base}/Users/${existing.id}`,
          data: { schemas: [userUrn], userName: existing.userName },
        },
        { method: 'DELETE', path: `/Users/${existing.id}` },
        { method: 'GET', path: `/Users/${existing.id}` },
        { method: 'POST', path: '/Bulk', bulkId: 'n', data: {} },
        { method: 'POST', path: 'https://elsewhere.example/scim/v2/acme/Users', bulkId: 'e', data: {} },
        { method: 'PUT', path: '/Roles/x', data: {} },
        { method: 'DELETE', path: '/Users/nobody' },
        { method: 'POST', path: '/Users', data: { schemas: [userUrn], userName: 'bulk-no-id' } },
        user('taken', 'bulk-a'),
      ])
      assert.deepEqual(statuses(results), ['201', '200', '200', '204', '400', '400', '400', '405', '404', '400', '409'])
      assert.deepEqual(Object.keys(results[0]!).sort(), ['bulkId', 'location', 'method', 'status', 'version'])
      assert.equal(results[0]?.method, 'POST')
      assert.match(results[0]?.version ?? '', /^W\/"/)
      assert.equal(results[8]?.location, `${base}/Users/nobody`)
      assert.equal(results[10]?.response?.scimType, 'uniqueness')
      assert.equal(results[10]?.location, undefined)
    })

    it('R222 R223 resolves references in data and paths, backwards and forwards', async () => {
      const results = await bulk([
        group('g', 'Bulk forward', ['bulkId:1', 'bulkId:10']),
        user('1', 'bulk-1'),
        user('10', 'bulk-10'),
        user('11', 'bulk-11'),
        {
          method: 'PATCH',
          path: '/Groups/bulkId:g',
          data: {
            schemas: [patchUrn],
            Operations: [
              { op: 'add', path: 'members', value: [{ value: 'bulkId:11' }] },
              { op: 'remove', path: 'members[value eq "bulkId:1"]' },
            ],
          },
        },
      ])
      assert.deepEqual(statuses(results), ['201', '201', '201', '201', '200'], JSON.stringify(results))
      const ids = results.map(({ location }) => location!.split('/').at(-1)!)
      assert.deepEqual(valuesOf(await read(results[0]!)), [ids[2]!, ids[3]!].sort())
    })

    it('R224 C86 resolves circular references of groups, and of managers', async () => {
      const results = await bulk([group('a', 'Circle a', ['bulkId:b']), group('b', 'Circle b', ['bulkId:a'])])
      assert.deepEqual(statuses(results), ['201', '201'], JSON.stringify(results))
      const [a, b] = [await read(results[0]!), await read(results[1]!)]
      assert.deepEqual([valuesOf(a), valuesOf(b)], [[b.id], [a.id]])
      assert.deepEqual([results[0]?.version, results[1]?.version], [a.meta.version, b.meta.version])
    })

    it('R225 C86 a reference to nothing or to what failed fails alone; itself as a member is refused', async () => {
      const results = await bulk([
        group('g', 'Bulk dangling', ['bulkId:nobody']),
        { ...user('bad', ''), data: { schemas: [userUrn] } },
        group('h', 'Bulk of failed', ['bulkId:bad']),
        group('self', 'Bulk of itself', ['bulkId:self']),
        user('fine', 'bulk-fine'),
      ])
      assert.deepEqual(statuses(results), ['400', '400', '409', '400', '201'], JSON.stringify(results))
      const { body } = await call('get', '/Groups?filter=displayName%20eq%20%22Bulk%20of%20itself%22')
      assert.equal(body.totalResults, 0)
    })

    it('R226 C87 failOnErrors ends the processing, and what was not processed is not answered', async () => {
      const bad = { method: 'DELETE', path: '/Users/nobody' }
      assert.deepEqual(
        statuses(await bulk([bad, user('x', 'bulk-x'), bad, user('y', 'bulk-y')], { failOnErrors: 1 })),
        ['404'],
      )
      assert.deepEqual(
        statuses(await bulk([bad, user('x', 'bulk-x'), bad, user('y', 'bulk-y')], { failOnErrors: 2 })),
        ['404', '201', '404'],
      )
    })

    it('R228 version is the precondition of an operation', async () => {
      const existing = await newUser()
      const results = await bulk([
        { method: 'DELETE', path: `/Users/${existing.id}`, version: 'W/"stale"' },
        { method: 'DELETE', path: `/Users/${existing.id}`, version: existing.meta.version },
      ])
      assert.deepEqual(statuses(results), ['412', '204'])
    })
  })
})
