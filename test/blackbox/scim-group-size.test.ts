import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { UsherError } from '../../src/errors.ts'
import { crowd, load } from './crowd.ts'
import { addMembers, asMembers, makeGroup, membershipWrites, membersOf, watching } from './grouping.ts'
import { numbered, people } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, startUsher } from './usher.ts'

const usher = await startUsher()
const organization = await usher.organization()
const client = await organization.scimClient()
const ids = await crowd(usher, organization, client, 'person', 10_001)
const { _id: org } = (await usher.store.organizations.findOne({ slug: organization.slug }))!

describe('large groups', () => {
  it('R272 R273 rows 79 80 83: 5,000 members in one operation, read as a stream, with one more added', async () => {
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
    assert.deepEqual(await membershipWrites(usher, () => client.must('PUT', path, put)), [1])
    const replace = (members: readonly string[]) =>
      patchOp({ op: 'replace', path: 'members', value: asMembers(members) })
    assert.deepEqual(await membershipWrites(usher, () => client.must('PATCH', path, replace(some.slice(2)))), [1])
    assert.deepEqual(await membershipWrites(usher, () => client.must('PATCH', path, replace(some.slice(1)))), [1])
    assert.deepEqual(await membershipWrites(usher, () => client.must('PATCH', path, replace(some.slice(1)))), [])
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
      await membershipWrites(usher, () => client.must('PATCH', path, addMembers(...ids.slice(0, 8_000)))),
      [8_000],
    )
    assert.equal(await usher.store.memberships.count(org, { group: crew.id }), 8_000)
  })

  it('a list of more than 1 MiB is read when its length is said before, and refused otherwise', async () => {
    const crew = await makeGroup(client, 'Long')
    const many = Array.from({ length: 25_000 }, () => randomUUID())
    const text = JSON.stringify(group('Long', { members: asMembers(many) }))
    const put = (body: ReadableStream | string) =>
      fetch(`${usher.url}/scim/v2/${organization.slug}/Groups/${crew.id}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${client.token}`, 'content-type': 'application/scim+json' },
        body,
        duplex: 'half',
      } as RequestInit)
    for (const [body, reason] of [
      [new Blob([text]).stream(), /bytes/],
      [text, /memberships/],
    ] as const) {
      const answer = await put(body)
      assert.equal(answer.status, 413)
      assert.match(((await answer.json()) as { readonly detail: string }).detail, reason)
    }
  })

  it('members that cannot be looked up in time are 503, since there is nothing to narrow down', async () => {
    const crew = await makeGroup(client, 'Slow')
    const slow = () => {
      throw new UsherError('too_many', 'The request would examine too many resources.')
    }
    const answer = await watching(usher.store.users, 'find', slow, () =>
      client.call('PATCH', `/Groups/${crew.id}`, addMembers(...ids.slice(0, 2))),
    )
    assertScimError(answer, 503)
    assert.notEqual(answer.headers.get('retry-after'), null)
  })

  it('row 84 R154 a user who is in 5,000 groups is gone from all of them at once, and each has changed', async () => {
    const [gone, stays] = await people(client, ['gone', 'stays'])
    const clubs = await manyGroups('club', 5_000, [gone!, stays!])
    const some = [clubs[0]!, clubs[2_500]!, clubs.at(-1)!]
    const read = (ids: readonly string[]) => Promise.all(ids.map((id) => client.must('GET', `/Groups/${id}`)))
    const before = await read(some)
    const filter = encodeURIComponent(`members.value eq "${gone}"`)
    const seen = new Set<number>()
    let over = false
    const watcher = (async () => {
      while (!over) seen.add((await client.must('GET', `/Groups?count=0&filter=${filter}`)).totalResults)
    })()
    assert.equal((await client.call('DELETE', `/Users/${gone}`)).status, 204)
    over = true
    await watcher
    assert.deepEqual(
      [...seen].filter((count) => count !== 0 && count !== 5_000),
      [],
      'nobody sees half of it',
    )
    for (const [index, one] of (await read(some)).entries()) {
      assert.deepEqual(membersOf(one), [stays])
      assert.notEqual(one.meta.version, before[index].meta.version)
    }
    assert.equal(await usher.store.memberships.count(org, { member: gone }), 0)
    const records = await usher.store.changes.find(org, { 'resource.type': 'Group', 'resource.id': { $in: clubs } })
    assert.deepEqual(records.map(({ resource }) => resource.id).sort(), clubs.toSorted())
    assert.deepEqual(
      new Set(records.map(({ operations }) => JSON.stringify(operations[0]?.data))),
      new Set([JSON.stringify(patchOp({ op: 'remove', path: `members[value eq "${gone}"]` }))]),
    )
  })

  it('a user who is in more groups than one transaction takes is gone at once; the rest follows', async () => {
    const [gone] = await people(client, ['everywhere'])
    const clubs = await manyGroups('circle', 300, [gone!])
    const elsewhere = numbered('nowhere', 9_800)
    await load(usher, 'memberships', edgesOf(elsewhere, [gone!]))
    assert.equal((await client.call('DELETE', `/Users/${gone}`)).status, 204)
    for (const id of [clubs[0], clubs.at(-1)]) {
      assert.equal((await client.must('GET', `/Groups/${id}`)).members, undefined)
    }
    await sweptAway({ member: gone })
    const records = await usher.store.changes.find(org, { action: 'patch', 'resource.id': { $in: clubs } })
    assert.deepEqual(records.map(({ resource }) => resource.id).sort(), clubs.toSorted(), 'one record a group')
    assert.equal(await usher.store.changes.count(org, { 'resource.id': { $in: elsewhere } }), 0)
  })

  it('R273 a list of groups is written group by group, as each is read by itself', async () => {
    const sizes = [0, 1, 1_999, 0, 2_500, 3]
    const made = []
    for (const [index, size] of sizes.entries()) made.push(await makeGroup(client, `List ${index}`, ids.slice(0, size)))
    const filter = encodeURIComponent('displayName sw "List"')
    const read = async (query: string) => client.call('GET', `/Groups?filter=${filter}&${query}`)
    const whole = await read('sortBy=displayName&sortOrder=descending')
    assert.equal(whole.headers.get('transfer-encoding'), 'chunked')
    assert.equal(whole.body.itemsPerPage, sizes.length)
    const alone = await Promise.all(made.toReversed().map(({ id }) => client.must('GET', `/Groups/${id}`)))
    assert.deepEqual(whole.body.Resources, alone)
    const values = await read('attributes=members.value&cursor=&count=5')
    assert.equal(values.body.Resources.length, 5)
    for (const { id, members = [] } of values.body.Resources) {
      const one = alone.find((each) => each.id === id)
      assert.deepEqual(membersOf({ members }), membersOf(one))
      assert.ok(members.every((member: object) => Object.keys(member).join() === 'value'))
    }
    const few = await client.call('GET', `/Groups?filter=${encodeURIComponent('displayName eq "List 1"')}`)
    assert.notEqual(few.headers.get('content-length'), null)
    assert.equal(few.body.Resources[0].members.length, 1)
  })
})

/** Resolves when no such membership is left; fails by the time limit of the test. */
async function sweptAway(query: object): Promise<void> {
  while ((await usher.store.memberships.count(org, { ...query })) > 0) await usher.app.background.wake('memberships')
}

/** Groups like one that the API made, each with these members. */
async function manyGroups(prefix: string, length: number, members: readonly string[]): Promise<readonly string[]> {
  const { id } = await makeGroup(client, `${prefix}-original`)
  const { _id: _, keys = [], ...original } = (await usher.store.groups.findOne(org, { _id: id }))!
  const groups = numbered(prefix, length).map((displayName) => ({
    ...original,
    _id: randomUUID(),
    resource: { ...original.resource, displayName },
    search: { ...original.search, displayName },
    keys: keys.map((key) => key.replace(`${prefix}-original`, displayName)),
  }))
  await load(usher, 'groups', groups)
  const made = groups.map(({ _id }) => _id)
  await load(usher, 'memberships', edgesOf(made, members))
  return made
}

function edgesOf(groups: readonly string[], members: readonly string[]) {
  const sources = [{ source: `scim:${client.id}`, at: new Date() }]
  return groups.flatMap((group) => members.map((member) => ({ org, group, member, kind: 'User', sources })))
}
