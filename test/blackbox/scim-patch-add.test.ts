import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { untilAnswered } from './asking.ts'
import { enterpriseUrn, type Json, operations, Patched } from './patching.ts'
import { group, startUsher, user } from './usher.ts'

const usher = await startUsher({ USHER_SCHEMAS_DIR: fileURLToPath(new URL('../fixtures/schemas/', import.meta.url)) })
const add = operations('add')

const work = { value: 'ann@work.example', type: 'work' }
const home = { value: 'ann@home.example', type: 'home' }

/** RFC 7644 section 3.5.2.1. */
describe('PATCH add', () => {
  it('R103 an add without value is 400 invalidValue', async () => {
    const ann = await Patched.user(usher)
    await ann.refuse('invalidValue', add('title'))
    await ann.refuse('invalidValue', add(undefined))
  })

  it('R104 without path each member of the value is an add of its own', async () => {
    const ann = await Patched.user(usher, { name: { familyName: 'Lee' }, emails: [work] })
    const after = await ann.apply(
      add(undefined, {
        title: 'Engineer',
        name: { givenName: 'Ann' },
        emails: [home],
        [enterpriseUrn]: { division: 'A' },
      }),
    )
    assert.equal(after.title, 'Engineer')
    assert.deepEqual(after.name, { familyName: 'Lee', givenName: 'Ann' })
    assert.deepEqual(after.emails, [work, home])
    assert.equal(after[enterpriseUrn].division, 'A')
  })

  it('R105 a simple singular attribute is set, whether it had a value or not', async () => {
    const ann = await Patched.user(usher)
    assert.equal((await ann.apply(add('title', 'Engineer'))).title, 'Engineer')
    assert.equal((await ann.apply(add('title', 'Architect'))).title, 'Architect')
  })

  it('R106 a complex singular attribute keeps the sub-attributes that the value does not name', async () => {
    const ann = await Patched.user(usher)
    assert.deepEqual((await ann.apply(add('name', { givenName: 'Ann' }))).name, { givenName: 'Ann' })
    const both = await ann.apply(add('name', { familyName: 'Lee' }))
    assert.deepEqual(both.name, { givenName: 'Ann', familyName: 'Lee' })
  })

  it('R107 a sub-attribute makes the parent that is missing', async () => {
    const ann = await Patched.user(usher)
    assert.deepEqual((await ann.apply(add('name.familyName', 'Lee'))).name, { familyName: 'Lee' })
    const after = await ann.apply(add(`${enterpriseUrn}:manager.value`, 'boss'))
    assert.equal(after[enterpriseUrn].manager.value, 'boss')
  })

  it('R108 a list grows by an array and by a single object', async () => {
    const ann = await Patched.user(usher, { emails: [work] })
    assert.deepEqual((await ann.apply(add('emails', [home]))).emails, [work, home])
    const other = { value: 'ann@other.example', type: 'other' }
    assert.deepEqual((await ann.apply(add('emails', other))).emails, [work, home, other])
  })

  it('R108 row 63 a value that is there already is not added again and moves no time', async () => {
    const ann = await Patched.user(usher, { emails: [work], name: { givenName: 'Ann' } })
    await ann.applyInVain(add('emails', [work]), add('emails', work))
    await ann.applyInVain(add('emails', [{ ...work, value: 'ANN@work.example' }]))
    await ann.applyInVain(add('name.givenName', 'Ann'))
  })

  it('R109 a list of simple values grows without doubles', async () => {
    const thing = await testResource({ multiStrings: ['a'] })
    assert.deepEqual((await thing.apply(add('multiStrings', ['b']))).multiStrings, ['a', 'b'])
    assert.deepEqual((await thing.apply(add('multiStrings', 'c'))).multiStrings, ['a', 'b', 'c'])
    await thing.applyInVain(add('multiStrings', ['B', 'c']))
  })

  it('R110 row 62 an element that is added as primary takes that from the others', async () => {
    const ann = await Patched.user(usher, { emails: [{ ...work, primary: true }] })
    const { emails } = await ann.apply(add('emails', [{ ...home, primary: true }]))
    assert.deepEqual(primaries(emails), [home.value])
    const turned = await ann.apply(add('emails[type eq "work"].primary', true))
    assert.deepEqual(primaries(turned.emails), [work.value])
  })

  it('R111 row 62 two primary elements in one operation are 400 invalidValue', async () => {
    const ann = await Patched.user(usher)
    const two = [
      { ...work, primary: true },
      { ...home, primary: true },
    ]
    await ann.refuse('invalidValue', add('emails', two))
    await ann.refuse('invalidValue', add(undefined, { emails: two }))
  })

  it('R112 a filter with sub-attribute sets it in the element that matches', async () => {
    const ann = await Patched.user(usher, { emails: [work, home] })
    const { emails } = await ann.apply(add('emails[type eq "work"].value', 'lee@work.example'))
    assert.deepEqual(emails, [{ ...work, value: 'lee@work.example' }, home])
  })

  it('R112 C1b a filter that matches nothing creates the element it describes', async () => {
    const ann = await Patched.user(usher, { emails: [home] })
    const { emails } = await ann.apply(add('emails[type eq "work"].value', work.value))
    assert.deepEqual(emails, [home, work])
  })

  it('R112 the parts of a new address may come one after the other', async () => {
    const ann = await Patched.user(usher)
    const { addresses } = await ann.apply(
      add('addresses[type eq "work"].streetAddress', 'Main Street 1'),
      add('addresses[type eq "work"].locality', 'Berlin'),
    )
    assert.deepEqual(addresses, [{ type: 'work', streetAddress: 'Main Street 1', locality: 'Berlin' }])
  })

  it('R112 a filter that does not say what the element would be is 400 noTarget', async () => {
    const ann = await Patched.user(usher, { emails: [home] })
    await ann.refuse('noTarget', add('emails[type ne "home"].value', work.value))
  })

  it('R113 a filter without sub-attribute merges the value into the elements that match', async () => {
    const ann = await Patched.user(usher, { emails: [work, home] })
    const { emails } = await ann.apply(add('emails[type eq "work"]', { display: 'Office' }))
    assert.deepEqual(emails, [{ ...work, display: 'Office' }, home])
  })

  it('R114 a sub-attribute of a list without filter does not say what is meant: 400 invalidPath', async () => {
    const ann = await Patched.user(usher, { emails: [work] })
    await ann.refuse('invalidPath', add('emails.value', 'x@y.example'))
  })

  it('R115 an immutable attribute can be set once, and set again to the same', async () => {
    const thing = await testResource()
    assert.equal((await thing.apply(add('immutableAttr', 'once'))).immutableAttr, 'once')
    await thing.applyInVain(add('immutableAttr', 'once'))
    await thing.refuse('mutability', add('immutableAttr', 'twice'))
  })

  it('R116 row 54 what is readOnly is 400 mutability', async () => {
    const ann = await Patched.user(usher)
    for (const path of ['id', 'meta', 'meta.created', 'groups', `${enterpriseUrn}:manager.displayName`]) {
      await ann.refuse('mutability', add(path, path === 'groups' ? [{ value: 'x' }] : 'x'))
    }
    await ann.refuse('mutability', add('urn:usher:scim:schemas:provisioning:1.0:User:state', 'active'))
    const thing = await testResource()
    await thing.refuse('mutability', add('readOnlyAttr', 'x'))
  })

  it('R117 an attribute of an extension brings its URN into schemas', async () => {
    const ann = await Patched.user(usher)
    assert.ok(!(await ann.read()).schemas.includes(enterpriseUrn))
    const after = await ann.apply(add(`${enterpriseUrn}:department`, 'Tools'))
    assert.ok(after.schemas.includes(enterpriseUrn))
    assert.deepEqual(after[enterpriseUrn], { department: 'Tools' })
  })

  it('R118 schemas may name what the type has, and nothing else', async () => {
    const ann = await Patched.user(usher)
    await ann.applyInVain(add('schemas', [enterpriseUrn]))
    await ann.refuse('invalidValue', add('schemas', ['urn:example:unknown']))
  })

  it('R119 adding null or nothing changes nothing and stores nothing', async () => {
    const ann = await Patched.user(usher, { title: 'Engineer', emails: [work] })
    await ann.applyInVain(add('title', null), add('emails', []), add('emails', null), add('nickName', null))
    await ann.applyInVain(add(undefined, { title: null, emails: [] }))
  })

  it('row 64 when one of several operations fails none is applied', async () => {
    const ann = await Patched.user(usher, { emails: [work] })
    const operations = [add('title', 'A'), add('nickName', 'B'), add('groups', []), add('emails', home)]
    await ann.refuse('mutability', ...operations, add('displayName', 'C'))
  })

  it('R108 members: an add of one who is there is one membership and moves no time', async () => {
    const client = await (await usher.organization()).scimClient()
    const ann = await client.must('POST', '/Users', user('ann'))
    const bob = await client.must('POST', '/Users', user('bob'))
    const team = await Patched.of(client, '/Groups', group('Team', { members: [{ value: ann.id }] }))
    await team.applyInVain(add('members', [{ value: ann.id }]))
    const { members } = await team.apply(add('members', { value: bob.id, $ref: null }))
    assert.deepEqual(values(members).sort(), [ann.id, bob.id].sort())
  })

  it('R102 row 74 fifty PATCHes of one user at once are all applied', async () => {
    const ann = await Patched.user(usher)
    const before = await ann.read()
    const numbers = Array.from({ length: 50 }, (_, at) => at)
    const answers = await Promise.all(
      numbers.map((at) => {
        const email = { value: `a${at}@example.com`, type: `t${at}` }
        return untilAnswered(() => ann.ask(add('emails', [email])))
      }),
    )
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.equal(new Set(answers.map(({ body }) => body.meta.version)).size, 50, 'each has a version of its own')
    const after = await ann.read()
    assert.equal(after.emails.length, 50)
    assert.equal(versionNumber(after) - versionNumber(before), 50)
  })

  it('R102 members that several requests add to one group at once are all in it', async () => {
    const client = await (await usher.organization()).scimClient()
    const users = await Promise.all(
      Array.from({ length: 12 }, (_, at) => client.must('POST', '/Users', user(`user-${at}`))),
    )
    const team = await Patched.of(client, '/Groups', group('Team'))
    const answers = await Promise.all(
      users.map(({ id }) => untilAnswered(() => team.ask(add('members', [{ value: id }])))),
    )
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.equal((await team.read()).members.length, 12)
  })
})

/** A resource of a type that has every kind of attribute. */
async function testResource(attributes: Json = {}): Promise<Patched> {
  const extension = 'urn:ietf:params:scim:schemas:extension:test:2.0:TestResource'
  const client = await (await usher.organization()).scimClient()
  return Patched.of(client, '/TestResources', {
    schemas: ['urn:ietf:params:scim:schemas:test:2.0:TestResource', extension],
    identifier: 'one',
    [extension]: { extRequired: 'yes' },
    ...attributes,
  })
}

function primaries(emails: readonly { readonly value: string; readonly primary?: boolean }[]): readonly string[] {
  return emails.filter(({ primary }) => primary === true).map(({ value }) => value)
}

function values(elements: readonly { readonly value: string }[]): string[] {
  return elements.map(({ value }) => value)
}

function versionNumber({ meta }: { readonly meta: { readonly version: string } }): number {
  return Number(/\d+/.exec(meta.version)?.[0])
}
