import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { untilAnswered } from './asking.ts'
import { crowd, dropIndexes } from './crowd.ts'
import { addMembers, asMembers, makeGroup, membershipWrites, membersOf, watching } from './grouping.ts'
import { unlessAlone } from './neighbour.ts'
import { type Answer, group, patchOp, startUsher } from './usher.ts'

const size = 100_000
const usher = await startUsher()
const organization = await usher.organization()
const client = await organization.scimClient()
await dropIndexes(usher, 'users')
const ids = await crowd(usher, organization, client, 'person', size)
const { _id: org } = (await usher.store.organizations.findOne({ slug: organization.slug }))!
const { id: crew } = await makeGroup(client, 'Everybody')
const path = `/Groups/${crew}`

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Bytes that are still in use after everything that is not has been collected. */
function inUse(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Asks until the database, on a machine that is busy, has answered in time: the change is the same the second time. */
const persist = (method: string, body: unknown) =>
  untilAnswered(() => client.call(method, `${path}?excludedAttributes=members`, body))

/** Begins to read the group; the body is left to the caller. */
async function begin(): Promise<IncomingMessage> {
  const url = `${usher.url}/scim/v2/${organization.slug}${path}`
  const [response] = await once(get(url, { headers: { authorization: `Bearer ${client.token}` } }), 'response')
  return response
}

const recordsOf = () => usher.store.changes.count(org, { 'resource.id': crew })

/** Runs an action and gives what it wrote: memberships, write by write, and change records. */
async function written(action: () => Promise<Answer>) {
  const before = await recordsOf()
  let status = 0
  const writes = await membershipWrites(usher, async () => {
    status = (await action()).status
  })
  assert.equal(status, 200)
  return { writes, records: (await recordsOf()) - before }
}

describe('a group of 100,000 members', { skip: unlessAlone('it measures the memory of the process') }, () => {
  it('R272 is made by PATCHes of 1,000, each a change', async () => {
    for (let start = 0; start < size; start += 1_000) {
      const answer = await persist('PATCH', addMembers(...ids.slice(start, start + 1_000)))
      assert.equal(answer.status, 200, answer.text.slice(0, 300))
      assert.equal(answer.body.members, undefined)
    }
    assert.equal(await usher.store.memberships.count(org, { group: crew }), size)
    assert.equal(await recordsOf(), 1 + size / 1_000)
  })

  it('R273 row 83 is written as it is read: others are answered meanwhile, and little of it is held', async () => {
    const before = inUse()
    let most = 0
    let length = 0
    let others = 0
    const response = await begin()
    assert.equal(response.headers['transfer-encoding'], 'chunked')
    let over = false
    const neighbour = (async () => {
      while (!over) {
        await client.must('GET', `/Users/${ids[0]}?attributes=userName`)
        others += 1
      }
    })()
    let next = 2_000_000
    for await (const chunk of response) {
      length += chunk.length
      if (length < next) continue
      next += 2_000_000
      most = Math.max(most, inUse() - before)
    }
    over = true
    await neighbour
    assert.ok(length > 15_000_000, `${length} bytes`)
    assert.ok(others >= 20, `${others} others were answered`)
    assert.ok(most < 32_000_000, `${most} bytes were held`)
  })

  it('R273 is not read further than its reader takes it', async () => {
    const { memberships } = usher.store
    let reads = 0
    const tell = () => {
      reads += 1
    }
    await watching(memberships, 'aggregate', tell, async () => {
      const response = await begin()
      await once(response, 'readable')
      for (let n = 0; n < 40; n += 1) await client.must('GET', `/Users/${ids[n]}?attributes=userName`)
      // Sockets hold a few megabytes.
      assert.ok(reads < 35, `${reads} batches were read for nobody`)
      response.destroy()
      await once(response, 'close')
    })
  })

  it('R207 row 82 costs what a user costs without its members', async () => {
    const calls: string[] = []
    const { memberships } = usher.store
    const reading = (query: string) => () => client.must('GET', `${path}?${query}`)
    for (const query of ['excludedAttributes=members', 'attributes=displayName', 'attributes=meta.version']) {
      let action = reading(query)
      for (const method of ['find', 'findOne', 'aggregate', 'count', 'stream']) {
        const inner = action
        action = () => watching(memberships, method, () => calls.push(method), inner)
      }
      const { id, members } = await action()
      assert.deepEqual([id, members], [crew, undefined])
    }
    assert.deepEqual(calls, [])
  })

  for (const filter of ['members[value eq "ID"]', 'members.value eq "ID"', 'members eq "ID"']) {
    it(`R173 is found by ${filter}`, async () => {
      const text = encodeURIComponent(filter.replace('ID', ids[70_000]!))
      const found = await client.must('GET', `/Groups?excludedAttributes=members&filter=${text}`)
      assert.deepEqual([found.totalResults, found.Resources[0].id], [1, crew])
    })
  }

  it('R90 row 81 PUT of what was read but for one member is one write and one record', async () => {
    const whole = await client.must('GET', `${path}?attributes=displayName,members.value,members.type`)
    // A difference of so many is nothing that anybody wants to see.
    assert.ok(membersOf(whole).join() === ids.toSorted().join())
    const [first, ...rest] = whole.members
    const put = () => persist('PUT', { ...whole, members: rest })
    assert.deepEqual(await written(put), { writes: [1], records: 1 })
    assert.equal(await usher.store.memberships.count(org, { group: crew }), size - 1)
    assert.equal(await usher.store.memberships.count(org, { group: crew, member: first.value }), 0)
  })

  it('R144 row 81 PATCH that replaces all members writes those who come and go', async () => {
    // The first one by id has gone; the last one goes now.
    const sorted = ids.toSorted()
    const replace = patchOp({ op: 'replace', path: 'members', value: asMembers(sorted.slice(0, -1)) })
    assert.deepEqual(await written(() => persist('PATCH', replace)), { writes: [2], records: 1 })
    assert.equal(await usher.store.memberships.count(org, { group: crew }), size - 1)
    assert.equal(await usher.store.memberships.count(org, { group: crew, member: sorted.at(-1)! }), 0)
  })

  it('row 80 what changes more memberships than one transaction takes is 413, and nothing is done', async () => {
    const before = await client.must('GET', `${path}?excludedAttributes=members`)
    const half = ids.slice(0, size / 2)
    for (const [method, body] of [
      ['PUT', group('Everybody', { members: asMembers(half) })],
      ['PATCH', patchOp({ op: 'remove', path: 'members' })],
    ] as const) {
      assert.equal((await persist(method, body)).status, 413)
    }
    assert.deepEqual(await client.must('GET', `${path}?excludedAttributes=members`), before)
  })

  it('is gone for everybody as soon as it is deleted; its memberships follow in the background', async () => {
    assert.equal((await client.call('DELETE', path)).status, 204)
    assert.equal((await client.call('GET', path)).status, 404)
    assert.equal((await client.must('GET', `/Users/${ids[500]}`)).groups, undefined)
    const left = () => usher.store.memberships.count(org, { group: crew })
    assert.ok((await left()) > 0)
    while ((await left()) > size - 5_000) await client.must('GET', `/Users/${ids[500]}?attributes=userName`)
  })
})
