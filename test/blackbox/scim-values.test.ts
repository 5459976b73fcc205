import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertScimError } from './scim-error.ts'
import { patchOp, type ScimClient, startUsher, user } from './usher.ts'

/** With a resource type that has an attribute of every type, mutability, returned and uniqueness. */
const usher = await startUsher({ USHER_SCHEMAS_DIR: fileURLToPath(new URL('../fixtures/schemas/', import.meta.url)) })
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

  it('R49 row 57 booleans in quotes are read, except in the dialect interop-strict', async () => {
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

  it('row 90 numbers beyond what can be kept are 400 invalidValue, a negative zero is zero', async () => {
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
