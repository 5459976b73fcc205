import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertScimError } from './scim-error.ts'
import { patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** A user with a client of this dialect. */
async function house(dialect = 'rfc', more: Readonly<Record<string, unknown>> = {}) {
  const scim = await (await usher.organization()).scimClient({ dialect })
  const { id } = await scim.must('POST', '/Users', user('ann', more))
  const send = (body: unknown) => scim.call('PATCH', `/Users/${id}`, body)
  return {
    send,
    read: () => scim.must('GET', `/Users/${id}`),
    patch: (...operations: readonly Readonly<Record<string, unknown>>[]) => send(patchOp(...operations)),
  }
}

/** RFC 7644 section 3.5.2, figure 7. */
describe('the path of an operation', () => {
  for (const path of [
    '',
    ' ',
    '.',
    'name.',
    '.name',
    'name..givenName',
    'emails[',
    'emails[type eq',
    'emails[type eq "work"',
    'emails[type eq "work"]]',
    'emails[type eq "work"].',
    'emails[type eq "work"]value',
    'name givenName',
    'title[value eq "x"]',
    'name[givenName eq "x"]',
    'emails[type eq "work"][value eq "x"]',
    'emails[a[b eq 1]]',
    '"title"',
    'title;',
    '/title',
    '$',
    'name.givenName.deeper',
    `${'a'.repeat(10_000)}`,
    `emails[${'('.repeat(5_000)}type pr`,
  ]) {
    it(`R98 row 53 ${JSON.stringify(path.slice(0, 40))} is 400 invalidPath`, async () => {
      const { patch } = await house()
      const answer = await patch({ op: 'replace', path, value: 'x' })
      assertScimError(answer, 400, 'invalidPath')
    })
  }

  it('R98 a path that is no text is 400 invalidPath, one that is null is none', async () => {
    const { patch } = await house()
    for (const path of [5, true, {}, ['title']]) {
      assertScimError(await patch({ op: 'replace', path, value: 'x' }), 400, 'invalidPath')
    }
    assert.equal((await patch({ op: 'replace', path: null, value: { title: 'T' } })).body.title, 'T')
  })

  it('R98 a filter in brackets that cannot be evaluated is 400 invalidFilter', async () => {
    const { patch } = await house('rfc', { emails: [{ value: 'a', type: 'work' }] })
    for (const filter of ['', 'type', 'type xx "work"', 'nothing eq "x"', 'primary gt true', 'type eq 5']) {
      const answer = await patch({ op: 'replace', path: `emails[${filter}].value`, value: 'x' })
      assertScimError(answer, 400, 'invalidFilter')
    }
  })

  for (const { dialect, refused } of [
    { dialect: 'rfc', refused: true },
    { dialect: 'google', refused: true },
    { dialect: 'interop-strict', refused: true },
    { dialect: 'entra', refused: false },
    { dialect: 'okta', refused: false },
    { dialect: 'onelogin', refused: false },
  ]) {
    it(`R99 C3 an unknown attribute is ${refused ? '400 invalidPath' : 'ignored'} in the dialect ${dialect}`, async () => {
      const { patch, read } = await house(dialect)
      const before = await read()
      for (const path of [
        'nothing',
        'name.nothing',
        'emails.nothing',
        `${enterpriseUrn}:nothing`,
        'urn:example:x:title',
      ]) {
        const answer = await patch({ op: 'add', path, value: 'x' })
        if (refused) assertScimError(answer, 400, 'invalidPath')
        else assert.ok(answer.status < 300, answer.text)
      }
      assert.deepEqual(await read(), before)
    })
  }

  it('R100 R101 URNs lead to the core, to attributes of extensions and to extensions as a whole, in any case', async () => {
    const { patch, read } = await house()
    for (const [path, value] of [
      [`${userUrn}:title`, 'A'],
      [`${userUrn.toUpperCase()}:NAME.givenname`, 'Ann'],
      ['Name.FAMILYNAME', 'Lee'],
      [`${enterpriseUrn}:department`, 'Sales'],
      [`${enterpriseUrn.toLowerCase()}:Manager.Value`, 'm-1'],
      [`${userUrn}:emails[TYPE eq "work"].Value`, 'a@b.c'],
      [enterpriseUrn, { division: 'D', costCenter: 'C' }],
    ] as const) {
      const answer = await patch({ op: 'add', path, value })
      assert.equal(answer.status, 200, `${path} ${answer.text}`)
    }
    const shown = await read()
    assert.equal(shown.title, 'A')
    assert.deepEqual(shown.name, { givenName: 'Ann', familyName: 'Lee' })
    assert.deepEqual(shown.emails, [{ type: 'work', value: 'a@b.c' }])
    const { manager, ...rest } = shown[enterpriseUrn]
    assert.deepEqual(rest, { department: 'Sales', division: 'D', costCenter: 'C' })
    assert.equal(manager.value, 'm-1')
    const removed = await patch({ op: 'remove', path: enterpriseUrn })
    assert.equal(enterpriseUrn in removed.body, false)
  })

  it('row 52 names that objects inherit lead nowhere, in a path and as a member', async () => {
    for (const dialect of ['rfc', 'entra']) {
      const { patch, send } = await house(dialect)
      for (const path of [
        '__proto__.a',
        'toString.a',
        'constructor.prototype.a',
        '__proto__',
        'valueOf',
        'name.__proto__',
      ]) {
        assertScimError(await patch({ op: 'add', path, value: 'x' }), 400, 'invalidPath')
        const value = `{"schemas":["${patchUrn}"],"Operations":[{"op":"add","value":{"${path}":"x"}}]}`
        const answer = await send(value)
        assertScimError(answer, 400, path === '__proto__' ? 'invalidSyntax' : 'invalidPath')
      }
    }
    assert.equal(({} as { a?: unknown }).a, undefined)
  })
})
