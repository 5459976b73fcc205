import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertRefused, enterpriseUrn, type Json, operations, Patched } from './patching.ts'
import { group, startUsher, user } from './usher.ts'

const usher = await startUsher({ USHER_SCHEMAS_DIR: fileURLToPath(new URL('../fixtures/schemas/', import.meta.url)) })
const replace = operations('replace')

const work = { value: 'ann@work.example', type: 'work' }
const home = { value: 'ann@home.example', type: 'home' }

/** RFC 7644 section 3.5.2.3. */
describe('PATCH replace', () => {
  it('R133 row 58 without path each key is replaced, dotted, by URN, by filter, or as an extension', async () => {
    const ann = await Patched.user(usher, { name: { givenName: 'A', familyName: 'B' }, emails: [work, home] })
    const after = await ann.apply(
      replace(undefined, {
        title: 'Engineer',
        'name.givenName': 'Ann',
        'emails[type eq "work"].value': 'lee@work.example',
        [`${enterpriseUrn}:department`]: 'Tools',
        [`${enterpriseUrn}:manager`]: { value: 'boss' },
        'urn:ietf:params:scim:schemas:core:2.0:User:nickName': 'Annie',
      }),
      replace(undefined, { [enterpriseUrn]: { division: 'A' } }),
    )
    assert.equal(after.title, 'Engineer')
    assert.equal(after.nickName, 'Annie')
    assert.deepEqual(after.name, { givenName: 'Ann', familyName: 'B' })
    assert.deepEqual(after.emails, [{ ...work, value: 'lee@work.example' }, home])
    const { department, division, manager } = after[enterpriseUrn]
    assert.deepEqual(
      { department, division, manager: manager.value },
      { department: 'Tools', division: 'A', manager: 'boss' },
    )
  })

  it('R134 a simple attribute is replaced, or set where it had no value', async () => {
    const ann = await Patched.user(usher)
    assert.equal((await ann.apply(replace('title', 'Engineer'))).title, 'Engineer')
    assert.equal((await ann.apply(replace('title', 'Architect'))).title, 'Architect')
  })

  it('R135 C8 of a complex attribute the given sub-attributes are replaced, the others stay', async () => {
    const ann = await Patched.user(usher, { name: { givenName: 'Ann', familyName: 'Lee' } })
    const after = await ann.apply(replace('name', { familyName: 'Kim' }))
    assert.deepEqual(after.name, { givenName: 'Ann', familyName: 'Kim' })
  })

  it('R136 a list without filter is replaced as a whole, also by a single object', async () => {
    const ann = await Patched.user(usher, { emails: [work] })
    assert.deepEqual((await ann.apply(replace('emails', [home, work]))).emails, [home, work])
    assert.deepEqual((await ann.apply(replace('emails', home))).emails, [home])
    assert.equal('emails' in (await ann.apply(replace('emails', []))), false)
  })

  it('R137 an object for a filter is merged into every match, whose selector stays', async () => {
    const ann = await Patched.user(usher, { emails: [work, { ...home, display: 'Home' }] })
    const { emails } = await ann.apply(replace('emails[type eq "work"]', { value: 'lee@work.example', display: 'W' }))
    assert.deepEqual(emails, [
      { value: 'lee@work.example', type: 'work', display: 'W' },
      { ...home, display: 'Home' },
    ])
  })

  it('R138 a sub-attribute behind a filter is set in all matches', async () => {
    const ann = await Patched.user(usher, { emails: [work, home, { value: 'x@y.example' }] })
    const { emails } = await ann.apply(replace('emails[type pr].display', 'Ann'))
    assert.deepEqual(
      emails.map(({ display }: Json) => display),
      ['Ann', 'Ann', undefined],
    )
  })

  it('R114 a sub-attribute of a list without filter is replaced in all elements', async () => {
    const ann = await Patched.user(usher, { emails: [work, home] })
    const { emails } = await ann.apply(replace('emails.display', 'Ann'))
    assert.deepEqual(emails, [
      { ...work, display: 'Ann' },
      { ...home, display: 'Ann' },
    ])
  })

  it('R139 row 61 C1 a filter that matches nothing is 400 noTarget', async () => {
    const ann = await Patched.user(usher, { emails: [home] })
    await ann.refuse('noTarget', replace('emails[type eq "work"].value', work.value))
    await ann.refuse('noTarget', replace('emails[type eq "work"]', work))
  })

  it('R140 row 54 readOnly is 400 mutability, immutable as well unless it is equal', async () => {
    const ann = await Patched.user(usher)
    for (const [path, value] of [
      ['id', 'other'],
      ['meta.created', '2020-01-01T00:00:00Z'],
      ['meta', { version: 'W/"9"' }],
      ['groups', []],
    ] as const) {
      await ann.refuse('mutability', replace(path, value))
    }
    await ann.applyInVain(replace('id', ann.id))
    const thing = await testResource({ immutableAttr: 'once' })
    await thing.refuse('mutability', replace('immutableAttr', 'twice'))
    await thing.applyInVain(replace('immutableAttr', 'once'))
  })

  it('R141 one element that becomes primary takes that from the others', async () => {
    const ann = await Patched.user(usher, { emails: [{ ...work, primary: true }, home] })
    const { emails } = await ann.apply(replace('emails[type eq "home"].primary', true))
    assert.deepEqual(
      emails.map(({ primary = false }: Json) => primary),
      [false, true],
    )
  })

  it('R142 what is required cannot be null or empty: 400 invalidValue, and nothing is applied', async () => {
    const ann = await Patched.user(usher)
    for (const value of [null, '', ' ']) {
      await ann.refuse('invalidValue', replace('title', 'x'), replace('userName', value))
    }
    await ann.refuse('invalidValue', replace(undefined, { title: 'x', userName: null }))
  })

  it('R143 null, an empty text and an empty list unassign what is optional', async () => {
    const attributes = {
      title: 'Engineer',
      nickName: 'Annie',
      name: { givenName: 'Ann', familyName: 'Lee' },
      emails: [work],
      [enterpriseUrn]: { manager: { value: 'boss' } },
    }
    const ann = await Patched.user(usher, attributes)
    const after = await ann.apply(
      replace('title', null),
      replace('nickName', ''),
      replace('name.givenName', null),
      replace('emails', null),
      replace(`${enterpriseUrn}:manager`, ''),
    )
    assert.deepEqual(after.name, { familyName: 'Lee' })
    for (const name of ['title', 'nickName', 'emails', enterpriseUrn]) assert.equal(name in after, false, name)
  })

  it('R144 members with a list is the whole group, and with an empty list nobody', async () => {
    const client = await (await usher.organization()).scimClient()
    const ids: string[] = []
    for (const name of ['ann', 'bob', 'carl']) ids.push((await client.must('POST', '/Users', user(name))).id)
    const [ann, bob, carl] = ids
    const team = await Patched.of(client, '/Groups', group('Team', { members: [{ value: ann }, { value: bob }] }))
    const after = await team.apply(replace('members', [{ value: bob }, { value: carl }]))
    assert.deepEqual(after.members.map(({ value }: Json) => value).sort(), [bob, carl].sort())
    await team.applyInVain(replace('members', [{ value: carl }, { value: bob }]))
    assert.equal('members' in (await team.apply(replace('members', []))), false)
  })

  it('R145 a userName that somebody else has is 409 uniqueness, the own one passes', async () => {
    const ann = await Patched.user(usher)
    await ann.client.must('POST', '/Users', user('bob@example.com'))
    await ann.refuse('uniqueness', replace('userName', 'BOB@example.com'))
    const after = await ann.apply(replace('userName', 'ANN@example.com'))
    assert.equal(after.userName, 'ANN@example.com')
  })

  it('R146 row 57 active as the text true or false in any case, and nothing else', async () => {
    const ann = await Patched.user(usher)
    assert.equal((await ann.apply(replace('active', 'False'))).active, false)
    assert.equal((await ann.apply(replace('active', 'TRUE'))).active, true)
    for (const value of ['0', 'yes', 'truee', 0, 1, {}, [false]])
      await ann.refuse('invalidValue', replace('active', value))
  })

  it('R147 the filter in a path knows all operators and connectives, with the case rules of the attribute', async () => {
    const ann = await Patched.user(usher, { emails: [work, { ...home, primary: true }] })
    const cases: readonly (readonly [filter: string, matches: readonly string[]])[] = [
      ['TYPE EQ "WORK"', ['work']],
      ['type ne "work"', ['home']],
      ['value co "@WORK."', ['work']],
      ['value sw "ann@h"', ['home']],
      ['value ew ".example"', ['work', 'home']],
      ['type gt "home"', ['work']],
      ['type ge "home"', ['work', 'home']],
      ['type lt "work"', ['home']],
      ['type le "home"', ['home']],
      ['primary pr', ['home']],
      ['primary eq "True"', ['home']],
      ['not (primary eq true)', ['work']],
      ['(type eq "work" or type eq "home") and value sw "ann"', ['work', 'home']],
      ['type eq "other" or type eq "home" and primary eq true', ['home']],
    ]
    for (const [at, [filter, matches]] of cases.entries()) {
      const { emails } = await ann.apply(replace(`emails[${filter}].display`, `mark ${at}`))
      const marked = emails.filter(({ display }: Json) => display === `mark ${at}`).map(({ type }: Json) => type)
      assert.deepEqual(marked, matches, filter)
    }
  })

  it('R148 a password is accepted, dropped and never shown', async () => {
    const ann = await Patched.user(usher)
    await ann.applyInVain(replace('password', 'correct horse'), replace(undefined, { password: 'correct horse' }))
    const answer = await ann.ask(replace('password', 'correct horse'))
    assert.doesNotMatch(answer.text, /horse|password/)
  })

  it('row 52 paths and keys that every object inherits are 400 invalidPath', async () => {
    const ann = await Patched.user(usher)
    const names = Object.getOwnPropertyNames(Object.prototype)
    for (const path of ['__proto__.a', 'toString.a', 'constructor.prototype.a', 'name.__proto__', 'name.constructor']) {
      await ann.refuse('invalidPath', replace(path, 'x'))
    }
    for (const key of ['toString.a', 'constructor.prototype.a', 'name.toString']) {
      await ann.refuse('invalidPath', replace(undefined, { [key]: 'x' }))
    }
    const hidden = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"__proto__":{"a":1}}}]}`
    assert.equal((await ann.client.call('PATCH', ann.path, hidden)).status, 400)
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), names)
    assert.equal(({} as Json).a, undefined)
  })

  it('row 53 a path that is cut off, endless or nested is 400 invalidPath', async () => {
    const ann = await Patched.user(usher)
    for (const path of [
      'emails[type eq "x',
      'emails[type eq',
      'emails[',
      'a'.repeat(10_000),
      'emails[type[value eq 1]]',
    ]) {
      await ann.refuse('invalidPath', replace(path, 'x'))
    }
  })

  it('row 56 the verb in any case is accepted, none or an unknown one is 400 invalidSyntax', async () => {
    const ann = await Patched.user(usher)
    const after = await ann.apply(
      { op: 'Add', path: 'title', value: 'A' },
      { Op: 'REPLACE', path: 'nickName', value: 'B' },
    )
    assert.deepEqual([after.title, after.nickName], ['A', 'B'])
    await ann.refuse('invalidSyntax', { path: 'title', value: 'A' })
    await ann.refuse('invalidSyntax', { op: 'move', path: 'title', value: 'A' })
  })

  it('row 59 ten thousand operations are 413', async () => {
    const ann = await Patched.user(usher)
    const operations = Array.from({ length: 10_000 }, (_, at) => replace('title', `${at}`))
    assertRefused(await ann.ask(...operations), 413)
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
