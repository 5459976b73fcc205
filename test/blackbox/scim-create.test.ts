import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

async function client(settings: Readonly<Record<string, unknown>> = {}): Promise<ScimClient> {
  return (await usher.organization()).scimClient(settings)
}

const filtered = (filter: string) => `/Users?filter=${encodeURIComponent(filter)}`

/** RFC 7644 section 3.3. */
describe('POST', () => {
  it('R61 answers 201 with Location, ETag and all that GET would show', async () => {
    const scim = await client()
    for (const [collection, body] of [
      ['/Users', user('ann', { name: { givenName: 'Ann' }, emails: [{ value: 'ann@example.com' }] })],
      ['/Groups', group('All')],
    ] as const) {
      const created = await scim.call('POST', collection, body)
      assert.equal(created.status, 201)
      assert.equal(created.headers.get('location'), created.body.meta.location)
      assert.equal(created.headers.get('etag'), created.body.meta.version)
      assert.deepEqual(created.body, await scim.must('GET', `${collection}/${created.body.id}`))
    }
  })

  for (const [what, value] of [
    ['missing', undefined],
    ['null', null],
    ['empty', ''],
    ['only blanks', '  \u3000'],
  ] as const) {
    it(`R62 row 67 a required attribute that is ${what} is 400 invalidValue`, async () => {
      const scim = await client()
      assertScimError(await scim.call('POST', '/Users', { schemas: [userUrn], userName: value }), 400, 'invalidValue')
      assertScimError(
        await scim.call('POST', '/Groups', { schemas: [groupUrn], displayName: value }),
        400,
        'invalidValue',
      )
    })
  }

  for (const { dialect, status } of [
    { dialect: 'rfc', status: 400 },
    { dialect: 'interop-strict', status: 400 },
    { dialect: 'entra', status: 201 },
    { dialect: 'okta', status: 201 },
    { dialect: 'onelogin', status: 201 },
    { dialect: 'google', status: 201 },
  ]) {
    it(`R63 without schemas the answer is ${status} in the dialect ${dialect}`, async () => {
      const scim = await client({ dialect })
      for (const [collection, body] of [
        ['/Users', { userName: 'ann' }],
        ['/Groups', { displayName: 'All' }],
      ] as const) {
        const answer = await scim.call('POST', collection, body)
        if (status === 400) assertScimError(answer, 400, 'invalidSyntax')
        else assert.equal(answer.status, 201, answer.text)
      }
    })
  }

  it('R63 the schema of another type is 400 invalidSyntax in every dialect', async () => {
    for (const dialect of ['rfc', 'entra', 'okta', 'onelogin', 'google', 'interop-strict']) {
      const scim = await client({ dialect })
      const body = { ...user('ann'), schemas: [groupUrn] }
      assertScimError(await scim.call('POST', '/Users', body), 400, 'invalidSyntax')
    }
  })

  it('R63 C3 row 72 unknown schema URIs are dropped and not echoed, in the dialect interop-strict refused', async () => {
    const legacy = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'
    const body = { schemas: [groupUrn, legacy], displayName: 'All', externalId: '8aa1a0c0' }
    for (const dialect of ['rfc', 'entra', 'okta']) {
      const created = await (await client({ dialect })).must('POST', '/Groups', body)
      assert.deepEqual(created.schemas, [groupUrn])
    }
    const strict = await client({ dialect: 'interop-strict' })
    assertScimError(await strict.call('POST', '/Groups', body), 400, 'invalidSyntax')
    const misplaced = user('ann', { department: 'Sales', [enterpriseUrn]: { title: 'x' } })
    const created = await (await client()).must('POST', '/Users', misplaced)
    assert.equal('department' in created || 'title' in created || enterpriseUrn in created, false)
    assertScimError(await strict.call('POST', '/Users', misplaced), 400, 'invalidSyntax')
  })

  it('R63 URNs of SCIM 1.1 and of drafts mean the current ones', async () => {
    const scim = await client({ dialect: 'onelogin' })
    const body = {
      schemas: ['urn:scim:schemas:core:2.0', 'urn:scim:schemas:extension:enterprise:2.0'],
      userName: 'ann',
      'urn:scim:schemas:extension:enterprise:2.0': { department: 'Sales' },
    }
    const created = await scim.must('POST', '/Users', body)
    assert.deepEqual(created[enterpriseUrn], { department: 'Sales' })
    assert.ok(created.schemas.includes(userUrn))
  })

  for (const [what, first, second] of [
    ['in another case', 'ann@example.com', 'ANN@Example.COM'],
    ['with a Kelvin sign', 'kim', '\u212Aim'],
    ['in full width', 'ann', 'ａｎｎ'],
    ['with a ligature', 'fi', 'ﬁ'],
    ['composed otherwise', 'zoe\u0308', 'zoë'],
    ['with blanks around', 'ann', ' ann '],
  ] as const) {
    it(`R64 row 66 the userName of another user ${what} is 409 uniqueness`, async () => {
      const scim = await client()
      await scim.must('POST', '/Users', user(first))
      assertScimError(await scim.call('POST', '/Users', user(second)), 409, 'uniqueness')
    })
  }

  it('R64 the same userName in another organization is 201', async () => {
    for (const scim of [await client(), await client()]) {
      assert.equal((await scim.call('POST', '/Users', user('ann'))).status, 201)
    }
  })

  for (const [what, userName] of [
    ['a zero-width space', 'an\u200Bn'],
    ['a zero-width joiner', 'an\u200Dn'],
    ['a byte order mark', '\uFEFFann'],
    ['a right-to-left override', 'an\u202En'],
    ['a NUL', 'an\u0000n'],
    ['a line break', 'an\nn'],
    ['10,000 characters', 'a'.repeat(10_000)],
  ]) {
    it(`R246 rows 66 67 a userName with ${what} is 400 invalidValue`, async () => {
      const scim = await client()
      assertScimError(await scim.call('POST', '/Users', user(userName!)), 400, 'invalidValue')
    })
  }

  it('R65 row 75 of many concurrent POSTs of one userName exactly one is 201', async () => {
    const scim = await client()
    const bodies = Array.from({ length: 40 }, (_, index) => user(index % 2 ? 'Race' : 'race'))
    const answers = await Promise.all(bodies.map((body) => scim.call('POST', '/Users', body)))
    const losers = answers.filter(({ status }) => status !== 201)
    assert.equal(losers.length, 39)
    for (const loser of losers) assertScimError(loser, 409, 'uniqueness')
    assert.equal((await scim.must('GET', '/Users')).totalResults, 1)
  })

  it('R66 what the server computes is ignored: groups, $ref and the display name of the manager', async () => {
    const scim = await client()
    const boss = await scim.must('POST', '/Users', user('boss', { displayName: 'The Boss' }))
    const body = user('ann', {
      groups: [{ value: 'x' }],
      [enterpriseUrn]: { manager: { value: boss.id, displayName: 'Somebody', $ref: 'https://evil.example' } },
    })
    const ann = await scim.must('POST', '/Users', body)
    assert.equal('groups' in ann, false)
    assert.deepEqual(ann[enterpriseUrn].manager, { value: boss.id, $ref: boss.meta.location, displayName: 'The Boss' })
  })

  it('R68 active is true unless the client says otherwise', async () => {
    const scim = await client()
    assert.equal((await scim.must('POST', '/Users', user('ann'))).active, true)
    assert.equal((await scim.must('POST', '/Users', user('bob', { active: false }))).active, false)
    assert.equal((await scim.must('POST', '/Users', user('cid', { active: true }))).active, true)
    assert.equal((await scim.must('POST', '/Users', user('dan', { active: 'False' }))).active, false)
    // `active` is false while somebody holds the user inactive, and null holds nobody.
    assert.equal((await scim.must('POST', '/Users', user('eve', { active: null }))).active, true)
    assert.equal((await scim.must('POST', '/Users', user('fay', { active: [] }))).active, true)
  })

  it('R69 attributes and excludedAttributes shape the 201', async () => {
    const scim = await client()
    const body = user('ann', { title: 'T', nickName: 'N' })
    const narrow = await scim.must('POST', '/Users?attributes=title', body)
    assert.deepEqual(Object.keys(narrow).sort(), ['id', 'schemas', 'title'])
    const wide = await scim.must('POST', '/Users?excludedAttributes=title,meta', { ...body, userName: 'bob' })
    assert.equal('title' in wide || 'meta' in wide, false)
    assert.equal(wide.nickName, 'N')
    const all = await scim.must(
      'POST',
      '/Groups?excludedAttributes=members',
      group('All', { members: [{ value: wide.id }] }),
    )
    assert.equal('members' in all, false)
  })

  it('R70 POST to a resource is 405, and to /Users/ the same as to /Users', async () => {
    const scim = await client()
    const created = await scim.call('POST', '/Users/', user('ann'))
    assert.equal(created.status, 201)
    assert.ok(created.body.meta.location.endsWith(`/Users/${created.body.id}`))
    assertScimError(await scim.call('POST', `/Users/${created.body.id}`, user('bob')), 405)
  })

  it('R71 row 88 a POST that is tried again is 409, the user is found by filter and can be patched', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const body = user('Ann@Example.com', { externalId: 'a-1' })
    const created = await scim.must('POST', '/Users', body)
    const changes = (await organization.admin('GET', '/changes')).items.length
    assertScimError(await scim.call('POST', '/Users', body), 409, 'uniqueness')
    assert.equal((await organization.admin('GET', '/changes')).items.length, changes)
    for (const filter of ['userName eq "ann@example.com"', 'externalId eq "a-1"']) {
      const found = await scim.must('GET', filtered(filter))
      assert.equal(found.Resources[0].id, created.id)
    }
    const patch = patchOp({ op: 'replace', path: 'title', value: 'T' })
    assert.equal((await scim.must('PATCH', `/Users/${created.id}`, patch)).title, 'T')
  })

  it('R73 row 76 a deleted userName is free again at once, with a new id, also while the tombstone exists', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const first = await scim.must('POST', '/Users', user('ann', { externalId: '1' }))
    assert.equal((await scim.call('DELETE', `/Users/${first.id}`)).status, 204)
    assertScimError(await scim.call('DELETE', `/Users/${first.id}`), 404)
    assert.equal((await organization.admin('GET', '/tombstones')).items.length, 1)
    const second = await scim.must('POST', '/Users', user('ANN', { externalId: '1' }))
    assert.notEqual(second.id, first.id)
    assert.equal((await scim.must('GET', '/Users')).totalResults, 1)
  })

  it('R62 JumpCloud makes and deletes a user and a group as its test, again and again', async () => {
    const scim = await client()
    for (let round = 0; round < 2; round += 1) {
      for (const [collection, body] of [
        ['/Users', user('jumpcloud-test')],
        ['/Groups', group('jumpcloud-test')],
      ] as const) {
        const { id } = await scim.must('POST', collection, body)
        assert.equal((await scim.call('DELETE', `${collection}/${id}`)).status, 204)
      }
    }
  })
})
