import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertScimError } from './scim-error.ts'
import { type Answer, group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const provisioningUrn = 'urn:usher:scim:schemas:provisioning:1.0:User'
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

async function client(settings: Readonly<Record<string, unknown>> = {}): Promise<ScimClient> {
  return (await usher.organization()).scimClient(settings)
}

const idOf = ({ id }: { readonly id: string }) => id

/** RFC 7643 section 3.1. */
describe('common attributes', () => {
  it('R40 ids are issued by the server, unique over all types, stable, and never used again', async () => {
    const scim = await client()
    const made: Answer['body'][] = []
    for (const name of ['ann', 'bob']) made.push(await scim.must('POST', '/Users', user(name, { id: 'mine' })))
    for (const name of ['All', 'None']) made.push(await scim.must('POST', '/Groups', group(name, { id: 'mine' })))
    const ids = made.map(idOf)
    assert.equal(new Set(ids).size, 4)
    for (const id of ids) {
      assert.match(id, /^[\w-]{8,}$/)
      assert.doesNotMatch(id, /bulkId/i)
    }
    await scim.must('PUT', `/Users/${ids[0]}`, user('anna'))
    assert.equal((await scim.must('GET', `/Users/${ids[0]}`)).id, ids[0])
    await scim.call('DELETE', `/Users/${ids[0]}`)
    const anew = await scim.must('POST', '/Users', user('anna'))
    assert.ok(!ids.includes(anew.id))
  })

  it('R41 R66 R82 R50 row 50 id, meta and other values of the server are ignored in POST and PUT', async () => {
    const scim = await client()
    const mine = {
      id: 'mine',
      meta: {
        resourceType: 'Group',
        created: '2001-01-01T00:00:00Z',
        location: 'https://evil.example',
        version: '"9"',
      },
      groups: [{ value: 'g' }],
      [provisioningUrn]: { provisionedBy: 'admin', state: 'locked' },
      _id: 'x',
      org: 'x',
      version: 9,
      search: { userName: 'x' },
      sources: [],
    }
    const created = await scim.must('POST', '/Users', user('ann', mine))
    const replaced = await scim.must('PUT', `/Users/${created.id}`, user('ann', { ...mine, title: 'Engineer' }))
    for (const one of [created, replaced]) {
      assert.equal(one.id, created.id)
      assert.notEqual(one.id, 'mine')
      assert.equal(one.meta.resourceType, 'User')
      assert.equal(one.meta.created, created.meta.created)
      assert.match(one.meta.created, /^20[2-9]/)
      assert.equal(
        one.meta.location,
        `${usher.url}/scim/v2/${created.meta.location.split('/').at(-3)}/Users/${created.id}`,
      )
      assert.equal(one[provisioningUrn].provisionedBy, 'scim')
      assert.equal(one[provisioningUrn].state, 'active')
      for (const name of ['groups', '_id', 'org', 'version', 'search', 'sources'])
        assert.equal(one[name], undefined, name)
    }
  })

  it('R41 row 54 a PATCH of id or meta is 400 mutability, the identical id in a value without path is none', async () => {
    const scim = await client()
    const { id } = await scim.must('POST', '/Users', user('ann'))
    for (const operation of [
      { op: 'replace', path: 'id', value: 'other' },
      { op: 'replace', value: { id: 'other' } },
      { op: 'replace', path: 'meta.created', value: '2001-01-01T00:00:00Z' },
      { op: 'add', value: { meta: { version: 'x' } } },
      { op: 'remove', path: 'id' },
      { op: 'remove', path: 'meta' },
    ]) {
      assertScimError(await scim.call('PATCH', `/Users/${id}`, patchOp(operation)), 400, 'mutability')
    }
    const same = await scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'replace', value: { id, displayName: 'Ann' } }))
    assert.equal(same.displayName, 'Ann')
  })

  it('R42 schemas follow from the attributes: the extension comes and goes with its values', async () => {
    const scim = await client()
    const extensions = (one: Answer['body']) =>
      one.schemas.filter((urn: string) => urn !== userUrn && urn !== provisioningUrn)
    const created = await scim.must('POST', '/Users', user('ann', { [enterpriseUrn]: { department: 'Sales' } }))
    assert.equal(created.schemas[0], userUrn)
    assert.equal(new Set(created.schemas).size, created.schemas.length)
    assert.deepEqual(extensions(created), [enterpriseUrn])
    const path = `/Users/${created.id}`
    const removed = await scim.must('PATCH', path, patchOp({ op: 'remove', path: `${enterpriseUrn}:department` }))
    assert.deepEqual(extensions(removed), [])
    assert.equal(removed[enterpriseUrn], undefined)
    const added = await scim.must('PATCH', path, patchOp({ op: 'add', path: `${enterpriseUrn}:division`, value: 'D' }))
    assert.deepEqual(extensions(added), [enterpriseUrn])
    const declared = { schemas: [enterpriseUrn, userUrn, enterpriseUrn], userName: 'ann', [enterpriseUrn]: {} }
    assert.deepEqual(extensions(await scim.must('PUT', path, declared)), [])
  })

  it('R43 externalId is kept as the client gave it, in its case, and never made up', async () => {
    const organization = await usher.organization()
    const [scim, other] = [await organization.scimClient(), await organization.scimClient()]
    const ann = await scim.must('POST', '/Users', user('ann', { externalId: 'Ann-ÄÖ/1' }))
    const bob = await scim.must('POST', '/Users', user('bob'))
    assert.equal(ann.externalId, 'Ann-ÄÖ/1')
    assert.equal('externalId' in bob, false)
    const count = async (by: ScimClient, value: string) =>
      (await by.must('GET', `/Users?filter=${encodeURIComponent(`externalId eq "${value}"`)}`)).totalResults
    assert.equal(await count(scim, 'Ann-ÄÖ/1'), 1)
    assert.equal(await count(scim, 'ann-äö/1'), 0)
    assert.equal(await count(other, 'Ann-ÄÖ/1'), 0)
    assert.equal('externalId' in (await other.must('GET', `/Users/${ann.id}`)), false)
    assert.equal(
      (await other.must('PUT', `/Users/${ann.id}`, user('ann', { externalId: 'theirs' }))).externalId,
      'theirs',
    )
    assert.equal((await scim.must('GET', `/Users/${ann.id}`)).externalId, 'Ann-ÄÖ/1')
  })

  for (const { dialect, own, foreign } of [
    { dialect: 'rfc', own: 201, foreign: 201 },
    { dialect: 'entra', own: 409, foreign: 201 },
    { dialect: 'okta', own: 409, foreign: 201 },
    { dialect: 'onelogin', own: 409, foreign: 201 },
    { dialect: 'google', own: 409, foreign: 201 },
    { dialect: 'interop-strict', own: 409, foreign: 409 },
  ]) {
    it(`R43 C18 a second externalId in the dialect ${dialect}: ${own} from one client, ${foreign} from two`, async () => {
      const organization = await usher.organization()
      const [scim, other] = [await organization.scimClient({ dialect }), await organization.scimClient({ dialect })]
      await scim.must('POST', '/Users', user('ann', { externalId: '1' }))
      const answer = await scim.call('POST', '/Users', user('bob', { externalId: '1' }))
      if (own === 409) assertScimError(answer, 409, 'uniqueness')
      else assert.equal(answer.status, own)
      const second = await other.call('POST', '/Users', user('cid', { externalId: '1' }))
      if (foreign === 409) assertScimError(second, 409, 'uniqueness')
      else assert.equal(second.status, foreign, second.text)
    })
  }

  it('R44 R60 meta says when: created equals lastModified at first, created stays, lastModified follows real changes', async () => {
    const scim = await client()
    for (const [collection, body, more] of [
      ['/Users', user('ann'), { title: 'Engineer' }],
      ['/Groups', group('All'), { externalId: 'x' }],
    ] as const) {
      const { id, meta } = await scim.must('POST', collection, body)
      const path = `${collection}/${id}`
      assert.match(meta.created, timestamp)
      assert.equal(meta.lastModified, meta.created)
      assert.equal(meta.resourceType, collection.slice(1, -1))
      usher.clock.offset += 1_000
      const same = await scim.must('PUT', path, body)
      assert.deepEqual(same.meta, meta)
      const changed = await scim.must('PUT', path, { ...body, ...more })
      assert.equal(changed.meta.created, meta.created)
      assert.match(changed.meta.lastModified, timestamp)
      assert.ok(changed.meta.lastModified > meta.lastModified)
      assert.notEqual(changed.meta.version, meta.version)
    }
  })

  it('R44 R60 R186 roles, which can only be read, say when they were made and last changed', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    await organization.admin('PUT', '/roles/editor', { displayName: 'Editor' })
    const made = await scim.must('GET', '/Roles/editor')
    assert.match(made.meta.created, timestamp)
    assert.equal(made.meta.lastModified, made.meta.created)
    usher.clock.offset += 1_000
    await organization.admin('PUT', '/roles/editor', { displayName: 'Editor' })
    assert.deepEqual(await scim.must('GET', '/Roles/editor'), made)
    await organization.admin('PUT', '/roles/editor', { displayName: 'Editor', description: 'Edits' })
    const changed = await scim.must('GET', '/Roles/editor')
    assert.equal(changed.description, 'Edits')
    assert.equal(changed.meta.created, made.meta.created)
    assert.ok(changed.meta.lastModified > made.meta.lastModified)
    assert.notEqual(changed.meta.version, made.meta.version)
    const since = `meta.lastModified gt "${made.meta.lastModified}"`
    const found = await scim.must('GET', `/Roles?filter=${encodeURIComponent(since)}`)
    assert.deepEqual([found.totalResults, found.Resources[0].id], [1, 'editor'])
    const order = await scim.must('GET', '/Roles?sortBy=meta.lastModified&sortOrder=descending')
    assert.equal(order.Resources[0].id, 'editor')
  })

  it('R45 R46 location and version stand in meta and in the headers, and the location leads to the resource', async () => {
    const scim = await client()
    for (const [collection, body] of [
      ['/Users', user('ann')],
      ['/Groups', group('All')],
    ] as const) {
      const created = await scim.call('POST', collection, body)
      const path = `${collection}/${created.body.id}`
      const answers = [
        created,
        await scim.call('GET', path),
        await scim.call('PUT', path, { ...body, externalId: 'x' }),
        await scim.call('PATCH', path, patchOp({ op: 'replace', path: 'externalId', value: 'y' })),
      ]
      for (const { headers, body: shown } of answers) {
        assert.equal(headers.get('location') ?? headers.get('content-location'), shown.meta.location)
        assert.equal(headers.get('etag'), shown.meta.version)
        assert.match(shown.meta.version, /^W\/".+"$/)
      }
      const headers = { authorization: `Bearer ${scim.token}` }
      const followed = await fetch(created.body.meta.location, { headers })
      assert.deepEqual(await followed.json(), await scim.must('GET', path))
    }
  })
})

/** RFC 7643 sections 2.1 to 2.5. */
describe('the form of resources', () => {
  it('R47 names of attributes are read in any case and shown in their own', async () => {
    const scim = await client()
    const body = {
      SCHEMAS: [userUrn.toUpperCase()],
      USERNAME: 'Ann',
      Name: { GIVENNAME: 'Ann', familyname: 'Lee' },
      eMails: [{ VALUE: 'ann@example.com', Type: 'work', PRIMARY: true }],
      [enterpriseUrn.toUpperCase()]: { Department: 'Sales' },
    }
    const created = await scim.must('POST', '/Users', body)
    assert.equal(created.userName, 'Ann')
    assert.deepEqual(created.name, { givenName: 'Ann', familyName: 'Lee' })
    assert.deepEqual(created.emails, [{ value: 'ann@example.com', type: 'work', primary: true }])
    assert.deepEqual(created[enterpriseUrn], { department: 'Sales' })
  })

  it('R47 row 16 two spellings of one name are 400 invalidSyntax, of the same name the last is taken', async () => {
    const scim = await client()
    for (const more of [
      { USERNAME: 'bob' },
      { name: { givenName: 'A', GivenName: 'B' } },
      { emails: [{ value: 'a', Value: 'b' }] },
      { name: {}, NAME: {} },
      { [enterpriseUrn]: {}, [enterpriseUrn.toLowerCase()]: {} },
    ]) {
      assertScimError(await scim.call('POST', '/Users', user('ann', more)), 400, 'invalidSyntax')
    }
    const twice = `{"schemas":["${userUrn}"],"userName":"first","userName":"last"}`
    assert.equal((await scim.must('POST', '/Users', twice)).userName, 'last')
  })

  it('R48 row 89 null, the empty list and the empty text are no values, and what has no value is not shown', async () => {
    const scim = await client()
    const nothing = {
      title: null,
      nickName: '',
      name: { givenName: null, familyName: '' },
      emails: [],
      phoneNumbers: null,
      addresses: [{}, null],
      photos: [{ type: 'photo', value: null }],
      [enterpriseUrn]: { department: null },
    }
    const created = await scim.must('POST', '/Users', user('ann', nothing))
    for (const name of ['title', 'nickName', 'name', 'emails', 'phoneNumbers', 'addresses', enterpriseUrn]) {
      assert.equal(name in created, false, name)
    }
    assert.ok((created.photos ?? []).every((photo: object) => !('value' in photo)))
    const full = await scim.must(
      'PUT',
      `/Users/${created.id}`,
      user('ann', { title: 'T', emails: [{ value: 'a@b.c' }] }),
    )
    assert.equal(full.title, 'T')
    const cleared = await scim.must('PUT', `/Users/${created.id}`, user('ann', { title: null, emails: [] }))
    assert.equal('title' in cleared, false)
    assert.equal('emails' in cleared, false)
  })

  it('R59 the order of members does not matter', async () => {
    const scim = await client()
    const body = `{"title":"T","name":{"familyName":"L","givenName":"A"},"userName":"ann","schemas":["${userUrn}"]}`
    const created = await scim.must('POST', '/Users', body)
    const put = user('ann', { name: { givenName: 'A', familyName: 'L' }, title: 'T' })
    assert.equal((await scim.must('PUT', `/Users/${created.id}`, put)).meta.version, created.meta.version)
  })

  it('R58 $ref is made by the server and leads to the resource', async () => {
    const scim = await client()
    const ann = await scim.must('POST', '/Users', user('ann'))
    const members = [{ value: ann.id, $ref: '../Users/nobody', display: 'Somebody' }]
    const all = await scim.must('POST', '/Groups', group('All', { members }))
    assert.equal(all.members[0].$ref, ann.meta.location)
    const { groups } = await scim.must('GET', `/Users/${ann.id}`)
    assert.equal(groups[0].$ref, all.meta.location)
    const bob = await scim.must('POST', '/Users', user('bob', { [enterpriseUrn]: { manager: { value: ann.id } } }))
    assert.equal(bob[enterpriseUrn].manager.$ref, ann.meta.location)
  })
})
