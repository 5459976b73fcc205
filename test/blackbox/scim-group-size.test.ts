import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crowd } from './crowd.ts'
import { addMembers, asMembers, makeGroup, membersOf } from './grouping.ts'
import { numbered, people } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, startUsher } from './usher.ts'

const usher = await startUsher()
const organization = await usher.organization()
const client = await organization.scimClient()
const ids = await crowd(usher, organization, client, 'person', 10_001)
const { _id: org } = (await usher.store.organizations.findOne({ slug: organization.slug }))!

/** Runs an action and gives the operations on memberships that it sent to the database. */
async function membershipWrites(action: () => Promise<unknown>): Promise<readonly number[]> {
  const { memberships } = usher.store
  const sizes: number[] = []
  const original = memberships.bulkWrite
  Object.assign(memberships, {
    bulkWrite: (...input: Parameters<typeof original>) => {
      sizes.push(input[1].length)
      return Reflect.apply(original, memberships, input)
    },
  })
  try {
    await action()
  } finally {
    Reflect.deleteProperty(memberships, 'bulkWrite')
  }
  return sizes
}

describe('large groups', () => {
  it('R272 R273 rows 79 80 83 5,000 members in one operation, read as a stream, with one more added', async () => {
    const first = ids.slice(0, 5_000)
    const crew = await makeGroup(client, 'Large')
    const path = `/Groups/${crew.id}`
    const patched = await client.call('PATCH', `${path}?excludedAttributes=members`, addMembers(...first))
    assert.equal(patched.status, 200, patched.text.slice(0, 300))
    const read = await client.call('GET', path)
    assert.equal(read.headers.get('transfer-encoding'), 'chunked')
    assert.equal(read.headers.get('etag'), patched.headers.get('etag'))
    assert.deepEqual(membersOf(read.body), first.toSorted())
    const added = await client.call('PATCH', `${path}?attributes=displayName`, addMembers(ids[5_000]!))
    assert.deepEqual(Object.keys(added.body).toSorted(), ['displayName', 'id', 'schemas'])
    const whole = await client.must('GET', `${path}?attributes=members.value`)
    assert.deepEqual(membersOf(whole), ids.slice(0, 5_001).toSorted())
    assert.deepEqual(Object.keys(whole.members[0]), ['value'])
    const reads = await Promise.all(Array.from({ length: 5 }, () => client.must('GET', path)))
    for (const one of reads) assert.equal(one.members.length, 5_001)
  })

  it('row 81 a full list with one difference is one write, by PUT as by PATCH', async () => {
    const some = ids.slice(0, 2_000)
    const crew = await makeGroup(client, 'Differing', some)
    const path = `/Groups/${crew.id}?excludedAttributes=members`
    const put = group('Differing', { members: asMembers(some.slice(1)) })
    assert.deepEqual(await membershipWrites(() => client.must('PUT', path, put)), [1])
    const replace = (members: readonly string[]) =>
      patchOp({ op: 'replace', path: 'members', value: asMembers(members) })
    assert.deepEqual(await membershipWrites(() => client.must('PATCH', path, replace(some.slice(2)))), [1])
    assert.deepEqual(await membershipWrites(() => client.must('PATCH', path, replace(some.slice(1)))), [1])
    assert.deepEqual(await membershipWrites(() => client.must('PATCH', path, replace(some.slice(1)))), [])
    const shown = await client.must('GET', `/Groups/${crew.id}`)
    assert.deepEqual(membersOf(shown), some.slice(1).toSorted())
  })

  it('row 80 8,000 members are one transaction; more than 10,000 are 413 and nothing is done', async () => {
    const crew = await makeGroup(client, 'Wide')
    const path = `/Groups/${crew.id}?excludedAttributes=members`
    const before = await client.must('GET', path)
    assertScimError(await client.call('PATCH', path, addMembers(...ids)), 413)
    assert.deepEqual(await client.must('GET', path), before)
    assert.deepEqual(
      await membershipWrites(() => client.must('PATCH', path, addMembers(...ids.slice(0, 8_000)))),
      [8_000],
    )
    assert.equal(await usher.store.memberships.count(org, { group: crew.id }), 8_000)
  })

  it('row 84 a user who is in many groups is gone from all of them at once, and their versions change', async () => {
    const [gone, stays] = await people(client, ['gone', 'stays'])
    const groups = await Promise.all(numbered('club', 40).map((name) => makeGroup(client, name, [gone!, stays!])))
    assert.equal((await client.call('DELETE', `/Users/${gone}`)).status, 204)
    const shown = await Promise.all(groups.map(({ id }) => client.must('GET', `/Groups/${id}`)))
    for (const [index, one] of shown.entries()) {
      assert.deepEqual(membersOf(one), [stays])
      assert.notEqual(one.meta.version, groups[index].meta.version)
    }
    assert.equal(await usher.store.memberships.count(org, { member: gone }), 0)
  })
})
