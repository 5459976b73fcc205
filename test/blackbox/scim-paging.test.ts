import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crowd } from './crowd.ts'
import { list, numbered, people, pick, query, walk } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)

const names = async (client: ScimClient, parameters: Readonly<Record<string, string | number>>) =>
  pick(await list(client, '/Users', parameters), 'userName')

describe('sorting (RFC 7644 section 3.4.2.3)', () => {
  it('R186 sorts ascending unless sortOrder says descending', async () => {
    const client = await newClient()
    await people(client, ['b', 'c', 'a'])
    assert.deepEqual(await names(client, { sortBy: 'userName' }), ['a', 'b', 'c'])
    assert.deepEqual(await names(client, { sortBy: 'userName', sortOrder: 'ascending' }), ['a', 'b', 'c'])
    assert.deepEqual(await names(client, { sortBy: 'USERNAME', sortOrder: 'descending' }), ['c', 'b', 'a'])
    assertScimError(await query(client, '/Users', { sortBy: 'userName', sortOrder: 'up' }), 400, 'invalidValue')
  })

  it('R187 orders without case where case does not matter, and by code point where it does', async () => {
    const client = await newClient()
    await people(client, ['b', 'A', 'C', 'Ä'], (name) => ({ externalId: name, title: name }))
    assert.deepEqual(await names(client, { sortBy: 'userName' }), ['A', 'b', 'C', 'Ä'])
    assert.deepEqual(await names(client, { sortBy: 'title' }), ['A', 'b', 'C', 'Ä'])
    assert.deepEqual(await names(client, { sortBy: 'externalId' }), ['A', 'C', 'b', 'Ä'])
  })

  it('R188 resources without a value come last ascending and first descending', async () => {
    const client = await newClient()
    const titles: Readonly<Record<string, string>> = { b: 'two', d: 'one' }
    await people(client, ['a', 'b', 'c', 'd'], (name) => (name in titles ? { title: titles[name] } : {}))
    const ascending = await names(client, { sortBy: 'title' })
    assert.deepEqual(ascending.slice(0, 2), ['d', 'b'])
    assert.deepEqual(ascending.slice(2).toSorted(), ['a', 'c'])
    const descending = await names(client, { sortBy: 'title', sortOrder: 'descending' })
    assert.deepEqual(descending.slice(2), ['b', 'd'])
  })

  it('R189 a multi-valued attribute sorts by its primary value, else by the first', async () => {
    const client = await newClient()
    const emails: Readonly<Record<string, readonly object[]>> = {
      first: [{ value: 'b@example.com' }, { value: 'a@example.com' }],
      primary: [{ value: 'z@example.com' }, { value: 'a@example.com', primary: true }],
      last: [{ value: 'C@example.com' }],
    }
    await people(client, Object.keys(emails), (name) => ({ emails: emails[name] }))
    assert.deepEqual(await names(client, { sortBy: 'emails' }), ['primary', 'first', 'last'])
    assert.deepEqual(await names(client, { sortBy: 'emails.value' }), ['primary', 'first', 'last'])
    assertScimError(await query(client, '/Users', { sortBy: 'name' }), 400, 'invalidValue')
  })

  it('R190 sorts by attributes of extensions and by time; what is unknown or never shown is 400', async () => {
    const client = await newClient()
    const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
    const [a] = await people(client, ['a', 'b'], (name) => ({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', enterprise],
      [enterprise]: { department: name === 'a' ? 'Y' : 'X' },
    }))
    assert.deepEqual(await names(client, { sortBy: `${enterprise}:department` }), ['b', 'a'])
    assert.deepEqual(await names(client, { sortBy: 'urn:ietf:params:scim:schemas:core:2.0:User:userName' }), ['a', 'b'])
    await client.must('PATCH', `/Users/${a}`, patchOp({ op: 'add', path: 'title', value: 'late' }))
    assert.deepEqual(await names(client, { sortBy: 'meta.lastModified', sortOrder: 'descending' }), ['a', 'b'])
    for (const sortBy of ['shoeSize', 'name.shoeSize', 'emails[type eq "work"].value']) {
      assertScimError(await query(client, '/Users', { sortBy }), 400, 'invalidValue')
    }
  })

  it('row 42 R190 sorting by a secret or by an inner field is 400, never 500', async () => {
    const client = await newClient()
    await people(client, ['a'])
    for (const sortBy of ['password', '_id', '$x', 'search.userName', '__proto__', 'constructor', 'a\u0000b', '.']) {
      assertScimError(await query(client, '/Users', { sortBy }), 400, 'invalidValue')
    }
  })

  it('R187 R188 R43 sorts by the externalIds of the client that asks, whoever wrote last', async () => {
    const organization = await usher.organization()
    const [one, two] = [await organization.scimClient(), await organization.scimClient()]
    const written: readonly (readonly [name: string, one?: string | undefined, two?: string])[] = [
      ['a', '3', '1'],
      ['b', '1', '2'],
      ['c', undefined, '3'],
      ['d', '2'],
      ['e', '2', '0'],
      ['f'],
    ]
    for (const [name, first, second] of written) {
      const { id } = await one.must('POST', '/Users', user(name, first === undefined ? {} : { externalId: first }))
      if (second === undefined) continue
      await two.must('PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'externalId', value: second }))
    }
    const table = [
      [one, 'ascending', ['b', 'd', 'e', 'a', 'c', 'f']],
      [one, 'descending', ['c', 'f', 'a', 'e', 'd', 'b']],
      [two, 'ascending', ['e', 'a', 'b', 'c', 'd', 'f']],
      [two, 'descending', ['d', 'f', 'c', 'b', 'a', 'e']],
    ] as const
    for (const [client, sortOrder, expected] of table) {
      const parameters = { sortBy: 'externalId', sortOrder }
      assert.deepEqual(await names(client, parameters), expected)
      const pages = await walk(client, '/Users', { ...parameters, count: 2 })
      assert.deepEqual(
        pages.flatMap((page) => pick(page, 'userName')),
        expected,
      )
      const back = await list(client, '/Users', { ...parameters, count: 2, cursor: pages[2]!.previousCursor })
      assert.deepEqual(pick(back, 'userName'), expected.slice(2, 4))
      assert.deepEqual(await names(client, { ...parameters, startIndex: 4, count: 2 }), expected.slice(3, 5))
      assert.deepEqual(
        await names(client, { ...parameters, filter: 'userName ne "e"' }),
        expected.filter((name) => name !== 'e'),
      )
    }
    const third = await organization.scimClient()
    assert.deepEqual(await names(third, { sortBy: 'externalId' }), ['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('R191 equal sort values keep one order over all pages', async () => {
    const client = await newClient()
    await people(client, numbered('same', 23), () => ({ title: 'equal' }))
    for (const sortOrder of ['ascending', 'descending']) {
      const seen: string[] = []
      for (let startIndex = 1; startIndex <= 23; startIndex += 5) {
        seen.push(...(await names(client, { sortBy: 'title', sortOrder, startIndex, count: 5 })))
      }
      assert.deepEqual(seen.toSorted(), numbered('same', 23))
      assert.deepEqual(await names(client, { sortBy: 'title', sortOrder }), seen)
    }
  })
})

describe('pages by index (RFC 7644 section 3.4.2.4)', () => {
  it('R192 R193 row 45 startIndex below 1 is 1, count below 0 is 0, and what is no whole number is 400', async () => {
    const client = await newClient()
    await people(client, ['a', 'b', 'c'])
    for (const startIndex of [1, 0, -5]) {
      const body = await list(client, '/Users', { startIndex, count: 2 })
      assert.equal(body.startIndex, 1)
      assert.equal(body.Resources.length, 2)
    }
    for (const count of [0, -1, -1_000]) {
      const body = await list(client, '/Users', { count })
      assert.equal(body.totalResults, 3)
      assert.equal(body.itemsPerPage, 0)
      assert.deepEqual(body.Resources ?? [], [])
    }
    for (const wrong of ['abc', '1e309', '1.5', '0x10', '1;2', 'NaN']) {
      assertScimError(await query(client, '/Users', { startIndex: wrong }), 400, 'invalidValue')
      assertScimError(await query(client, '/Users', { count: wrong }), 400, 'invalidValue')
    }
  })

  it('R194 R195 a page holds at most count, 100 by default and 1,000 at most; it says where it is', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    await crowd(usher, organization, client, 'many', 1_001)
    const sizes = [
      [{}, 100],
      [{ count: 7 }, 7],
      [{ count: 1_000_000_000, attributes: 'id' }, 1_000],
      [{ count: 100, startIndex: 951, attributes: 'id' }, 51],
    ] as const
    for (const [parameters, size] of sizes) {
      const body = await list(client, '/Users', parameters)
      assert.equal(body.totalResults, 1_001)
      assert.equal(body.Resources.length, size)
      assert.equal(body.itemsPerPage, size)
      assert.equal(body.startIndex, 'startIndex' in parameters ? 951 : 1)
    }
    const { filter, pagination } = (await client.call('GET', '/ServiceProviderConfig')).body
    assert.equal(filter.maxResults, 1_000)
    assert.equal(pagination.defaultPageSize, 100)
    assert.equal(pagination.maxPageSize, 1_000)
  })

  it('R196 row 45 a startIndex past the end is an empty page with the true total', async () => {
    const client = await newClient()
    await people(client, ['a', 'b'])
    for (const startIndex of [3, 1_000_000, '99999999999999999999']) {
      const body = await list(client, '/Users', { startIndex })
      assert.equal(body.totalResults, 2)
      assert.equal(body.itemsPerPage, 0)
      assert.deepEqual(body.Resources, [])
    }
    assert.equal((await list(client, '/Users', { startIndex: 3 })).startIndex, 3)
  })

  it('R197 a walk gives each resource once, whatever the size of a page', async () => {
    const client = await newClient()
    const all = numbered('walk', 24)
    await people(client, all)
    for (const count of [1, 5, 8, 24, 25]) {
      for (const more of [{}, { sortBy: 'userName' }, { filter: 'userName sw "walk"' }]) {
        const seen: string[] = []
        for (let startIndex = 1; startIndex <= all.length; startIndex += count) {
          seen.push(...(await names(client, { startIndex, count, ...more })))
        }
        assert.deepEqual(seen.toSorted(), all)
      }
    }
  })
})
