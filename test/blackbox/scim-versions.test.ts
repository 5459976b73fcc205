import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { list } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const title = (value: string) => patchOp({ op: 'replace', path: 'title', value })
const bulkUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'

async function makeAnn(settings = {}) {
  const client = await (await usher.organization()).scimClient(settings)
  const made = await client.call('POST', '/Users', user('ann@example.com', { title: 'One' }))
  return { client, made, path: `/Users/${made.body.id}`, version: made.body.meta.version as string }
}

describe('versions (RFC 7644 section 3.14)', () => {
  it('R234 every answer about one resource has its ETag, 204 too', async () => {
    for (const dialect of ['rfc', 'entra']) {
      const { client, made, path, version } = await makeAnn({ dialect })
      assert.match(version, /^W\/"[^"]+"$/)
      assert.equal(made.headers.get('etag'), version)
      assert.equal((await client.call('GET', path)).headers.get('etag'), version)
      const patched = await client.call('PATCH', path, title('Two'))
      assert.equal(patched.status, dialect === 'entra' ? 204 : 200)
      const second = patched.headers.get('etag')
      assert.match(second ?? '', /^W\/"[^"]+"$/)
      assert.notEqual(second, version)
      const put = await client.call('PUT', path, user('ann@example.com', { title: 'Three' }))
      assert.equal(put.headers.get('etag'), put.body.meta.version)
      assert.notEqual(put.body.meta.version, second)
      const hidden = await client.call('GET', `${path}?attributes=userName`)
      assert.equal(hidden.headers.get('etag'), put.body.meta.version)
    }
  })

  it('R235 the version changes with each change and not otherwise, and is one in every answer', async () => {
    const { client, path, version, made } = await makeAnn()
    const same = await client.must('PATCH', path, title('One'))
    assert.deepEqual(same.meta, made.body.meta)
    const { id, meta, ...rest } = same
    assert.deepEqual((await client.must('PUT', path, rest)).meta, made.body.meta)
    const changed = await client.must('PATCH', path, title('Two'))
    assert.notEqual(changed.meta.version, version)
    const listed = (await list(client, '/Users')).Resources[0]
    assert.equal(listed.meta.version, changed.meta.version)
    const bulk = await client.must('POST', '/Bulk', {
      schemas: [bulkUrn],
      Operations: [{ method: 'PATCH', path, data: title('Two') }],
    })
    assert.equal(bulk.Operations[0].version, changed.meta.version)
    const found = await list(client, '/Users', { filter: `meta.version eq ${JSON.stringify(changed.meta.version)}` })
    assert.equal(found.totalResults, 1)
  })

  it('R236 If-None-Match with the current version, by weak comparison, is 304 without a body', async () => {
    const { client, path, version } = await makeAnn()
    const crew = await client.must('POST', '/Groups', group('Crew'))
    for (const [target, current] of [
      [path, version],
      [`/Groups/${crew.id}`, crew.meta.version],
    ]) {
      for (const tag of [current, current.slice(2), `"other", ${current}`, '*', `  ${current}  `]) {
        const answer = await client.call('GET', target, undefined, { 'if-none-match': tag })
        assert.equal(answer.status, 304, tag)
        assert.equal(answer.text, '')
        assert.equal(answer.headers.get('etag'), current)
      }
      for (const tag of ['W/"other"', '"other", "more"', 'nonsense']) {
        assert.equal((await client.call('GET', target, undefined, { 'if-none-match': tag })).status, 200, tag)
      }
    }
    await client.must('PATCH', path, title('Two'))
    assert.equal((await client.call('GET', path, undefined, { 'if-none-match': version })).status, 200)
  })

  it('R237 If-Match with another version is 412 and changes nothing; with the current one or * it applies', async () => {
    const { client, path, version } = await makeAnn()
    const body = user('ann@example.com', { title: 'Put' })
    const before = await client.must('GET', path)
    for (const [method, sent] of [
      ['PUT', body],
      ['PATCH', title('Two')],
      ['DELETE', undefined],
    ] as const) {
      for (const tag of ['W/"other"', '"other", W/"more"']) {
        assertScimError(await client.call(method, path, sent, { 'if-match': tag }), 412)
      }
    }
    assert.deepEqual(await client.must('GET', path), before)
    const first = await client.must('PATCH', path, title('Two'), { 'if-match': `"other", ${version}` })
    assertScimError(await client.call('PATCH', path, title('Three'), { 'if-match': version }), 412)
    const second = await client.must('PUT', path, body, { 'if-match': first.meta.version })
    await client.must('PATCH', path, title('Three'), { 'if-match': '*' })
    assertScimError(await client.call('DELETE', path, undefined, { 'if-match': second.meta.version }), 412)
    assert.equal((await client.call('DELETE', path, undefined, { 'if-match': '*' })).status, 204)
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const sent = method === 'DELETE' ? undefined : method === 'PUT' ? body : title('x')
      const answer = await client.call(method, path, sent, { 'if-match': '*' })
      assert.ok(answer.status === 404 || answer.status === 412, answer.text)
    }
  })

  it('R238 a malformed If-Match is 412, not ignored', async () => {
    const { client, path } = await makeAnn()
    for (const tag of ['nonsense', 'W/1', '"open', 'W/"1" W/"2"', ',', '*, W/"1"', "W/'1'"]) {
      assertScimError(await client.call('PATCH', path, title('Two'), { 'if-match': tag }), 412)
      assertScimError(await client.call('DELETE', path, undefined, { 'if-match': tag }), 412)
    }
    assert.equal((await client.must('GET', path)).title, 'One')
  })

  it('R239 of many writers with one version a single one wins, of a user as of a group', async () => {
    const { client, path, version, made } = await makeAnn()
    const crew = await client.must('POST', '/Groups', group('Crew'))
    const statuses = async (writes: readonly Promise<{ status: number }>[]) =>
      (await Promise.all(writes)).map(({ status }) => status).toSorted()
    const oneOf = (count: number) => [200, ...Array.from({ length: count - 1 }, () => 412)]
    const writes = Array.from({ length: 12 }, (_, index) =>
      client.call('PATCH', path, title(`writer ${index}`), { 'if-match': version }),
    )
    assert.deepEqual(await statuses(writes), oneOf(12))
    const others = await Promise.all(
      Array.from({ length: 8 }, (_, index) => client.must('POST', '/Users', user(`member-${index}`))),
    )
    const adds = others.map(({ id }) =>
      client.call('PATCH', `/Groups/${crew.id}`, patchOp({ op: 'add', path: 'members', value: [{ value: id }] }), {
        'if-match': crew.meta.version,
      }),
    )
    assert.deepEqual(await statuses(adds), oneOf(8))
    assert.equal((await client.must('GET', `/Groups/${crew.id}`)).members.length, 1)
    assert.ok(made.body.id)
  })

  it("R240 a group's version follows its members; a user's does not follow groups, roles and logins", async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const connection = await organization.connection(provider)
    const email = `ann@${organization.domain}`
    const claims = { sub: 'ann-1', email, email_verified: true }
    const { id } = (await connection.login(claims)).body.user
    const before = await client.must('GET', `/Users/${id}`)
    const crew = await client.must('POST', '/Groups', group('Crew'))
    const member = (op: string) =>
      client.must(
        'PATCH',
        `/Groups/${crew.id}`,
        op === 'add'
          ? patchOp({ op, path: 'members', value: [{ value: id }] })
          : patchOp({ op, path: `members[value eq "${id}"]` }),
      )
    const versions = [crew.meta.version, (await member('add')).meta.version]
    const withMember = await client.must('GET', `/Groups/${crew.id}`)
    assert.equal(withMember.meta.version, versions[1])
    assert.equal((await list(client, '/Groups')).Resources[0].meta.version, versions[1])
    assert.ok(withMember.meta.lastModified > crew.meta.lastModified)
    versions.push((await member('remove')).meta.version)
    assert.equal(new Set(versions).size, 3)
    await member('add')
    await organization.admin('PUT', '/roles/helper', { groups: [crew.id] })
    assert.equal((await connection.login({ ...claims, jti: 'again' })).body.outcome, 'unchanged')
    const after = await client.must('GET', `/Users/${id}`)
    assert.equal(after.groups.length, 1)
    assert.deepEqual(after.roles.map(({ value }: { value: string }) => value).toSorted(), ['helper', 'member'])
    assert.deepEqual(after.meta, before.meta)
  })

  it('R44 the lastModified of a group follows its members, and filters and sorts see the one that is shown', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const names = ['One', 'Two', 'Three']
    const ids: string[] = []
    for (const name of names) ids.push((await client.must('POST', '/Groups', group(name))).id)
    const { id: ann } = await client.must('POST', '/Users', user('ann'))
    const last = (await client.must('GET', `/Groups/${ids[2]}`)).meta.lastModified
    const find = async (query: Readonly<Record<string, string>>) => {
      const found = await client.must('GET', `/Groups?${new URLSearchParams(query)}`)
      return found.Resources.map(({ displayName }: { displayName: string }) => displayName)
    }
    const descending = { sortBy: 'meta.lastModified', sortOrder: 'descending' }
    const joining = patchOp({ op: 'add', path: 'members', value: [{ value: ann }] })
    for (const [id, name, order] of [
      [ids[0], 'One', ['One', 'Three', 'Two']],
      [ids[1], 'Two', ['Two', 'One', 'Three']],
    ] as const) {
      const { meta } = await client.must('PATCH', `/Groups/${id}`, joining)
      assert.ok(meta.lastModified > last)
      assert.deepEqual(await find(descending), order)
      assert.deepEqual(await find({ filter: `meta.lastModified eq "${meta.lastModified}"` }), [name])
      assert.deepEqual(await find({ filter: `meta.lastModified ge "${meta.lastModified}"` }), [name])
      assert.deepEqual(
        await find({ filter: `meta.lastModified lt "${last}"` }),
        names.slice(names.indexOf(name) + 1, 2),
      )
    }
    const { body } = await client.call(
      'GET',
      `/Groups?${new URLSearchParams({ ...descending, cursor: '', count: '1' })}`,
    )
    assert.equal(body.Resources[0].displayName, 'Two')
  })

  it('R241 If-None-Match: * on a POST has no effect', async () => {
    const { client } = await makeAnn()
    const answer = await client.call('POST', '/Users', user('bob@example.com'), { 'if-none-match': '*' })
    assert.equal(answer.status, 201, answer.text)
  })
})
