import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { runs } from '../runs.ts'
import { assertRefused, type Json } from './patching.ts'
import { type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const client = await (await usher.organization()).scimClient()
await client.must('POST', '/Users', user('ann', { title: 'Engineer', emails: [{ value: 'ann@example.com' }] }))

const ask = (filter: string, asking: ScimClient = client, path = '/Users') =>
  asking.call('GET', `${path}?filter=${encodeURIComponent(filter)}`)
const search = (filter: string) =>
  client.call('POST', '/Users/.search', {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
    filter,
  })

async function assertInvalid(filters: readonly string[], asking: ScimClient = client): Promise<void> {
  for (const filter of filters) {
    const answer = await ask(filter, asking)
    assert.equal(answer.status, 400, `${filter}: ${answer.text}`)
    assertRefused(answer, 400, 'invalidFilter')
  }
}

/** RFC 7644 sections 3.4.2.2 and 3.12. */
describe('filters that are refused', () => {
  it('R168 row 38 booleans and binary values have no order', () =>
    assertInvalid(['active gt true', 'active le false', 'active ge "true"', 'x509Certificates.value gt "AA=="']))

  it('R169 row 38 what is no date is not compared with one', () =>
    assertInvalid(['meta.created gt "x"', 'meta.created gt "2011-13-40T00:00:00Z"', 'meta.lastModified eq 5']))

  it('R174 the text names an operator that is unknown', async () => {
    for (const operator of ['like', 'regex', '==', '$eq']) {
      const answer = await ask(`userName ${operator} "ann"`)
      assertRefused(answer, 400, 'invalidFilter')
      assert.ok(answer.body.detail.includes(operator), answer.text)
    }
  })

  it('R175 R161 row 29 errors of syntax', () =>
    assertInvalid([
      '',
      ' ',
      'userName',
      'userName eq',
      'eq "ann"',
      'userName eq "ann" and',
      'userName eq "ann" or "1"="1"',
      'userName eq "ann" title pr',
      '(userName eq "ann"',
      'userName eq "ann")',
      'emails[type eq "work"',
      'emails[]',
      'not userName eq "ann"',
      'userName eq "ann',
      'userName eq ann"',
      `userName eq 'ann'`,
      'userName eq "\\x"',
      'userName eq "\\ud800"',
      'userName eq "a" and and title pr',
      'userName. eq "a"',
      'name..familyName eq "a"',
      'active eq 01',
    ]))

  it('R176 row 32 an unknown attribute', () =>
    assertInvalid(['unknownAttribute eq "x"', 'name.unknown pr', 'urn:example:unknown:x eq "y"', 'emails[unknown pr]']))

  it('row 31 names that every object inherits', () =>
    assertInvalid([
      '__proto__.x eq 1',
      'constructor.name eq "x"',
      'toString pr',
      'emails[hasOwnProperty pr]',
      '$where eq "1"',
    ]))

  it('R177 a complex attribute without sub-attribute', () =>
    assertInvalid(['name eq "x"', 'addresses eq "x"', 'meta gt "x"', 'name co "x"']))

  it('R178 row 33 a password, at every path and in every dialect', async () => {
    const filters = [
      'password eq "x"',
      'password co "a"',
      'password pr',
      'not (password pr)',
      'userName pr or password pr',
    ]
    await assertInvalid(filters)
    for (const dialect of ['entra', 'okta', 'interop-strict']) {
      await assertInvalid(filters, await (await usher.organization()).scimClient({ dialect }))
    }
    assertRefused(await search('password pr'), 400, 'invalidFilter')
    assertRefused(await ask('password pr', client, '/'), 400, 'invalidFilter')
  })

  it('R180 row 36 ten thousand terms, two thousand brackets, a thousand negations: refused at once', async () => {
    const filters = [
      Array.from({ length: 10_000 }, () => 'title pr').join(' or '),
      `${'('.repeat(2_000)}title pr${')'.repeat(2_000)}`,
      `${'not ('.repeat(1_000)}title pr${')'.repeat(1_000)}`,
      '('.repeat(100_000),
      Array.from({ length: 201 }, () => 'title pr').join(' or '),
    ]
    await search('title pr')
    for (const filter of filters) {
      const started = performance.now()
      assertRefused(await search(filter), 400, 'invalidFilter')
      assert.ok(performance.now() - started < 5_000)
    }
  })

  it('R180 up to two hundred terms and 32 brackets are answered', async () => {
    const wide = Array.from({ length: 199 }, (_, at) => `userName eq "u${at}"`).join(' or ')
    assert.equal((await search(wide)).status, 200)
    assert.equal((await search(`${'('.repeat(32)}title pr${')'.repeat(32)}`)).status, 200)
  })

  it('R180 more than five terms that no index serves are 400 tooMany', async () => {
    const terms = (count: number) => Array.from({ length: count }, (_, at) => `title co "x${at}"`).join(' or ')
    assert.equal((await ask(terms(5))).status, 200)
    assertRefused(await ask(terms(6)), 400, 'tooMany')
  })

  it('R180 row 37 a text of a megabyte', async () => {
    const answer = await search(`userName eq "${'a'.repeat(1_000_000)}"`)
    assert.ok(answer.status === 400 || answer.status === 413, String(answer.status))
    assertRefused(await search(`userName eq "${'a'.repeat(9_000)}"`), 400, 'invalidFilter')
  })

  it('R181 no filter reaches another organization', async () => {
    const other = await (await usher.organization()).scimClient()
    const { id } = await other.must('POST', '/Users', user('ann'))
    const term = fc.constantFrom(
      'userName pr',
      'not (userName eq "zzz")',
      'title eq null',
      'active eq true',
      'id pr',
      'userName eq "ann"',
      'meta.created pr',
      'roles pr',
      'not (groups pr)',
      'not (externalId pr)',
      'externalId ne "x"',
    )
    const filter = fc
      .array(term, { minLength: 1, maxLength: 4 })
      .chain((terms) =>
        fc.constantFrom(terms.join(' or '), terms.join(' and '), `not (${terms.join(' and ')}) or id pr`),
      )
    await fc.assert(
      fc.asyncProperty(filter, async (text) => {
        const { body } = await ask(text, other)
        const ids = body.Resources.map((one: Json) => one.id)
        assert.deepEqual(ids.length === 0 ? [id] : ids, [id])
        const root = await ask(`meta.resourceType eq "User" and (${text})`, other, '/')
        for (const one of root.body.Resources) assert.equal(one.id, id)
      }),
      { numRuns: runs(40) },
    )
  })

  it('R183 C17 a text without quotes', () => assertInvalid(['userName eq ann', 'meta.resourceType eq User']))

  it('R184 brackets inside of brackets', () =>
    assertInvalid(['emails[type[value eq "x"]]', 'emails[value eq "x" and addresses[type eq "work"]]']))
})
