import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { list, numbered, people, pick, query, walk } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { type Answer, startUsher, user } from './usher.ts'

const usher = await startUsher()
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)
const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'
const namesOf = (pages: readonly Answer['body'][]) => pages.flatMap((page) => pick(page, 'userName'))

describe('pages by cursor (RFC 9865)', () => {
  it('R198 every page but the last has a nextCursor, an exact multiple of the page size included', async () => {
    const client = await newClient()
    const all = numbered('walk', 12)
    await people(client, all)
    for (const [count, sizes] of [
      [5, [5, 5, 2]],
      [4, [4, 4, 4]],
      [12, [12]],
      [50, [12]],
    ] as const) {
      const pages = await walk(client, '/Users', { count, sortBy: 'userName' })
      assert.deepEqual(namesOf(pages), all)
      assert.deepEqual(
        pages.map(({ itemsPerPage }) => itemsPerPage).filter((size) => size > 0),
        sizes,
      )
      assert.ok(pages.every((page) => !('startIndex' in page)))
      assert.ok(pages.every(({ totalResults }) => totalResults === undefined || totalResults === 12))
    }
    assert.deepEqual(namesOf(await walk(client, '/Users', { count: 5 })).toSorted(), all)
  })

  it('R198 an empty answer has no nextCursor; count=0 gives the total only', async () => {
    const client = await newClient()
    const none = await list(client, '/Users', { cursor: '', count: 10 })
    assert.deepEqual(none.Resources, [])
    assert.equal('nextCursor' in none, false)
    await people(client, ['a', 'b'])
    const counted = await list(client, '/Users', { cursor: '', count: 0 })
    assert.equal(counted.totalResults, 2)
    assert.deepEqual(counted.Resources ?? [], [])
  })

  it('R198 a walk in every order gives missing, equal and multi-valued sort values once each', async () => {
    const client = await newClient()
    const all = numbered('person', 19)
    await people(client, all, (_, index) => ({
      ...(index % 3 === 0 ? {} : { title: `title ${index % 4}` }),
      ...(index % 5 === 0 ? {} : { emails: [{ value: `m${index % 2}@example.com` }, { value: 'other@example.com' }] }),
      active: index % 2 === 0,
    }))
    for (const sortBy of ['title', 'emails', 'active', 'meta.created', 'name.familyName', 'externalId']) {
      for (const sortOrder of ['ascending', 'descending']) {
        const walked = namesOf(await walk(client, '/Users', { count: 4, sortBy, sortOrder }))
        const listed = pick(await list(client, '/Users', { sortBy, sortOrder }), 'userName')
        assert.deepEqual(walked, listed, `${sortBy} ${sortOrder}`)
      }
    }
  })

  it('R199 previousCursor is not on the first page, and leads back to the identical page', async () => {
    const client = await newClient()
    await people(client, numbered('back', 11))
    const pages = await walk(client, '/Users', { count: 4, sortBy: 'userName' })
    assert.equal('previousCursor' in pages[0], false)
    for (const [index, page] of pages.entries()) {
      if (index === 0) continue
      assert.equal(typeof page.previousCursor, 'string')
      const back = await list(client, '/Users', { count: 4, sortBy: 'userName', cursor: page.previousCursor })
      assert.deepEqual(back.Resources, pages[index - 1].Resources)
      assert.equal('previousCursor' in back, index > 1)
    }
  })

  it('R200 a cursor is made of unreserved characters', async () => {
    const client = await newClient()
    await people(client, numbered('ä+/=&', 6))
    const pages = await walk(client, '/Users', { count: 1, sortBy: 'userName' })
    for (const { nextCursor, previousCursor } of pages) {
      assert.ok(nextCursor ?? previousCursor)
      for (const cursor of [nextCursor, previousCursor]) {
        if (cursor !== undefined) assert.match(cursor, /^[A-Za-z0-9\-._~]+$/)
      }
    }
  })

  it('R201 row 46 a cursor that is forged, cut, foreign or of another query is 400 invalidCursor, in one text', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const colleague = await organization.scimClient()
    const stranger = await newClient()
    const parameters = { count: 2, sortBy: 'userName', filter: 'userName sw "a"' }
    for (const one of [client, stranger]) await people(one, numbered('a', 5))
    await client.must('POST', '/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'a',
    })
    const { nextCursor: cursor } = await list(client, '/Users', { ...parameters, cursor: '' })
    const middle = Math.floor(cursor.length / 2)
    const flipped = cursor.slice(0, middle) + (cursor[middle] === 'A' ? 'B' : 'A') + cursor.slice(middle + 1)
    const answers = [
      ...(await Promise.all(
        [
          flipped,
          cursor.slice(0, -1),
          cursor.slice(1),
          `${cursor}A`,
          `${cursor}=`,
          'x',
          '0',
          '%',
          'A'.repeat(10_000),
        ].map((forged) => query(client, '/Users', { ...parameters, cursor: forged })),
      )),
      await query(stranger, '/Users', { ...parameters, cursor }),
      await query(colleague, '/Users', { ...parameters, cursor }),
      await query(client, '/Users', { ...parameters, cursor, filter: 'userName sw "b"' }),
      await query(client, '/Users', { count: 2, sortBy: 'userName', cursor }),
      await query(client, '/Users', { ...parameters, cursor, sortBy: 'title' }),
      await query(client, '/Users', { ...parameters, cursor, sortOrder: 'descending' }),
      await query(client, '/Groups', { count: 2, cursor }),
      await query(client, '/', { count: 2, filter: 'id pr', cursor }),
    ]
    for (const answer of answers) {
      assertScimError(answer, 400, 'invalidCursor')
      assert.equal(answer.body.detail, answers[0]!.body.detail)
    }
    assert.equal((await query(client, '/Users', { ...parameters, cursor })).status, 200)
  })

  it('R201 a count that changes in the middle of a walk is 400 invalidCount', async () => {
    const client = await newClient()
    await people(client, numbered('a', 5))
    const { nextCursor } = await list(client, '/Users', { count: 2, cursor: '' })
    assertScimError(await query(client, '/Users', { count: 3, cursor: nextCursor }), 400, 'invalidCount')
    assert.equal((await list(client, '/Users', { cursor: nextCursor })).Resources.length, 2)
  })

  it('R201 an old cursor is 400 expiredCursor, after the time that is announced and not before', async (t) => {
    const client = await newClient()
    await people(client, numbered('a', 5))
    const { cursorTimeout } = (await client.must('GET', '/ServiceProviderConfig')).pagination
    const { nextCursor } = await list(client, '/Users', { count: 2, cursor: '' })
    t.after(() => {
      usher.clock.offset = 0
    })
    usher.clock.offset = (cursorTimeout - 5) * 1_000
    assert.equal((await query(client, '/Users', { count: 2, cursor: nextCursor })).status, 200)
    usher.clock.offset = (cursorTimeout + 5) * 1_000
    assertScimError(await query(client, '/Users', { count: 2, cursor: nextCursor }), 400, 'expiredCursor')
  })

  it('R201 index and cursor exclude each other; without either a list is by index', async () => {
    const client = await newClient()
    await people(client, ['a'])
    assertScimError(await query(client, '/Users', { startIndex: 1, cursor: '' }), 400, 'invalidValue')
    const byIndex = await list(client, '/Users')
    assert.equal(byIndex.startIndex, 1)
    assert.equal('nextCursor' in byIndex, false)
    // Present but empty asks for pages by cursor, also without an equals sign.
    const byCursor = await client.must('GET', '/Users?cursor&count=1')
    assert.equal('startIndex' in byCursor, false)
    const { pagination } = await client.must('GET', '/ServiceProviderConfig')
    assert.deepEqual([pagination.cursor, pagination.index, pagination.defaultPaginationMethod], [true, true, 'index'])
  })

  it('R202 row 49 a walk during inserts and deletes misses no survivor and gives none twice', async () => {
    for (const sortBy of ['', 'userName', 'title']) {
      const client = await newClient()
      const all = numbered('person', 40)
      const ids = await people(client, all, (_, index) => (index % 2 === 0 ? { title: `t${index % 7}` } : {}))
      const deleted = new Set<string>()
      const parameters = { count: 6, ...(sortBy === '' ? {} : { sortBy }) }
      const pages = await walk(client, '/Users', parameters, async (page) => {
        const goes = [...new Set([page * 5, 40 - page * 3, page])].filter(
          (index) => index in all && !deleted.has(all[index]!),
        )
        for (const index of goes) deleted.add(all[index]!)
        await Promise.all([
          ...goes.map((index) => client.must('DELETE', `/Users/${ids[index]}`)),
          client.must('POST', '/Users', user(`a-new-${page}`)),
          client.must('POST', '/Users', user(`z-new-${page}`, { title: 'a' })),
        ])
      })
      const seen = namesOf(pages)
      assert.equal(new Set(seen).size, seen.length, 'none twice')
      const survivors = all.filter((name) => !deleted.has(name))
      assert.deepEqual(
        survivors.filter((name) => !seen.includes(name)),
        [],
        'no survivor is missed',
      )
    }
  })

  it('R203 the cursor works in the body of .search, alike at the root', async () => {
    const client = await newClient()
    const all = numbered('person', 7)
    await people(client, all)
    for (const [path, more] of [
      ['/Users/.search', {}],
      ['/.search', { filter: 'userName pr' }],
    ] as const) {
      const seen: string[] = []
      let cursor: string | undefined = ''
      while (cursor !== undefined) {
        const body = { schemas: [searchUrn], count: 3, sortBy: 'userName', cursor, ...more }
        const page: Answer['body'] = await client.must('POST', path, body)
        seen.push(...pick(page, 'userName'))
        cursor = page.nextCursor
      }
      assert.deepEqual(seen, all)
    }
  })

  it('R204 a credential that is revoked in the middle of a walk gets no further page', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    await people(client, numbered('a', 5))
    const { nextCursor } = await list(client, '/Users', { count: 2, cursor: '' })
    await organization.admin('DELETE', `/scim-clients/${client.id}`)
    usher.clock.offset = 16_000
    try {
      assertScimError(await query(client, '/Users', { count: 2, cursor: nextCursor }), 401)
    } finally {
      usher.clock.offset = 0
    }
  })
})
