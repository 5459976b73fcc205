import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { runs } from '../runs.ts'
import { buildWorld, plans, runOneByOne, runTogether, seen } from './bulk-plans.ts'
import { at, bulk, postGroup, postUser, statusesOf } from './bulking.ts'
import { makeGroup } from './grouping.ts'
import { list, numbered, people } from './listing.ts'
import { type Answer, adminToken, patchOp, startUsher } from './usher.ts'

const usher = await startUsher()
const replace = (path: string, value: unknown) => patchOp({ op: 'replace', path, value })
/** Another process of the same installation. */
const second = await startUsher({}, usher.home)

describe('operations of a bulk that are committed together', () => {
  it('R229 R232 R226 R228 have the results, the effects and the records of single requests', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const [together, apart] = [await buildWorld(usher, plan.settings), await buildWorld(usher, plan.settings)]
        assert.deepEqual(await runTogether(together, plan), await runOneByOne(apart, plan))
        assert.deepEqual(await seen(together), await seen(apart))
      }),
      { numRuns: runs(5) },
    )
  })

  it('R229 R246 a name that a later operation gives up is taken for an earlier one', async () => {
    const client = await (await usher.organization()).scimClient()
    const [ann] = await people(client, ['ann'])
    const results = await bulk(client, [
      postUser('a', 'ann'),
      { method: 'PATCH', path: `/Users/${ann}`, data: replace('userName', 'bob') },
      postUser('b', 'ann'),
      postUser('c', 'bob'),
    ])
    assert.deepEqual(statusesOf(results), ['409', '200', '201', '409'])
  })

  it('R229 a seat that a later operation gives back is taken for an earlier one', async () => {
    const client = await (await usher.organization({ seatLimit: 2 })).scimClient()
    const [ann] = await people(client, ['ann'])
    const results = await bulk(client, [
      postUser('a', 'bob'),
      postUser('b', 'cleo'),
      { method: 'PATCH', path: `/Users/${ann}`, data: replace('active', false) },
      postUser('c', 'dora'),
    ])
    assert.deepEqual(statusesOf(results), ['201', '403', '200', '201'])
  })

  it('R229 the last holder of a privileged role keeps it, although a later operation gives it to another', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient({ allowPrivileged: true })
    const [ann, bob, cleo] = await people(client, ['ann', 'bob', 'cleo'])
    await organization.admin('PUT', '/roles/owner', { privileged: true })
    await organization.admin('PUT', `/users/${ann}/roles/owner`)
    const give = patchOp({ op: 'add', path: 'roles', value: [{ value: 'owner' }] })
    const results = await bulk(client, [
      { method: 'PATCH', path: `/Users/${cleo}`, data: replace('title', 'One') },
      { method: 'DELETE', path: `/Users/${ann}` },
      { method: 'PATCH', path: `/Users/${bob}`, data: give },
      { method: 'DELETE', path: `/Users/${ann}` },
    ])
    assert.deepEqual(statusesOf(results), ['200', '403', '200', '204'])
  })

  it('R229 a group that goes is no member of another any more, which has a record of it', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const inner = await makeGroup(client, 'Inner')
    const outer = await makeGroup(client, 'Outer', [inner.id])
    const results = await bulk(client, [
      { method: 'DELETE', path: `/Groups/${inner.id}` },
      postGroup('a', 'Other', [inner.id]),
      { method: 'DELETE', path: `/Groups/${outer.id}` },
    ])
    assert.deepEqual(statusesOf(results), ['204', '400', '204'])
    const { items } = await organization.admin('GET', '/changes')
    const told = items.map(
      ({ action, resource }: Answer['body']) => `${action} ${resource.id === inner.id ? 'in' : 'out'}`,
    )
    assert.deepEqual(told, ['create in', 'create out', 'delete in', 'patch out', 'delete out'])
  })

  it('R221 R229 1,000 operations are answered one by one, whatever is wrong with some of them', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    await people(client, ['taken-0', 'taken-1'])
    const operations = numbered('new', 1_000).map((name, index) => {
      if (index % 250 === 7) return postUser(name, `taken-${index % 2}`)
      return index % 300 === 11 ? postUser(name, '') : postUser(name, name)
    })
    const results = await bulk(client, operations)
    const wrong = results.flatMap(({ status, bulkId }) => (status === '201' ? [] : [`${bulkId} ${status}`]))
    assert.deepEqual(wrong, [
      ...['new-0007 409', 'new-0011 400', 'new-0257 409', 'new-0311 400'],
      ...['new-0507 409', 'new-0611 400', 'new-0757 409', 'new-0911 400'],
    ])
    assert.equal((await list(client, '/Users', { count: 0 })).totalResults, 2 + 992)
    assert.equal((await at(client, results[999]!)).meta.version, results[999]!.version)
  })

  it('R232 their change records are in the order of the operations, each for itself', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const names = numbered('person', 150)
    const results = await bulk(client, [
      ...names.map((name) => postUser(name, name)),
      postGroup('g', 'Crew', [`bulkId:${names[3]}`]),
      { method: 'DELETE', path: `/Users/bulkId:${names[3]}` },
    ])
    assert.deepEqual(new Set(statusesOf(results)), new Set(['201', '204']))
    const { items } = await organization.admin('GET', '/changes?limit=1000')
    const idOf = (index: number) => results[index]!.location!.split('/').at(-1)
    assert.deepEqual(
      items.map(({ action, resource }: Answer['body']) => [action, resource.id]),
      [...results.slice(0, 151).map((_, index) => ['create', idOf(index)]), ['delete', idOf(3)], ['patch', idOf(150)]],
    )
    assert.equal(new Set(items.map(({ id }: Answer['body']) => id)).size, items.length)
  })

  it('R226 failOnErrors counts in the order in which references have the operations done', async () => {
    const client = await (await usher.organization()).scimClient()
    const operations = [
      postGroup('g', 'Crew', ['bulkId:a', 'bulkId:b', 'bulkId:c']),
      postUser('a', 'ann'),
      postUser('b', ''),
      postUser('c', 'cleo'),
    ]
    const results = await bulk(client, operations, { failOnErrors: 1 })
    assert.deepEqual(
      results.map(({ bulkId, status }) => [bulkId, status]),
      [
        ['a', '201'],
        ['b', '400'],
      ],
    )
    assert.equal((await list(client, '/Users')).totalResults, 1)
  })

  it('R239 R229 bulks of two processes that change the same users at once lose nothing', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const ids = await people(client, numbered('person', 40))
    const add = (process: string) =>
      ids.map((id) => ({
        method: 'PATCH',
        path: `/Users/${id}`,
        data: patchOp({ op: 'add', path: 'emails', value: [{ value: `${process}@example.com` }] }),
      }))
    const send = (where: typeof usher, operations: readonly unknown[]) => {
      const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations: operations }
      return where.call('POST', `/scim/v2/${organization.slug}/Bulk`, { token: adminToken, body })
    }
    const answers = await Promise.all([
      send(usher, add('a')),
      send(second, add('b').toReversed()),
      send(usher, add('c')),
      send(second, add('d')),
    ])
    for (const { body } of answers) assert.deepEqual(new Set(statusesOf(body.Operations)), new Set(['200']))
    const { Resources } = await list(client, '/Users', { count: 100 })
    for (const { emails, meta } of Resources) assert.deepEqual([emails.length, meta.version], [4, 'W/"5"'])
  })
})
