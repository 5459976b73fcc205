import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertScimError } from './scim-error.ts'
import { type Answer, group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

type Json = Readonly<Record<string, unknown>>

interface House {
  readonly scim: ScimClient
  readonly path: string
  readonly read: () => Promise<Answer['body']>
  readonly changes: () => Promise<number>
  readonly patch: (...operations: readonly Json[]) => Promise<Answer>
  readonly send: (body: unknown) => Promise<Answer>
}

/** A user with a client of this dialect. */
async function house(dialect = 'rfc', more: Json = {}): Promise<House> {
  const organization = await usher.organization()
  const scim = await organization.scimClient({ dialect })
  const { id } = await scim.must('POST', '/Users', user('ann', more))
  const path = `/Users/${id}`
  const send = (body: unknown) => scim.call('PATCH', path, body)
  return {
    scim,
    path,
    send,
    read: () => scim.must('GET', path),
    changes: async () => (await organization.admin('GET', '/changes')).items.length,
    patch: (...operations) => send(patchOp(...operations)),
  }
}

const setTitle = { op: 'replace', path: 'title', value: 'T' }

/** RFC 7644 section 3.5.2. */
describe('the PatchOp message', () => {
  for (const { dialect, infers } of [
    { dialect: 'rfc', infers: false },
    { dialect: 'interop-strict', infers: false },
    { dialect: 'entra', infers: true },
    { dialect: 'okta', infers: true },
    { dialect: 'onelogin', infers: true },
    { dialect: 'google', infers: true },
  ]) {
    it(`R91 C11 without its URN it is ${infers ? 'read' : '400 invalidSyntax'} in the dialect ${dialect}`, async () => {
      const { send, read } = await house(dialect)
      for (const schemas of [undefined, []]) {
        const answer = await send({ schemas, Operations: [setTitle] })
        if (infers) assert.ok(answer.status < 300, answer.text)
        else assertScimError(answer, 400, 'invalidSyntax')
      }
      assert.equal((await read()).title, infers ? 'T' : undefined)
    })
  }

  it('R91 the URN of something else is 400 invalidSyntax in every dialect', async () => {
    for (const dialect of ['rfc', 'entra', 'okta', 'onelogin', 'google', 'interop-strict']) {
      const { send } = await house(dialect)
      for (const schemas of [[userUrn], ['urn:nothing'], [1]]) {
        assertScimError(await send({ schemas, Operations: [setTitle] }), 400, 'invalidSyntax')
      }
    }
  })

  it('R91 the URN is read in any case and beside others', async () => {
    const { send } = await house()
    for (const schemas of [[patchUrn.toLowerCase()], [patchUrn, userUrn]]) {
      assert.equal((await send({ schemas, Operations: [setTitle] })).status, 200)
    }
  })

  it('R92 Operations must be a list with elements', async () => {
    const { send } = await house()
    for (const Operations of [undefined, null, [], {}, 'replace', 5, [null], ['replace'], [[]]]) {
      assertScimError(await send({ schemas: [patchUrn], Operations }), 400, 'invalidSyntax')
    }
  })

  it('R92 an empty list is nothing to do in the dialect entra, elsewhere 400 invalidSyntax', async () => {
    for (const dialect of ['okta', 'onelogin', 'google', 'interop-strict']) {
      assertScimError(await (await house(dialect)).patch(), 400, 'invalidSyntax')
    }
    const { patch, read } = await house('entra')
    const before = await read()
    assert.equal((await patch()).status, 204)
    assert.deepEqual(await read(), before)
  })

  it('R92 R93 names of members are read in any case', async () => {
    const { send, read } = await house()
    const answer = await send({ schemas: [patchUrn], operations: [{ OP: 'replace', Path: 'title', VALUE: 'T' }] })
    assert.equal(answer.status, 200, answer.text)
    assert.equal((await read()).title, 'T')
  })

  it('R93 row 56 op is read in any case, and is add, remove or replace', async () => {
    const { patch, read } = await house()
    for (const op of ['Add', 'add', 'ADD', 'Replace', 'REPLACE', 'rePlace']) {
      assert.equal((await patch({ op, path: 'title', value: op })).status, 200, op)
      assert.equal((await read()).title, op)
    }
    assert.equal((await patch({ op: 'Remove', path: 'title' })).status, 200)
    for (const op of [undefined, null, '', 'move', 'test', 'copy', 'delete', 1, ['add'], 'add ', '__proto__']) {
      assertScimError(await patch({ op, path: 'title', value: 'x' }), 400, 'invalidSyntax')
    }
  })

  it('R94 operations are applied in order, each to the result of the former', async () => {
    const { patch } = await house()
    const { body } = await patch(
      { op: 'add', path: 'title', value: 'first' },
      { op: 'add', path: 'emails', value: [{ value: 'a@b.c', type: 'work' }] },
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'd@e.f' },
      { op: 'remove', path: 'title' },
      { op: 'add', path: 'nickName', value: 'x' },
      { op: 'replace', path: 'nickName', value: 'last' },
    )
    assert.equal('title' in body, false)
    assert.deepEqual(body.emails, [{ value: 'd@e.f', type: 'work' }])
    assert.equal(body.nickName, 'last')
  })

  it('R94 row 64 one failure leaves the resource, its version and the change feed as they were', async () => {
    const { patch, read, changes, scim } = await house('rfc', { title: 'before' })
    await scim.must('POST', '/Users', user('bob'))
    const [before, count] = [await read(), await changes()]
    const good = [setTitle, { op: 'add', path: 'nickName', value: 'x' }]
    for (const [bad, status, scimType] of [
      [{ op: 'replace', path: 'nothing', value: 1 }, 400, 'invalidPath'],
      [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'x' }, 400, 'noTarget'],
      [{ op: 'replace', path: 'active', value: {} }, 400, 'invalidValue'],
      [{ op: 'remove', path: 'userName' }, 400, 'mutability'],
      [{ op: 'replace', path: 'userName', value: 'bob' }, 409, 'uniqueness'],
      [{ op: 'nothing' }, 400, 'invalidSyntax'],
    ] as const) {
      assertScimError(await patch(...good, bad, { op: 'remove', path: 'title' }), status, scimType)
      assert.deepEqual(await read(), before)
      assert.equal(await changes(), count)
    }
  })

  it('R94 a group keeps its members when an operation after theirs fails', async () => {
    const { scim, path } = await house()
    const members = [{ value: path.split('/').at(-1) }]
    const all = await scim.must('POST', '/Groups', group('All'))
    const patch = patchOp({ op: 'add', path: 'members', value: members }, { op: 'remove', path: 'displayName' })
    assertScimError(await scim.call('PATCH', `/Groups/${all.id}`, patch), 400, 'mutability')
    assert.deepEqual(await scim.must('GET', `/Groups/${all.id}`), all)
  })

  for (const { dialect, status } of [
    { dialect: 'rfc', status: 200 },
    { dialect: 'entra', status: 204 },
    { dialect: 'okta', status: 200 },
    { dialect: 'onelogin', status: 200 },
    { dialect: 'google', status: 200 },
    { dialect: 'interop-strict', status: 200 },
  ]) {
    it(`R95 C4 the answer is ${status} in the dialect ${dialect}, and 200 when attributes are asked for`, async () => {
      const { scim, path, patch, read } = await house(dialect)
      const all = await scim.must('POST', '/Groups', group('All'))
      const rename = patchOp({ op: 'replace', path: 'displayName', value: 'Everybody' })
      for (const answer of [await patch(setTitle), await scim.call('PATCH', `/Groups/${all.id}`, rename)]) {
        assert.equal(answer.status, status)
        if (status === 204) assert.equal(answer.text, '')
        else assert.equal(answer.headers.get('etag'), answer.body.meta.version)
      }
      if (status === 200) assert.deepEqual((await patch(setTitle)).body, await read())
      const asked = await scim.call('PATCH', `${path}?attributes=title`, patchOp({ ...setTitle, value: 'U' }))
      assert.equal(asked.status, 200)
      assert.deepEqual(Object.keys(asked.body).sort(), ['id', 'schemas', 'title'])
    })
  }

  it('R96 the result is checked as a whole, after the last operation', async () => {
    const { patch, scim } = await house()
    const passing = await patch(
      { op: 'replace', path: 'userName', value: 'tmp' },
      { op: 'replace', path: 'userName', value: 'ann' },
    )
    assert.equal(passing.status, 200)
    const swap = await patch(
      { op: 'add', path: 'emails', value: [{ value: 'a', primary: true }] },
      { op: 'add', path: 'emails', value: [{ value: 'b', primary: true }] },
    )
    assert.deepEqual(
      swap.body.emails.map((one: Json) => one.primary ?? false),
      [false, true],
    )
    const two = [
      { value: 'a', primary: true },
      { value: 'b', primary: true },
    ]
    assertScimError(await patch({ op: 'replace', path: 'emails', value: two }), 400, 'invalidValue')
    await scim.must('POST', '/Users', user('bob'))
    assertScimError(await patch({ op: 'replace', value: { userName: 'BOB' } }), 409, 'uniqueness')
    const [all] = [await scim.must('POST', '/Groups', group('All')), await scim.must('POST', '/Groups', group('None'))]
    const rename = patchOp({ op: 'replace', path: 'displayName', value: 'none' })
    assertScimError(await scim.call('PATCH', `/Groups/${all.id}`, rename), 409, 'uniqueness')
  })

  it('R97 an unknown id is 404, whatever the message', async () => {
    const { scim } = await house()
    for (const path of ['/Users/nobody', '/Groups/nobody']) {
      assertScimError(await scim.call('PATCH', path, patchOp({ op: 'replace', path: 'externalId', value: 'x' })), 404)
    }
  })

  it('R97 row 63 R285 what changes nothing is a success without a new version, lastModified or change', async () => {
    const { patch, read, changes } = await house('rfc', { title: 'T', emails: [{ value: 'a@b.c', type: 'work' }] })
    const [before, count] = [await read(), await changes()]
    usher.clock.offset += 1_000
    for (const operations of [
      [setTitle],
      [{ op: 'add', path: 'emails', value: [{ type: 'work', value: 'a@b.c' }] }],
      [{ op: 'replace', path: 'active', value: true }],
      [{ op: 'remove', path: 'nickName' }],
      [
        { op: 'add', path: 'nickName', value: 'x' },
        { op: 'remove', path: 'nickName' },
      ],
      [{ op: 'replace', value: { id: before.id, title: 'T', userName: 'ann' } }],
    ]) {
      const answer = await patch(...operations)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual(answer.body, before)
      assert.equal(answer.headers.get('etag'), before.meta.version)
    }
    assert.equal(await changes(), count)
  })

  it('R95 row 73 If-Match is obeyed: a stale version is 412', async () => {
    const { scim, path, read } = await house()
    const { version } = (await read()).meta
    const patch = (tag: string) => scim.call('PATCH', path, patchOp({ ...setTitle, value: tag }), { 'if-match': tag })
    assert.equal((await patch(version)).status, 200)
    assertScimError(await patch(version), 412)
    assertScimError(await patch('garbage'), 412)
    assert.equal((await patch('*')).status, 200)
  })
})
