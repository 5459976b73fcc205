import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertScimError } from './scim-error.ts'
import { patchOp, type ScimClient, startUsher, user } from './usher.ts'

/** With a resource type that has an attribute of every type, mutability, returned and uniqueness. */
const usher = await startUsher({ USHER_SCHEMAS_DIR: fileURLToPath(new URL('../schema/fixtures', import.meta.url)) })
const testUrn = 'urn:ietf:params:scim:schemas:test:2.0:TestResource'
const extensionUrn = 'urn:ietf:params:scim:schemas:extension:test:2.0:TestResource'

async function client(settings: Readonly<Record<string, unknown>> = {}): Promise<ScimClient> {
  return (await usher.organization()).scimClient(settings)
}

const thing = (identifier: string, more: Readonly<Record<string, unknown>> = {}) => ({
  schemas: [testUrn, extensionUrn],
  identifier,
  [extensionUrn]: { extRequired: 'x' },
  ...more,
})

/** RFC 7643 section 2.3. */
describe('types of values', () => {
  const accepted: readonly [string, readonly unknown[]][] = [
    ['caseInsensitiveString', ['text', ' blanks around ', 'Ünïcode 😀', '0']],
    ['integerAttr', [0, -7, 9_007_199_254_740_991]],
    ['booleanAttr', [true, false]],
    ['dateTimeAttr', ['2026-01-31T09:30:00Z', '2026-01-31T09:30:00.123+02:00', '2024-02-29T00:00:00-11:30']],
    ['binaryAttr', ['aGVsbG8=', 'aGVsbG8', '_-_-']],
    ['referenceAttr', ['https://example.com/a?b#c', '../Users/1', 'urn:example:a']],
    ['multiStrings', [['a', 'b']]],
    ['complexAttr', [{ sub1: 'a', sub2: 1, sub3: false }]],
    ['multiComplex', [[{ value: 'a', type: 't' }]]],
  ]
  for (const [name, values] of accepted) {
    it(`R49 R54 R55 ${name} keeps its values as they were sent`, async () => {
      const scim = await client()
      for (const [index, value] of values.entries()) {
        const created = await scim.must('POST', '/TestResources', thing(`t${index}`, { [name]: value }))
        assert.deepEqual(created[name], value)
        const read = await scim.must('GET', `/TestResources/${created.id}`)
        assert.deepEqual(read[name], value)
      }
    })
  }

  const refused: readonly [string, readonly unknown[]][] = [
    ['caseInsensitiveString', [1, true, {}, ['a', 'b']]],
    ['integerAttr', ['1', 1.5, true, 1e300, {}]],
    ['booleanAttr', ['yes', 1, 0, {}]],
    ['dateTimeAttr', ['2026-01-31', '09:30:00Z', 'yesterday', '2026-02-30T00:00:00Z', 1_770_000_000]],
    ['binaryAttr', ['not base64!', 'a', 5]],
    ['referenceAttr', ['with blank', 7, {}]],
    ['multiStrings', [[1], [{}], 5]],
    ['complexAttr', ['text', 5, [{ sub1: 'a' }, { sub1: 'b' }], { sub1: { deeper: 'x' } }, { sub2: 'one' }]],
    ['multiComplex', [5, [5], [['a']], [{ value: { a: 1 } }]]],
  ]
  for (const [name, values] of refused) {
    it(`R49 R50 R51 ${name} of another type is 400 invalidValue, in POST, PUT and PATCH`, async () => {
      const scim = await client()
      const { id } = await scim.must('POST', '/TestResources', thing('t'))
      for (const value of values) {
        const body = thing('u', { [name]: value })
        for (const answer of [
          await scim.call('POST', '/TestResources', body),
          await scim.call('PUT', `/TestResources/${id}`, body),
          await scim.call('PATCH', `/TestResources/${id}`, patchOp({ op: 'add', path: name, value })),
        ]) {
          assertScimError(answer, 400, 'invalidValue')
        }
      }
    })
  }

  it('R49 A57 booleans in quotes are read, except in the dialect interop-strict', async () => {
    const scim = await client()
    for (const [text, value] of [
      ['True', true],
      ['false', false],
      ['TRUE', true],
    ] as const) {
      assert.equal((await scim.must('POST', '/TestResources', thing(text, { booleanAttr: text }))).booleanAttr, value)
    }
    const strict = await client({ dialect: 'interop-strict' })
    assertScimError(
      await strict.call('POST', '/TestResources', thing('x', { booleanAttr: 'True' })),
      400,
      'invalidValue',
    )
    assertScimError(await strict.call('POST', '/Users', user('x', { active: 'False' })), 400, 'invalidValue')
  })

  it('A90 numbers beyond what can be kept are 400 invalidValue, a negative zero is zero', async () => {
    const scim = await client()
    for (const number of ['1e400', '9007199254740993', '-1e308']) {
      const body = JSON.stringify(thing('t', { integerAttr: 0 })).replace('"integerAttr":0', `"integerAttr":${number}`)
      assertScimError(await scim.call('POST', '/TestResources', body), 400, 'invalidValue')
    }
    const body = JSON.stringify(thing('t', { integerAttr: 0 })).replace('"integerAttr":0', '"integerAttr":-0')
    const created = await scim.call('POST', '/TestResources', body)
    assert.match(created.text, /"integerAttr":0/)
  })

  it('R50 a single value for a list is read as a list of one', async () => {
    const scim = await client()
    const created = await scim.must(
      'POST',
      '/TestResources',
      thing('t', { multiStrings: 'a', multiComplex: { value: 'b' } }),
    )
    assert.deepEqual(created.multiStrings, ['a'])
    assert.deepEqual(created.multiComplex, [{ value: 'b' }])
  })

  it('R51 C3 unknown attributes and sub-attributes are dropped, in the dialect interop-strict refused', async () => {
    const unknown = [
      { nothing: 1 },
      { complexAttr: { sub1: 'a', nothing: 1 } },
      { multiComplex: [{ value: 'a', nothing: { deeper: 1 } }] },
      { [extensionUrn]: { extRequired: 'x', nothing: 1 } },
      { 'urn:example:nothing': { a: 1 } },
    ]
    const scim = await client()
    const strict = await client({ dialect: 'interop-strict' })
    for (const [index, more] of unknown.entries()) {
      const body = thing(`t${index}`, more)
      const created = await scim.call('POST', '/TestResources', body)
      assert.equal(created.status, 201, created.text)
      assert.doesNotMatch(created.text, /nothing/)
      assertScimError(await strict.call('POST', '/TestResources', body), 400, 'invalidSyntax')
    }
  })
})

/** RFC 7643 section 2.2. */
describe('mutability and returned', () => {
  const full = {
    caseExactString: 'Ab',
    readOnlyAttr: 'mine',
    immutableAttr: 'first',
    writeOnlyAttr: 'secret-7c1f',
    requestOnlyAttr: 'on request',
    alwaysReturnedAttr: 'always',
  }

  it('R56 R57 never is in no answer, request in those that ask or supply it, always in every one', async () => {
    const scim = await client()
    const created = await scim.call('POST', '/TestResources', thing('t', full))
    const path = `/TestResources/${created.body.id}`
    const search = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter: 'identifier eq "t"' }
    const answers = {
      created,
      read: await scim.call('GET', path),
      listed: await scim.call('GET', '/TestResources'),
      asked: await scim.call('GET', `${path}?attributes=identifier,requestOnlyAttr,writeOnlyAttr`),
      narrow: await scim.call('GET', `${path}?attributes=identifier`),
      excluded: await scim.call('GET', `${path}?excludedAttributes=alwaysReturnedAttr,identifier,id`),
      replaced: await scim.call('PUT', path, thing('t', full)),
      patched: await scim.call('PATCH', path, patchOp({ op: 'replace', path: 'writeOnlyAttr', value: 'secret-7c1f2' })),
      searched: await scim.call('POST', '/TestResources/.search', search),
    }
    for (const [name, answer] of Object.entries(answers)) {
      assert.doesNotMatch(answer.text, /secret-7c1f|writeOnlyAttr/, name)
      const one = answer.body.Resources?.[0] ?? answer.body
      assert.equal(one.alwaysReturnedAttr, 'always', name)
      assert.equal(typeof one.id, 'string', name)
      const shows = ['created', 'asked', 'replaced'].includes(name)
      assert.equal('requestOnlyAttr' in one, shows, name)
    }
    assert.deepEqual(Object.keys(answers.narrow.body).sort(), ['alwaysReturnedAttr', 'id', 'identifier', 'schemas'])
    assert.equal('identifier' in answers.excluded.body, false)
    const patched = await scim.must('PATCH', path, patchOp({ op: 'replace', path: 'requestOnlyAttr', value: 'other' }))
    assert.equal(patched.requestOnlyAttr, 'other')
  })

  it('R57 R66 R82 readOnly is ignored in POST and PUT, and 400 mutability in PATCH', async () => {
    const scim = await client()
    const created = await scim.must('POST', '/TestResources', thing('t', full))
    const path = `/TestResources/${created.id}`
    const replaced = await scim.must('PUT', path, thing('t', full))
    for (const one of [created, replaced]) assert.equal('readOnlyAttr' in one, false)
    const patch = patchOp({ op: 'add', path: 'readOnlyAttr', value: 'mine' })
    assertScimError(await scim.call('PATCH', path, patch), 400, 'mutability')
  })

  it('R67 R83 immutable is accepted at creation and while it has no value, and its value stays', async () => {
    const scim = await client()
    const created = await scim.must('POST', '/TestResources', thing('t', { immutableAttr: 'first' }))
    assert.equal(created.immutableAttr, 'first')
    const path = `/TestResources/${created.id}`
    assert.equal((await scim.must('PUT', path, thing('t', { immutableAttr: 'first' }))).immutableAttr, 'first')
    assertScimError(await scim.call('PUT', path, thing('t', { immutableAttr: 'second' })), 400, 'mutability')
    const change = patchOp({ op: 'replace', path: 'immutableAttr', value: 'second' })
    assertScimError(await scim.call('PATCH', path, change), 400, 'mutability')
    const later = await scim.must('POST', '/TestResources', thing('u'))
    const set = await scim.must('PUT', `/TestResources/${later.id}`, thing('u', { immutableAttr: 'late' }))
    assert.equal(set.immutableAttr, 'late')
  })

  it('R85 a PUT without a writeOnly value leaves it, and without others clears them', async () => {
    const scim = await client()
    const created = await scim.must('POST', '/TestResources', thing('t', full))
    const replaced = await scim.must(
      'PUT',
      `/TestResources/${created.id}`,
      thing('t', { alwaysReturnedAttr: 'always' }),
    )
    assert.equal('caseExactString' in replaced, false)
    const again = await scim.must('PUT', `/TestResources/${created.id}`, thing('t', { alwaysReturnedAttr: 'always' }))
    assert.equal(again.meta.version, replaced.meta.version)
  })

  it('R87 a value that is unique among resources is 409 for another one and allowed for its owner', async () => {
    const scim = await client()
    const first = await scim.must('POST', '/TestResources', thing('t', { uniqueString: 'One' }))
    assertScimError(await scim.call('POST', '/TestResources', thing('u', { uniqueString: 'oNE' })), 409, 'uniqueness')
    assertScimError(await scim.call('POST', '/TestResources', thing('t')), 409, 'uniqueness')
    assert.equal((await scim.call('POST', '/TestResources', thing('T'))).status, 201)
    const kept = await scim.must('PUT', `/TestResources/${first.id}`, thing('t', { uniqueString: 'One' }))
    assert.equal(kept.meta.version, first.meta.version)
  })

  it('R261 R62 an extension that is required, and what is required in it, must be there', async () => {
    const scim = await client()
    for (const more of [
      { [extensionUrn]: undefined },
      { [extensionUrn]: {} },
      { [extensionUrn]: { extString: 'a' } },
    ]) {
      assertScimError(await scim.call('POST', '/TestResources', thing('t', more)), 400, 'invalidValue')
    }
  })

  it('R52 two primary values are 400 invalidValue, and primary false is not shown as true', async () => {
    const scim = await client()
    const two = [
      { value: 'a', primary: true },
      { value: 'b', primary: true },
    ]
    assertScimError(await scim.call('POST', '/TestResources', thing('t', { multiComplex: two })), 400, 'invalidValue')
    const { id, multiComplex } = await scim.must(
      'POST',
      '/TestResources',
      thing('t', { multiComplex: [{ value: 'a' }, { value: 'b', primary: true }] }),
    )
    assert.deepEqual(multiComplex, [{ value: 'a' }, { value: 'b', primary: true }])
    assertScimError(
      await scim.call('PUT', `/TestResources/${id}`, thing('t', { multiComplex: two })),
      400,
      'invalidValue',
    )
  })

  it('R53 equal pairs of type and value are one value', async () => {
    const scim = await client()
    const twice = [
      { value: 'a', type: 't' },
      { value: 'b', type: 't' },
      { value: 'a', type: 't' },
      { value: 'a', type: 'u' },
    ]
    const { multiComplex } = await scim.must('POST', '/TestResources', thing('t', { multiComplex: twice }))
    assert.deepEqual(multiComplex, [
      { value: 'a', type: 't' },
      { value: 'b', type: 't' },
      { value: 'a', type: 'u' },
    ])
  })
})

describe('values as they were sent', () => {
  it('R54 R55 case and blanks around stay in the output', async () => {
    const scim = await client()
    const body = user(' Ann@Example.COM ', {
      displayName: '  Ann ',
      emails: [{ value: 'Ann@Example.COM', type: 'Work' }],
    })
    const created = await scim.must('POST', '/Users', body)
    const read = await scim.must('GET', `/Users/${created.id}`)
    for (const one of [created, read]) {
      assert.equal(one.userName, ' Ann@Example.COM ')
      assert.equal(one.displayName, '  Ann ')
      assert.deepEqual(one.emails, body.emails)
    }
  })

  it('R56 R57 A69 a password is in no answer, change or filter', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const password = 'Correct-Horse-9f3'
    const created = await scim.call('POST', '/Users', user('ann', { password }))
    const path = `/Users/${created.body.id}`
    const answers = [
      created,
      await scim.call('PUT', `${path}?attributes=password,userName`, user('ann', { password })),
      await scim.call('PATCH', path, patchOp({ op: 'replace', path: 'password', value: password })),
      await scim.call('PATCH', path, patchOp({ op: 'replace', value: { password, active: true } })),
      await scim.call('GET', `${path}?attributes=password`),
      await scim.call('GET', '/Users?attributes=password'),
      await organization.ask('GET', '/changes'),
    ]
    for (const { status, text } of answers) {
      assert.ok(status < 300, text)
      assert.doesNotMatch(text, /Correct-Horse|"password"/)
    }
    assertScimError(await scim.call('GET', '/Users?filter=password%20co%20%22a%22'), 400, 'invalidFilter')
    const strict = await organization.scimClient({ dialect: 'interop-strict' })
    const refused = await strict.call('POST', '/Users', user('bob', { password }))
    assertScimError(refused, 400, 'invalidValue')
    assert.doesNotMatch(refused.text, /Correct-Horse/)
  })
})
