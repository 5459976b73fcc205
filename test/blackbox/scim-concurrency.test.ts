import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { untilAnswered } from './asking.ts'
import { addMembers, asMembers, makeGroup, membersOf, removeMember } from './grouping.ts'
import { list, numbered, people } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { type Answer, group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)

function statusesOf(answers: readonly Answer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** As many requests at once; what cannot be served in time on a busy machine is asked again. */
const many = (length: number, ask: (index: number) => Promise<Answer>) =>
  Promise.all(Array.from({ length }, (_, index) => untilAnswered(() => ask(index))))

describe('concurrent writers', () => {
  it('R239 row 74: 50 PATCHes of one user are all applied: 50 versions, nothing lost', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const { id, meta } = await client.must('POST', '/Users', user('ann'))
    const before = (await organization.admin('GET', '/changes?limit=1000')).items.length
    const emails = numbered('mail', 50).map((name) => `${name}@example.com`)
    const answers = await many(50, (index) =>
      client.call('PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'emails', value: [{ value: emails[index] }] })),
    )
    assert.deepEqual(statusesOf(answers), { 200: 50 })
    assert.equal(new Set(answers.map(({ body }) => body.meta.version)).size, 50, 'each has a version of its own')
    const shown = await client.must('GET', `/Users/${id}`)
    assert.deepEqual(shown.emails.map(({ value }: { value: string }) => value).toSorted(), emails)
    const number = (version: string) => Number(/\d+/.exec(version)![0])
    assert.equal(number(shown.meta.version), number(meta.version) + 50)
    const { items } = await organization.admin('GET', '/changes?limit=1000')
    assert.equal(items.length, before + 50)
  })

  it('R276 50 adds of one member each make 50 members, and each changes the version', async () => {
    const client = await newClient()
    const ids = await people(client, numbered('member', 50))
    const crew = await makeGroup(client, 'Crew')
    const answers = await many(50, (index) => client.call('PATCH', `/Groups/${crew.id}`, addMembers(ids[index]!)))
    assert.deepEqual(statusesOf(answers), { 200: 50 })
    const full = await client.must('GET', `/Groups/${crew.id}`)
    assert.deepEqual(membersOf(full), ids.toSorted())
    const removals = await many(25, (index) => client.call('PATCH', `/Groups/${crew.id}`, removeMember(ids[index]!)))
    assert.deepEqual(statusesOf(removals), { 200: 25 })
    const half = await client.must('GET', `/Groups/${crew.id}`)
    assert.deepEqual(membersOf(half), ids.slice(25).toSorted())
    assert.equal(new Set([crew.meta.version, full.meta.version, half.meta.version]).size, 3)
  })

  it('R269 the same member added 30 times at once is one member', async () => {
    const client = await newClient()
    const [ann] = await people(client, ['ann'])
    const crew = await makeGroup(client, 'Crew')
    const answers = await many(30, () => client.call('PATCH', `/Groups/${crew.id}`, addMembers(ann!)))
    assert.deepEqual(statusesOf(answers), { 200: 30 })
    assert.deepEqual(membersOf(await client.must('GET', `/Groups/${crew.id}`)), [ann])
  })

  it('R246 R29 of 100 equal creates one is 201 and 99 are 409 uniqueness', async () => {
    const client = await newClient()
    const answers = await many(100, () => client.call('POST', '/Users', user('ann@example.com', { title: 'T' })))
    assert.deepEqual(statusesOf(answers), { 201: 1, 409: 99 })
    for (const answer of answers) if (answer.status === 409) assertScimError(answer, 409, 'uniqueness')
    assert.equal((await list(client, '/Users')).totalResults, 1)
  })

  it('R286 creates, changes and new members at once are each answered, made and recorded for themselves', async () => {
    const organization = await usher.organization()
    const clients = await Promise.all([organization.scimClient(), organization.scimClient()])
    const [client] = clients
    const taken = numbered('taken', 8)
    const ids = await people(client, taken)
    const crew = await makeGroup(client, 'Crew')
    const before = (await organization.admin('GET', '/changes?limit=1000')).items.length
    const answers = await many(40, (index) => {
      const [kind, at] = [index % 5, Math.floor(index / 5)]
      const by = clients[at % 2]!
      if (kind === 0) return by.call('POST', '/Users', user(taken[at]!))
      if (kind === 1)
        return by.call('PATCH', `/Users/${ids[at]}`, patchOp({ op: 'replace', path: 'title', value: `${at}` }))
      if (kind === 2) return by.call('PATCH', `/Groups/${crew.id}`, addMembers(ids[at]!))
      return by.call('POST', '/Users', user(`new-${kind}-${at}`))
    })
    assert.deepEqual(statusesOf(answers), { 200: 16, 201: 16, 409: 8 })
    for (const [index, { status }] of answers.entries()) assert.equal(status === 409, index % 5 === 0, `${index}`)
    assert.equal((await list(client, '/Users')).totalResults, 24)
    assert.deepEqual(membersOf(await client.must('GET', `/Groups/${crew.id}`)), ids.toSorted())
    for (const [at, id] of ids.entries()) assert.equal((await client.must('GET', `/Users/${id}`)).title, `${at}`)

    const { items } = await organization.admin('GET', '/changes?limit=1000')
    assert.equal(items.length, before + 32)
    const made = answers.filter(({ status }) => status !== 409)
    const requests = made.map(({ headers }) => headers.get('x-request-id'))
    const recorded = items.slice(before).map((item: Answer['body']) => item.requestId)
    assert.deepEqual(recorded.toSorted(), requests.toSorted())
    const actors = new Set(items.slice(before).map((item: Answer['body']) => item.actor))
    assert.deepEqual(actors, new Set(clients.map(({ id }) => `scim:${id}`)))
  })

  it('R74 row 74: everybody who asks at once is answered of their own, as it is after the change that they know of', async () => {
    const clients = await Promise.all([newClient(), newClient()])
    const names = numbered('reader', 16)
    const readers = (await Promise.all(clients.map((client) => people(client, names)))).flatMap((ids, at) =>
      ids.map((id, index) => ({ client: clients[at]!, stranger: clients[1 - at]!, id, userName: names[index]! })),
    )
    for (const title of ['first', 'second', 'third']) {
      await many(readers.length, async (index) => {
        const { client, stranger, id, userName } = readers[index]!
        const value = `${title} of ${id}`
        const answer = await client.call('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'title', value }))
        if (answer.status !== 200) return answer
        const named = (name: string) => list(client, '/Users', { filter: `userName eq "${name}"` })
        const [shown, found, nobody, foreign] = await Promise.all([
          client.must('GET', `/Users/${id}`),
          named(userName.toUpperCase()),
          named(`${userName}-x`),
          stranger.call('GET', `/Users/${id}`),
        ])
        assert.equal(shown.title, value)
        assert.deepEqual(found.Resources, [shown])
        assert.equal(nobody.totalResults, 0)
        assertScimError(foreign, 404)
        return answer
      })
    }
  })

  it('row 75 of 200 creates of one userName in every spelling one is 201 and 199 are 409', async () => {
    const organization = await usher.organization()
    const clients = await Promise.all([organization.scimClient(), organization.scimClient()])
    const spellings = ['ann@example.com', 'ANN@EXAMPLE.COM', 'Ann@Example.Com', 'ａｎｎ@example.com']
    const answers = await many(200, (index) =>
      clients[index % 2]!.call('POST', '/Users', user(spellings[index % 4]!, { externalId: `x-${index}` })),
    )
    assert.deepEqual(statusesOf(answers), { 201: 1, 409: 199 })
    assert.equal((await list(clients[0]!, '/Users')).totalResults, 1)
  })

  it('R265 R29 of 20 equal groups, and of 20 renames to one name, one succeeds', async () => {
    const client = await newClient()
    const answers = await many(20, (index) => client.call('POST', '/Groups', group(index % 2 === 0 ? 'Crew' : 'CREW')))
    assert.deepEqual(statusesOf(answers), { 201: 1, 409: 19 })
    const ids = await people(client, numbered('person', 20))
    const renames = await many(20, (index) =>
      client.call('PATCH', `/Users/${ids[index]}`, patchOp({ op: 'replace', path: 'userName', value: 'same' })),
    )
    assert.deepEqual(statusesOf(renames), { 200: 1, 409: 19 })
  })

  it('R239 full lists of members that are sent at once end as one of them', async () => {
    const client = await newClient()
    const ids = await people(client, numbered('member', 12))
    for (const method of ['PUT', 'PATCH']) {
      const crew = await makeGroup(client, `By ${method}`)
      const answers = await many(6, (index) => {
        const members = asMembers(ids.slice(index * 2, index * 2 + 2))
        const replace = patchOp({ op: 'replace', path: 'members', value: members })
        const body = method === 'PUT' ? group(`By ${method}`, { members }) : replace
        return client.call(method, `/Groups/${crew.id}`, body)
      })
      assert.deepEqual(statusesOf(answers), { 200: 6 })
      const members = membersOf(await client.must('GET', `/Groups/${crew.id}`))
      const lists = Array.from({ length: 6 }, (_, index) => ids.slice(index * 2, index * 2 + 2).toSorted())
      assert.ok(
        lists.some((one) => one.join() === members.join()),
        `${method} ended with ${members.length} members`,
      )
    }
  })

  it('R239 a rename and adds of members do not disturb each other', async () => {
    const client = await newClient()
    const ids = await people(client, numbered('member', 10))
    const crew = await makeGroup(client, 'Crew')
    const answers = await many(20, (index) => {
      const rename = patchOp({ op: 'replace', path: 'displayName', value: `Crew ${index}` })
      return client.call('PATCH', `/Groups/${crew.id}`, index % 2 === 0 ? addMembers(ids[index / 2]!) : rename)
    })
    assert.deepEqual(statusesOf(answers), { 200: 20 })
    const shown = await client.must('GET', `/Groups/${crew.id}`)
    assert.deepEqual(membersOf(shown), ids.toSorted())
    assert.match(shown.displayName, /^Crew \d+$/)
  })

  it('R266 a user who is deleted while being added is no member afterwards', async () => {
    const client = await newClient()
    const ids = await people(client, numbered('member', 12))
    const crew = await makeGroup(client, 'Crew')
    const answers = await many(24, (index) => {
      const id = ids[index % 12]!
      if (index < 12) return client.call('PATCH', `/Groups/${crew.id}`, addMembers(id))
      return client.call('DELETE', `/Users/${id}`)
    })
    for (const { status, text } of answers) assert.ok([200, 204, 400].includes(status), text)
    assert.deepEqual(membersOf(await client.must('GET', `/Groups/${crew.id}`)), [])
    for (const id of ids) {
      assert.equal((await list(client, '/Groups', { filter: `members.value eq "${id}"` })).totalResults, 0)
    }
  })

  it('row 76 of 10 deletes at once one is 204, and the name is free again', async () => {
    const client = await newClient()
    const { id } = await client.must('POST', '/Users', user('ann'))
    const answers = await many(10, () => client.call('DELETE', `/Users/${id}`))
    assert.deepEqual(statusesOf(answers), { 204: 1, 404: 9 })
    const anew = await client.must('POST', '/Users', user('ann'))
    assert.notEqual(anew.id, id)
  })

  it('R286 of changes and deletions at once none leaves half of a user', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const { id } = await client.must('POST', '/Users', user('ann', { externalId: 'x' }))
    const crew = await makeGroup(client, 'Crew', [id])
    const answers = await many(21, (index) => {
      if (index === 10) return client.call('DELETE', `/Users/${id}`)
      return client.call('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'title', value: `T${index}` }))
    })
    const statuses = statusesOf(answers)
    assert.equal(statuses[204], 1)
    assert.equal((statuses[200] ?? 0) + (statuses[404] ?? 0), 20)
    assertScimError(await client.call('GET', `/Users/${id}`), 404)
    assert.deepEqual(membersOf(await client.must('GET', `/Groups/${crew.id}`)), [])
    const { items } = await organization.admin('GET', '/changes?limit=1000')
    const ofUser = items.filter(({ resource }: { resource: { id: string } }) => resource.id === id)
    assert.equal(ofUser.length, 1 + (statuses[200] ?? 0) + 1, 'one record for each change that was answered')
    assert.equal(ofUser.at(-1).action, 'delete')
  })
})
