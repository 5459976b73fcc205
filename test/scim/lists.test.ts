import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { type Options, scimService, searchUrn } from './service.ts'

const { call, create } = scimService()

describe('lists over HTTP', () => {
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
          assert.deepEqual(names((await list(`?cursor=${body.previousCursor}&count=${count}&${sort}`)).body), previous)
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
    assert.deepEqual([all.status, all.body.totalResults], [200, 5])
    assert.deepEqual([...types(all.body)].sort(), ['Group', 'Group', 'User', 'User', 'User'])
    const some = await call('get', '?filter=id%20pr&startIndex=3&count=2', undefined, org)
    assert.deepEqual([some.body.totalResults, some.body.Resources], [5, all.body.Resources.slice(2, 4)])
    const groups = await call('post', '/.search', { schemas: [searchUrn], filter: 'meta.resourceType eq "Group"' }, org)
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
