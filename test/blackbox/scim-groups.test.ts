import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { addMembers, asMembers, makeGroup, membersOf, removeMember } from './grouping.ts'
import { list, numbered, people } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)

describe('groups (RFC 7643 section 4.2)', () => {
  it('R265 C19 displayName is required and unique after folding, in every dialect', async () => {
    for (const dialect of ['rfc', 'entra', 'okta', 'onelogin', 'google', 'interop-strict']) {
      const client = await newClient({ dialect })
      for (const displayName of [undefined, null, '']) {
        assertScimError(await client.call('POST', '/Groups', { ...group('x'), displayName }), 400, 'invalidValue')
      }
      await makeGroup(client, 'Crew')
      const other = await makeGroup(client, 'Other')
      for (const name of ['Crew', 'CREW', 'ｃrew']) {
        assertScimError(await client.call('POST', '/Groups', group(name)), 409, 'uniqueness')
        assertScimError(await client.call('PUT', `/Groups/${other.id}`, group(name)), 409, 'uniqueness')
        const rename = patchOp({ op: 'replace', path: 'displayName', value: name })
        assertScimError(await client.call('PATCH', `/Groups/${other.id}`, rename), 409, 'uniqueness')
      }
    }
  })

  it('R265 a group has an externalId, by which it is found', async () => {
    const client = await newClient()
    const crew = await client.must('POST', '/Groups', group('Crew', { externalId: 'g-1' }))
    assert.equal(crew.externalId, 'g-1')
    const found = await list(client, '/Groups', { filter: 'externalId eq "g-1"' })
    assert.equal(found.Resources[0].id, crew.id)
  })

  it('R266 row 78 an unknown member, one of another organization and the group itself are 400 in the same words', async () => {
    for (const dialect of ['rfc', 'entra', 'interop-strict']) {
      const client = await newClient({ dialect })
      const [foreign] = await people(await newClient(), ['foreign'])
      const [ann] = await people(client, ['ann'])
      const crew = await makeGroup(client, 'Crew')
      const words = async (member: string) => {
        const answers = await Promise.all([
          client.call('PATCH', `/Groups/${crew.id}`, addMembers(ann!, member)),
          client.call('PUT', `/Groups/${crew.id}`, group('Crew', { members: asMembers([ann!, member]) })),
          client.call('POST', '/Groups', group('New', { members: asMembers([member === crew.id ? 'x' : member]) })),
        ])
        for (const answer of answers) assertScimError(answer, 400, 'invalidValue')
        return answers[0]!.body.detail.replace(member, '…')
      }
      assert.equal(await words(foreign!), await words('nobody'))
      assert.equal(await words(crew.id), await words('00000000-0000-0000-0000-000000000000'))
      assert.deepEqual(membersOf(await client.must('GET', `/Groups/${crew.id}`)), [], 'nothing is half done')
    }
  })

  it('R267 type, $ref and display of a member are filled; a wrong type is 400', async () => {
    const client = await newClient()
    const ann = await client.must('POST', '/Users', user('ann', { displayName: 'Ann Lee' }))
    const [bob] = await people(client, ['bob'])
    const inner = await makeGroup(client, 'Inner')
    const lies = { $ref: 'https://elsewhere.example/x', display: 'Somebody' }
    const crew = await client.must(
      'POST',
      '/Groups',
      group('Crew', { members: [{ value: ann.id, ...lies }, { value: bob, type: 'user' }, { value: inner.id }] }),
    )
    const byValue = new Map(crew.members.map((member: { value: string }) => [member.value, member]))
    assert.deepEqual(byValue.get(ann.id), {
      value: ann.id,
      $ref: ann.meta.location,
      display: 'Ann Lee',
      type: 'User',
    })
    assert.deepEqual(byValue.get(bob), {
      value: bob,
      $ref: ann.meta.location.replace(ann.id, bob!),
      display: 'bob',
      type: 'User',
    })
    assert.deepEqual(byValue.get(inner.id), {
      value: inner.id,
      $ref: inner.meta.location,
      display: 'Inner',
      type: 'Group',
    })
    for (const [value, type] of [
      [ann.id, 'Group'],
      [inner.id, 'User'],
      [ann.id, 'Robot'],
    ]) {
      const answer = await client.call('POST', '/Groups', group('Bad', { members: [{ value, type }] }))
      assertScimError(answer, 400, 'invalidValue')
    }
  })

  it('R268 the parts of a member cannot be changed', async () => {
    const client = await newClient()
    const [ann, bob] = await people(client, ['ann', 'bob'])
    const crew = await makeGroup(client, 'Crew', [ann!])
    for (const [part, value] of [
      ['value', bob],
      ['display', 'Anna'],
      ['type', 'Group'],
      ['$ref', 'https://elsewhere.example/x'],
    ]) {
      const change = patchOp({ op: 'replace', path: `members[value eq "${ann}"].${part}`, value })
      assertScimError(await client.call('PATCH', `/Groups/${crew.id}`, change), 400, 'mutability')
    }
    assert.deepEqual(await client.must('GET', `/Groups/${crew.id}`), crew)
  })

  it('R269 a member that is added twice is one member, and the second time changes nothing', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const [ann] = await people(client, ['ann'])
    const crew = await makeGroup(client, 'Crew', [ann!, ann!])
    assert.deepEqual(membersOf(crew), [ann])
    const changes = (await organization.admin('GET', '/changes')).items
    for (const body of [addMembers(ann!), addMembers(ann!, ann!)]) {
      assert.deepEqual(await client.must('PATCH', `/Groups/${crew.id}`, body), crew)
    }
    const put = await client.must('PUT', `/Groups/${crew.id}`, group('Crew', { members: asMembers([ann!]) }))
    assert.deepEqual(put, crew)
    assert.deepEqual((await organization.admin('GET', '/changes')).items, changes)
  })

  it('R270 row 78 a group is in a group; a circle of three is accepted and every look at it ends', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const [ann] = await people(client, ['ann'])
    const a = await makeGroup(client, 'A', [ann!])
    const b = await makeGroup(client, 'B', [a.id])
    const c = await makeGroup(client, 'C', [b.id])
    await client.must('PATCH', `/Groups/${a.id}`, addMembers(c.id))
    assert.equal((await client.must('GET', `/Users/${ann}`)).groups.length, 3)
    assert.equal((await list(client, '/Groups')).totalResults, 3)
    await organization.admin('PUT', '/roles/helper', { groups: [b.id] })
    const { roles } = await client.must('GET', `/Users/${ann}`)
    assert.deepEqual(roles.map(({ value }: { value: string }) => value).toSorted(), ['helper', 'member'])
    const [boss] = await people(client, ['boss'])
    await organization.admin('PUT', '/roles/admin', { privileged: true, groups: [c.id] })
    assertScimError(await client.call('PATCH', `/Groups/${a.id}`, addMembers(boss!)), 403)
    const lastHolder = await client.call('DELETE', `/Groups/${b.id}`)
    assertScimError(lastHolder, 403)
    assert.match(lastHolder.body.detail, /last_admin_kept/)
    await organization.admin('DELETE', '/roles/admin')
    assert.equal((await client.call('DELETE', `/Groups/${b.id}`)).status, 204)
    assert.deepEqual(membersOf(await client.must('GET', `/Groups/${c.id}`)), [])
  })

  it('R271 a group without members is a group, made so or emptied', async () => {
    for (const dialect of ['rfc', 'okta', 'entra']) {
      const client = await newClient({ dialect })
      const ids = await people(client, ['ann', 'bob'])
      for (const [name, members] of [
        ['none', undefined],
        ['null', null],
        ['empty', []],
      ] as const) {
        const made = await client.must('POST', '/Groups', group(name, { members }))
        assert.deepEqual(made.members ?? [], [])
      }
      const emptied = async (operation: Readonly<Record<string, unknown>>) => {
        const crew = await makeGroup(client, `Crew ${JSON.stringify(operation)}`.slice(0, 60), ids)
        await client.must('PATCH', `/Groups/${crew.id}`, patchOp(operation))
        return membersOf(await client.must('GET', `/Groups/${crew.id}`))
      }
      assert.deepEqual(await emptied({ op: 'remove', path: 'members' }), [])
      assert.deepEqual(await emptied({ op: 'replace', path: 'members', value: [] }), [])
      assert.deepEqual(await emptied({ op: 'replace', value: { members: [] } }), [])
      assert.deepEqual(await emptied({ op: 'remove', path: 'members', value: asMembers(ids) }), [])
    }
  })

  it('R272 row 80 many member operations in one PATCH, and many values in one operation', async () => {
    const client = await newClient()
    const ids = await people(client, numbered('member', 60))
    const crew = await makeGroup(client, 'Crew')
    const path = `/Groups/${crew.id}`
    await client.must(
      'PATCH',
      path,
      patchOp(...ids.map((id) => ({ op: 'add', path: 'members', value: [{ value: id }] }))),
    )
    assert.deepEqual(membersOf(await client.must('GET', path)), ids.toSorted())
    await client.must(
      'PATCH',
      path,
      patchOp(...ids.slice(10).map((id) => ({ op: 'remove', path: `members[value eq "${id}"]` })), {
        op: 'replace',
        path: 'displayName',
        value: 'Small crew',
      }),
    )
    const small = await client.must('GET', path)
    assert.deepEqual(membersOf(small), ids.slice(0, 10).toSorted())
    assert.equal(small.displayName, 'Small crew')
  })

  it('R274 a source takes away only what it gave itself, and is answered success', async () => {
    const organization = await usher.organization()
    const one = await organization.scimClient()
    const two = await organization.scimClient()
    const [ann, bob] = await people(one, ['ann', 'bob'])
    const crew = await makeGroup(one, 'Crew', [ann!])
    const path = `/Groups/${crew.id}`
    await two.must('PATCH', path, addMembers(bob!))
    const members = async () => membersOf(await one.must('GET', path))
    const both = [ann!, bob!].toSorted()
    for (const body of [
      removeMember(bob!),
      patchOp({ op: 'replace', path: 'members', value: asMembers([ann!]) }),
      patchOp({ op: 'remove', path: 'members', value: asMembers([bob!]) }),
    ]) {
      await one.must('PATCH', path, body)
      assert.deepEqual(await members(), both)
    }
    await one.must('PUT', path, group('Crew', { members: asMembers([ann!]) }))
    assert.deepEqual(await members(), both)
    const sources = async (id: string) =>
      (await organization.admin('GET', `/users/${id}/provenance`)).groups.map(
        ({ sources }: { sources: readonly string[] }) => sources,
      )
    assert.deepEqual(await sources(bob!), [[`scim:${two.id}`]])
    // What a client reads and PUTs back does not become its own; what a PATCH names does.
    await two.must('PUT', path, await two.must('GET', path))
    assert.deepEqual(await sources(ann!), [[`scim:${one.id}`]])
    await two.must('PATCH', path, addMembers(ann!))
    assert.deepEqual((await sources(ann!))[0].toSorted(), [`scim:${one.id}`, `scim:${two.id}`].toSorted())
    await one.must('PATCH', path, removeMember(ann!))
    assert.deepEqual(await members(), both, 'the other source still holds it')
    await two.must('PATCH', path, patchOp({ op: 'remove', path: 'members' }))
    assert.deepEqual(await members(), [])
  })

  it('R274 memberships of a login stay when a SCIM client replaces the list', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const connection = await organization.connection(provider)
    const crew = await makeGroup(client, 'Crew')
    await connection.jit({ groups: { mode: 'assign', assign: [crew.id] } })
    const email = `ann@${organization.domain}`
    const { body } = await connection.login({ sub: 'ann-1', email, email_verified: true })
    await client.must('PUT', `/Groups/${crew.id}`, group('Crew', { members: [] }))
    assert.deepEqual(membersOf(await client.must('GET', `/Groups/${crew.id}`)), [body.user.id])
    const { groups } = await organization.admin('GET', `/users/${body.user.id}/provenance`)
    assert.deepEqual(groups[0].sources, [`login:${connection.id}`])
  })

  it('R275 a rename leaves the members and is seen at their users', async () => {
    const client = await newClient()
    const ids = await people(client, ['ann', 'bob'])
    const crew = await makeGroup(client, 'Crew', ids)
    const rename = patchOp({ op: 'replace', path: 'displayName', value: 'Staff' })
    const renamed = await client.must('PATCH', `/Groups/${crew.id}`, rename)
    assert.deepEqual(membersOf(renamed), ids.toSorted())
    for (const id of ids) assert.equal((await client.must('GET', `/Users/${id}`)).groups[0].display, 'Staff')
    assert.equal((await client.must('GET', '/Users')).Resources[0].groups[0].display, 'Staff')
    const outer = await makeGroup(client, 'Outer', [crew.id])
    assert.equal(outer.members[0].display, 'Staff')
  })

  it('R271 R266 members are found by filters', async () => {
    const client = await newClient()
    const [ann, bob] = await people(client, ['ann', 'bob'])
    const crew = await makeGroup(client, 'Crew', [ann!])
    await makeGroup(client, 'Empty')
    const found = async (filter: string) =>
      (await list(client, '/Groups', { filter })).Resources.map(({ id }: { id: string }) => id)
    for (const filter of [
      `members[value eq "${ann}"]`,
      `members.value eq "${ann}"`,
      `members eq "${ann}"`,
      `id eq "${crew.id}" and members eq "${ann}"`,
      'members pr',
    ]) {
      assert.deepEqual(await found(filter), [crew.id], filter)
    }
    assert.deepEqual(await found(`members.value eq "${bob}"`), [])
  })
})
