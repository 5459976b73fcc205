import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertRefused, type Json } from './patching.ts'
import { group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const filtered = (path: string, filter: string) => `${path}?filter=${encodeURIComponent(filter)}`
const newClient = async (settings?: Json) => (await usher.organization()).scimClient(settings)

/** RFC 7644 section 3.6. */
describe('DELETE', () => {
  for (const [path, body] of [
    ['/Users', user('ann')],
    ['/Groups', group('Team')],
  ] as const) {
    it(`R149 row 76 ${path}: 204 without body, and then every method is 404 and no list has it`, async () => {
      const client = await newClient()
      const { id } = await client.must('POST', path, { ...body, externalId: 'x1' })
      const answer = await client.call('DELETE', `${path}/${id}`)
      assert.equal(answer.status, 204)
      assert.equal(answer.text, '')
      assert.equal(answer.headers.get('content-type'), null)
      for (const [method, sent] of [
        ['GET', undefined],
        ['PUT', body],
        ['PATCH', patchOp({ op: 'replace', path: 'displayName', value: 'X' })],
        ['DELETE', undefined],
      ] as const) {
        assertRefused(await client.call(method, `${path}/${id}`, sent), 404)
      }
      for (const filter of [`id eq "${id}"`, 'externalId eq "x1"', 'meta.created pr']) {
        assert.equal((await client.must('GET', filtered(path, filter))).totalResults, 0, filter)
      }
      assert.equal((await client.must('GET', path)).totalResults, 0)
    })
  }

  it('R149 C5 a deleted user is a tombstone inside and gone outside', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const { id } = await client.must('POST', '/Users', user('ann'))
    await client.must('DELETE', `/Users/${id}`)
    const { items } = await organization.admin('GET', '/tombstones')
    assert.deepEqual(
      items.map((one: Json) => one.user),
      [id],
    )
    assertRefused(await client.call('GET', `/Users/${id}`), 404)
  })

  it('R150 row 76 userName and externalId are free at once, and the new resource has a new id', async () => {
    const client = await newClient({ dialect: 'entra' })
    const body = user('ann', { externalId: 'x1' })
    const first = await client.must('POST', '/Users', body)
    await client.must('DELETE', `/Users/${first.id}`)
    const second = await client.call('POST', '/Users', body)
    assert.equal(second.status, 201, second.text)
    assert.notEqual(second.body.id, first.id)
    const team = await client.must('POST', '/Groups', group('Team'))
    await client.must('DELETE', `/Groups/${team.id}`)
    assert.notEqual((await client.must('POST', '/Groups', group('Team'))).id, team.id)
  })

  it('R151 a deleted user is in no group any more and cannot be added again', async () => {
    const { client, ann, bob, team } = await crew()
    await client.must('DELETE', `/Users/${ann}`)
    assert.deepEqual(await memberIds(client, team), [bob])
    assert.equal((await client.must('GET', filtered('/Groups', `members.value eq "${ann}"`))).totalResults, 0)
    const again = patchOp({ op: 'add', path: 'members', value: [{ value: ann }] })
    assertRefused(await client.call('PATCH', `/Groups/${team}`, again), 400, 'invalidValue')
  })

  it('R151 a deleted group is in no user and in no other group any more', async () => {
    const { client, ann, team } = await crew()
    const { id: outer } = await client.must('POST', '/Groups', group('Outer', { members: [{ value: team }] }))
    assert.equal((await client.must('GET', `/Users/${ann}`)).groups.length, 2)
    await client.must('DELETE', `/Groups/${team}`)
    assert.equal('groups' in (await client.must('GET', `/Users/${ann}`)), false)
    assert.deepEqual(await memberIds(client, outer), [])
    for (const filter of [`groups.value eq "${team}"`, `groups.value eq "${outer}"`]) {
      assert.equal((await client.must('GET', filtered('/Users', filter))).totalResults, 0)
    }
    const body = group('Other', { members: [{ value: team }] })
    assertRefused(await client.call('POST', '/Groups', body), 400, 'invalidValue')
  })

  it('R152 a collection cannot be deleted: 405', async () => {
    const client = await newClient()
    for (const path of ['/Users', '/Groups']) {
      const answer = await client.call('DELETE', path)
      assertRefused(answer, 405)
      assert.match(answer.headers.get('allow') ?? '', /GET.*POST/)
    }
  })

  it('R153 If-Match decides over a DELETE', async () => {
    const { client, ann, team } = await crew()
    for (const path of [`/Users/${ann}`, `/Groups/${team}`]) {
      const { meta } = await client.must('GET', path)
      assertRefused(await client.call('DELETE', path, undefined, { 'if-match': 'W/"other"' }), 412)
      assert.equal((await client.call('GET', path)).status, 200)
      assert.equal((await client.call('DELETE', path, undefined, { 'if-match': meta.version })).status, 204)
    }
  })

  it('R154 a group has a new version and time when a member disappears with its user', async () => {
    const { client, ann, team } = await crew()
    const before = await client.must('GET', `/Groups/${team}`)
    await client.must('DELETE', `/Users/${ann}`)
    const after = await client.must('GET', `/Groups/${team}`)
    assert.notEqual(after.meta.version, before.meta.version)
    assert.ok(after.meta.lastModified > before.meta.lastModified)
    assert.equal(after.meta.created, before.meta.created)
  })

  it('row 77 after a DELETE the old ETag finds nothing, and lists are right at once', async () => {
    const { client, ann } = await crew()
    const { meta } = await client.must('GET', `/Users/${ann}`)
    await client.must('DELETE', `/Users/${ann}`)
    assertRefused(await client.call('GET', `/Users/${ann}`, undefined, { 'if-none-match': meta.version }), 404)
    assert.equal((await client.must('GET', '/Users')).totalResults, 1)
  })
})

/** Two people in one group. */
async function crew() {
  const client = await newClient()
  const { id: ann } = await client.must('POST', '/Users', user('ann'))
  const { id: bob } = await client.must('POST', '/Users', user('bob'))
  const members = [{ value: ann }, { value: bob }]
  const { id: team } = await client.must('POST', '/Groups', group('Team', { members }))
  return { client, ann, bob, team }
}

async function memberIds(client: ScimClient, id: string): Promise<readonly string[]> {
  const { members = [] } = await client.must('GET', `/Groups/${id}`)
  return members.map(({ value }: Json) => value)
}
