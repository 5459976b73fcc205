import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { assertScimError } from './scim-error.ts'
import { type Answer, group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const provisioningUrn = 'urn:usher:scim:schemas:provisioning:1.0:User'

async function client(settings: Readonly<Record<string, unknown>> = {}): Promise<ScimClient> {
  return (await usher.organization()).scimClient(settings)
}

const memberIds = (one: Answer['body']) => (one.members ?? []).map(({ value }: { value: string }) => value).sort()

/** RFC 7644 section 3.5.1. */
describe('PUT', () => {
  it('R81 answers 200 with the whole resource', async () => {
    const scim = await client()
    const { id } = await scim.must('POST', '/Users', user('ann'))
    const replaced = await scim.call('PUT', `/Users/${id}`, user('anna', { title: 'T' }))
    assert.equal(replaced.status, 200)
    assert.equal(replaced.body.userName, 'anna')
    assert.deepEqual(replaced.body, await scim.must('GET', `/Users/${id}`))
    const narrow = await scim.must('PUT', `/Users/${id}?attributes=userName`, user('ann'))
    assert.deepEqual(Object.keys(narrow).sort(), ['id', 'schemas', 'userName'])
  })

  it('R81 on an unknown id answers 404 and makes nothing', async () => {
    const scim = await client()
    const { id } = await scim.must('POST', '/Groups', group('All'))
    for (const unknown of ['3f1c9f4e-0000-7000-8000-000000000000', 'nobody', id]) {
      assertScimError(await scim.call('PUT', `/Users/${unknown}`, user('ann')), 404)
    }
    assert.equal((await scim.must('GET', '/Users')).totalResults, 0)
  })

  it('R82 what the server owns is ignored, another id in the body included', async () => {
    const scim = await client()
    const [ann, bob] = [await scim.must('POST', '/Users', user('ann')), await scim.must('POST', '/Users', user('bob'))]
    const body = user('ann', {
      id: bob.id,
      title: 'T',
      groups: [{ value: 'x' }],
      [provisioningUrn]: { state: 'locked' },
    })
    const replaced = await scim.must('PUT', `/Users/${ann.id}`, body)
    assert.equal(replaced.id, ann.id)
    assert.equal(replaced.title, 'T')
    assert.equal(replaced[provisioningUrn].state, 'active')
    assert.equal((await scim.must('GET', `/Users/${bob.id}`)).meta.version, bob.meta.version)
  })

  it('R83 the value of a member is immutable: a list with other members replaces the memberships', async () => {
    const scim = await client()
    const [ann, bob] = [await scim.must('POST', '/Users', user('ann')), await scim.must('POST', '/Users', user('bob'))]
    const all = await scim.must('POST', '/Groups', group('All', { members: [{ value: ann.id }] }))
    const path = `/Groups/${all.id}`
    const same = await scim.must('PUT', path, group('All', { members: [{ value: ann.id }] }))
    assert.deepEqual(same.meta, all.meta)
    assert.deepEqual(memberIds(await scim.must('PUT', path, group('All', { members: [{ value: bob.id }] }))), [bob.id])
    const patch = patchOp({ op: 'replace', path: `members[value eq "${bob.id}"].value`, value: ann.id })
    assertScimError(await scim.call('PATCH', path, patch), 400, 'mutability')
  })

  it('R84 without a required attribute answers 400 invalidValue and changes nothing', async () => {
    const scim = await client()
    const ann = await scim.must('POST', '/Users', user('ann'))
    const all = await scim.must('POST', '/Groups', group('All'))
    for (const value of [undefined, null, '', '  ']) {
      assertScimError(
        await scim.call('PUT', `/Users/${ann.id}`, { ...user('x'), userName: value }),
        400,
        'invalidValue',
      )
      assertScimError(
        await scim.call('PUT', `/Groups/${all.id}`, { ...group('x'), displayName: value }),
        400,
        'invalidValue',
      )
    }
    assert.deepEqual(await scim.must('GET', `/Users/${ann.id}`), ann)
    assert.deepEqual(await scim.must('GET', `/Groups/${all.id}`), all)
  })

  it('R85 R86 what it omits is cleared, extensions included; active stays', async () => {
    const scim = await client()
    const more = {
      title: 'T',
      name: { givenName: 'A', familyName: 'L' },
      emails: [{ value: 'a@b.c', type: 'work' }],
      externalId: 'x',
      active: false,
      [enterpriseUrn]: { department: 'Sales', manager: { value: 'm' } },
    }
    const { id } = await scim.must('POST', '/Users', user('ann', more))
    const partly = await scim.must(
      'PUT',
      `/Users/${id}`,
      user('ann', { name: { givenName: 'A' }, [enterpriseUrn]: { division: 'D' } }),
    )
    assert.deepEqual(partly.name, { givenName: 'A' })
    assert.deepEqual(partly[enterpriseUrn], { division: 'D' })
    const bare = await scim.must('PUT', `/Users/${id}`, user('ann'))
    for (const name of ['title', 'name', 'emails', 'externalId', enterpriseUrn]) assert.equal(name in bare, false, name)
    assert.ok(!bare.schemas.includes(enterpriseUrn))
    assert.equal(bare.active, false)
    assert.equal((await scim.must('PUT', `/Users/${id}`, user('ann', { active: true }))).active, true)
  })

  it('R85 null and the empty list clear as omission does', async () => {
    const scim = await client()
    const { id } = await scim.must('POST', '/Users', user('ann', { title: 'T', emails: [{ value: 'a@b.c' }] }))
    const body = user('ann', { title: null, emails: [], [enterpriseUrn]: null, name: {} })
    const cleared = await scim.must('PUT', `/Users/${id}`, body)
    for (const name of ['title', 'emails', enterpriseUrn, 'name']) assert.equal(name in cleared, false, name)
  })

  it("R87 a name of another resource is 409 uniqueness, one's own in another case is not", async () => {
    const scim = await client()
    const ann = await scim.must('POST', '/Users', user('ann'))
    await scim.must('POST', '/Users', user('bob'))
    assertScimError(await scim.call('PUT', `/Users/${ann.id}`, user('BOB')), 409, 'uniqueness')
    assert.equal((await scim.must('PUT', `/Users/${ann.id}`, user('Ann'))).userName, 'Ann')
    const all = await scim.must('POST', '/Groups', group('All'))
    await scim.must('POST', '/Groups', group('None'))
    assertScimError(await scim.call('PUT', `/Groups/${all.id}`, group('NONE')), 409, 'uniqueness')
    assert.equal((await scim.must('PUT', `/Groups/${all.id}`, group('ALL'))).displayName, 'ALL')
  })

  it('R88 members replaces the set; without them they are cleared, in the dialects of Okta and OneLogin kept', async () => {
    for (const { dialect, kept } of [
      { dialect: 'rfc', kept: false },
      { dialect: 'entra', kept: false },
      { dialect: 'google', kept: false },
      { dialect: 'interop-strict', kept: false },
      { dialect: 'okta', kept: true },
      { dialect: 'onelogin', kept: true },
    ]) {
      const scim = await client({ dialect })
      const ids: string[] = []
      for (const name of ['a', 'b', 'c']) ids.push((await scim.must('POST', '/Users', user(name))).id)
      const [a, b, c] = ids
      const all = await scim.must('POST', '/Groups', group('All', { members: [{ value: a }, { value: b }] }))
      const path = `/Groups/${all.id}`
      const replaced = await scim.must('PUT', path, group('All', { members: [{ value: b }, { value: c }] }))
      assert.deepEqual(memberIds(replaced), [b, c].sort())
      const omitted = await scim.must('PUT', path, group('Everybody'))
      assert.deepEqual(memberIds(omitted), kept ? [b, c].sort() : [], dialect)
      assert.deepEqual(memberIds(await scim.must('PUT', path, group('All', { members: [] }))), [], dialect)
    }
  })

  it('R88 R274 members that another source gave stay, and the answer is a success', async () => {
    const organization = await usher.organization()
    const [scim, other] = [await organization.scimClient(), await organization.scimClient()]
    const ann = await scim.must('POST', '/Users', user('ann'))
    const bob = await scim.must('POST', '/Users', user('bob'))
    const all = await other.must('POST', '/Groups', group('All', { members: [{ value: ann.id }] }))
    const replaced = await scim.call('PUT', `/Groups/${all.id}`, group('All', { members: [{ value: bob.id }] }))
    assert.equal(replaced.status, 200)
    assert.deepEqual(memberIds(replaced.body), [ann.id, bob.id].sort())
  })

  it('R89 identical content leaves version, lastModified and the change feed as they were', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const body = user('ann', {
      emails: [{ type: 'work', value: 'a@b.c', primary: true }],
      roles: [{ value: 'member' }],
    })
    const ann = await scim.must('POST', '/Users', body)
    const groupBody = group('All', { members: [{ value: ann.id }] })
    const all = await scim.must('POST', '/Groups', groupBody)
    const { items } = await organization.admin('GET', '/changes')
    usher.clock.offset += 1_000
    const again = await scim.call('PUT', `/Users/${ann.id}`, body)
    assert.deepEqual(again.body.meta, ann.meta)
    assert.equal(again.headers.get('etag'), ann.meta.version)
    assert.deepEqual((await scim.must('PUT', `/Groups/${all.id}`, groupBody)).meta, all.meta)
    assert.equal((await organization.admin('GET', '/changes')).items.length, items.length)
  })

  for (const dialect of ['rfc', 'entra', 'okta', 'onelogin', 'google', 'interop-strict']) {
    it(`R90 in the dialect ${dialect} what was read can be put back, and nothing changes`, async () => {
      const organization = await usher.organization()
      const [scim, other] = [await organization.scimClient({ dialect }), await organization.scimClient()]
      const connection = await organization.connection(provider, { scimClients: [] })
      const email = `ann@${organization.domain}`
      const claims = { sub: 'ann-1', email, email_verified: true, given_name: 'Ann', zoneinfo: 'Europe/Brussels' }
      const first = await connection.login(claims)
      assert.equal(first.body.outcome, 'created', first.text)
      const { id } = first.body.user
      await organization.admin('PUT', '/roles/manager', {})
      await organization.admin('PUT', '/roles/lead', {})
      await organization.admin('PUT', `/users/${id}/roles/manager`)
      const boss = await other.must('POST', '/Users', user('boss', { displayName: 'Boss' }))
      await other.must(
        'PATCH',
        `/Users/${id}`,
        patchOp(
          { op: 'add', path: 'roles', value: [{ value: 'lead', primary: true }] },
          { op: 'add', path: `${enterpriseUrn}:manager`, value: { value: boss.id } },
        ),
      )
      const all = await other.must('POST', '/Groups', group('All', { members: [{ value: id }] }))
      await scim.must(
        'PATCH',
        `/Groups/${all.id}`,
        patchOp({ op: 'add', path: 'members', value: [{ value: boss.id }] }),
      )

      for (const path of [`/Users/${id}`, `/Groups/${all.id}`]) {
        const read = await scim.must('GET', path)
        const changes = (await organization.admin('GET', '/changes')).items.length
        const provenance = await organization.admin('GET', `/users/${id}/provenance`)
        assert.deepEqual(await scim.must('PUT', path, read), read)
        assert.equal((await organization.admin('GET', '/changes')).items.length, changes, path)
        assert.deepEqual(await organization.admin('GET', `/users/${id}/provenance`), provenance)
      }
      const read = await scim.must('GET', `/Users/${id}`)
      const changed = await scim.must('PUT', `/Users/${id}`, { ...read, title: 'T', password: undefined })
      // the client manages the user from now on, by its title and nothing else
      const besides = { title: undefined, meta: undefined, [provisioningUrn]: undefined }
      assert.deepEqual({ ...changed, ...besides }, { ...read, ...besides })
      const { roles } = await organization.admin('GET', `/users/${id}/provenance`)
      assert.ok(!JSON.stringify(roles).includes(scim.id))
    })
  }

  it('R90 Okta reads, changes one thing and puts everything back, a password included', async () => {
    const scim = await client({ dialect: 'okta' })
    const { id } = await scim.must('POST', '/Users', {
      ...user('ann@example.com', { externalId: '00u1', name: { givenName: 'Ann', familyName: 'Lee' } }),
      emails: [{ primary: true, value: 'ann@example.com', type: 'work' }],
      displayName: 'Ann Lee',
      locale: 'en-US',
      groups: [],
      password: '1mz050nq',
      active: true,
    })
    const read = await scim.must('GET', `/Users/${id}`)
    const put = await scim.must('PUT', `/Users/${id}`, { ...read, active: false, password: '1mz050nq' })
    assert.deepEqual(
      { ...put, meta: 0, active: 0, [provisioningUrn]: 0 },
      { ...read, meta: 0, active: 0, [provisioningUrn]: 0 },
    )
    assert.equal(put.active, false)
    assert.equal((await scim.must('PUT', `/Users/${id}`, { ...put, active: true })).active, true)
  })

  it('R232 row 73 If-Match: stale or garbage is 412, * and the present version are obeyed', async () => {
    const scim = await client()
    const { id, meta } = await scim.must('POST', '/Users', user('ann'))
    const put = (tag: string, title: string) =>
      scim.call('PUT', `/Users/${id}`, user('ann', { title }), { 'if-match': tag })
    for (const tag of ['W/"0"', 'garbage', '"', '']) {
      assertScimError(await put(tag, 'no'), 412)
    }
    assert.equal((await put(meta.version, 'a')).status, 200)
    assertScimError(await put(meta.version, 'b'), 412)
    assert.equal((await put('*', 'c')).body.title, 'c')
  })
})
