import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, bulk, postGroup, postUser, statusesOf } from './bulking.ts'
import { list } from './listing.ts'
import { type Answer, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const membersOf = ({ members = [] }: Answer['body']): readonly string[] =>
  members.map(({ value }: { value: string }) => value).toSorted()
const withManager = (value: string) => ({ [enterprise]: { manager: { value } } })

describe('references within a Bulk (RFC 7644 section 3.7.2)', () => {
  it('R222 bulkId: stands for the id in values, in filters and in paths', async () => {
    const client = await newClient()
    const results = await bulk(client, [
      postUser('ann', 'ann'),
      postUser('bob', 'bob', withManager('bulkId:ann')),
      postGroup('crew', 'Crew', ['bulkId:ann']),
      {
        method: 'PATCH',
        path: '/Groups/bulkId:crew',
        data: patchOp(
          { op: 'add', path: 'members', value: [{ value: 'bulkId:bob' }] },
          { op: 'remove', path: 'members[value eq "bulkId:ann"]' },
        ),
      },
      { method: 'PATCH', path: '/Users/bulkId:ann', data: patchOp({ op: 'add', path: 'title', value: 'One' }) },
    ])
    assert.deepEqual(statusesOf(results), ['201', '201', '201', '200', '200'])
    const [ann, bob, crew] = await Promise.all(results.slice(0, 3).map((result) => at(client, result)))
    assert.equal(bob[enterprise].manager.value, ann.id)
    assert.equal(ann.title, 'One')
    assert.deepEqual(membersOf(crew), [bob.id])
    assert.equal(results[3]!.location, crew.meta.location)
  })

  it('R223 a reference to a later operation gives what the order of the request means', async () => {
    const client = await newClient()
    const results = await bulk(client, [
      postGroup('crew', 'Crew', ['bulkId:inner', 'bulkId:ann']),
      { method: 'PATCH', path: '/Users/bulkId:ann', data: patchOp({ op: 'replace', path: 'title', value: 'Two' }) },
      postGroup('inner', 'Inner', ['bulkId:bob']),
      postUser('bob', 'bob', withManager('bulkId:ann')),
      postUser('ann', 'ann', { title: 'One' }),
    ])
    assert.deepEqual(statusesOf(results), ['201', '200', '201', '201', '201'])
    const [crew, , inner, bob, ann] = await Promise.all(results.map((result) => at(client, result)))
    assert.deepEqual(membersOf(crew), [ann.id, inner.id].toSorted())
    assert.deepEqual(membersOf(inner), [bob.id])
    assert.equal(bob[enterprise].manager.value, ann.id)
    assert.equal(ann.title, 'Two')
  })

  it('R224 row 86 circles of groups and of managers are created', async () => {
    const client = await newClient()
    const results = await bulk(client, [
      postGroup('a', 'A', ['bulkId:b']),
      postGroup('b', 'B', ['bulkId:a']),
      postUser('x', 'x', withManager('bulkId:y')),
      postUser('y', 'y', withManager('bulkId:z')),
      postUser('z', 'z', withManager('bulkId:x')),
    ])
    assert.deepEqual(statusesOf(results), ['201', '201', '201', '201', '201'])
    const [a, b, x, y, z] = await Promise.all(results.map((result) => at(client, result)))
    assert.deepEqual([membersOf(a), membersOf(b)], [[b.id], [a.id]])
    const managers = [x, y, z].map((one) => one[enterprise].manager.value)
    assert.deepEqual(managers, [y.id, z.id, x.id])
    for (const [index, shown] of [a, b, x, y, z].entries()) {
      assert.equal(results[index]!.version, shown.meta.version, 'the version is that of the end')
    }
  })

  it('R225 row 86 a reference to an unknown or failed operation fails its operation alone', async () => {
    const client = await newClient()
    const results = await bulk(client, [
      postGroup('g1', 'Unknown', ['bulkId:nobody']),
      postUser('bad', ''),
      postGroup('g2', 'Failed', ['bulkId:bad']),
      { method: 'PATCH', path: '/Users/bulkId:bad', data: patchOp({ op: 'add', path: 'title', value: 'x' }) },
      { method: 'DELETE', path: '/Groups/bulkId:missing' },
      postGroup('g3', 'Of a failed one', ['bulkId:g2']),
      postUser('ann', 'ann'),
    ])
    const statuses = statusesOf(results)
    for (const index of [0, 2, 3, 4, 5]) {
      assert.ok(['400', '409'].includes(statuses[index]!), `${index}: ${statuses[index]}`)
      const { scimType } = results[index]!.response
      assert.equal(scimType, statuses[index] === '400' ? 'invalidValue' : undefined)
    }
    assert.deepEqual([statuses[1], statuses[6]], ['400', '201'])
    assert.equal((await list(client, '/Groups')).totalResults, 0)
  })

  it('R224 a circle of which a part fails leaves nothing that points into the void', async () => {
    const client = await newClient()
    await client.must('POST', '/Users', user('taken'))
    const results = await bulk(client, [
      postGroup('a', 'A', ['bulkId:b', 'bulkId:u']),
      postGroup('b', 'B', ['bulkId:a']),
      postUser('u', 'taken'),
    ])
    assert.equal(results[2]!.status, '409')
    assert.ok(['400', '409'].includes(results[0]!.status), results[0]!.status)
    for (const one of (await list(client, '/Groups')).Resources) {
      for (const member of membersOf(one)) await client.must('GET', `/Groups/${member}`)
    }
  })

  it('R222 text that only looks like a reference is left alone', async () => {
    const client = await newClient()
    const results = await bulk(client, [
      postUser('ann', 'ann', { title: 'my bulkId:ann', nickName: 'bulkid' }),
      postUser('bulk', 'bulkId'),
    ])
    assert.deepEqual(statusesOf(results), ['201', '201'])
    assert.equal((await at(client, results[0]!)).title, 'my bulkId:ann')
    assert.equal((await at(client, results[1]!)).userName, 'bulkId')
  })

  it('R222 of twenty groups in a row each finds the one before it', async () => {
    const client = await newClient()
    const chain = Array.from({ length: 20 }, (_, index) =>
      postGroup(`g${index}`, `Group ${index}`, index === 19 ? [] : [`bulkId:g${index + 1}`]),
    )
    const results = await bulk(client, chain)
    assert.ok(results.every(({ status }) => status === '201'))
    const groups = await Promise.all(results.map((result) => at(client, result)))
    for (const [index, one] of groups.slice(0, -1).entries()) {
      assert.deepEqual(membersOf(one), [groups[index + 1].id])
    }
  })
})
