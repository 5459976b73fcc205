import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { dialects } from '../../src/scim/dialects.ts'
import { enterpriseUrn, read, readEverything, readUser, refuses, user } from './registry-of-tests.ts'

const strict = dialects['interop-strict']

function accepts(name: string, ...values: readonly unknown[]): void {
  for (const value of values) assert.deepEqual(readEverything({ [name]: value }), { [name]: value })
}

function refusesAll(name: string, ...values: readonly unknown[]): void {
  for (const value of values) {
    refuses(() => readEverything({ [name]: value }), 'invalid_value', new RegExp(`"${name}" of a TestResource`))
  }
}

describe('R49 R50 a value', () => {
  test('of a string attribute is a text', () => {
    accepts('caseInsensitiveString', 'a', ' ', 'x'.repeat(16_384))
    refusesAll('caseInsensitiveString', 1, true, {}, ['a'], { a: 1 }, 'x'.repeat(16_385))
  })

  test('row 65 of externalId is a text', () => {
    for (const externalId of [1, true, {}]) refuses(() => readUser({ externalId }), 'invalid_value')
    assert.deepEqual(readUser({ externalId: '' }), {})
  })

  test('row 14 with half a surrogate pair is refused', () => {
    refuses(() => readUser({ displayName: '\ud83d' }), 'invalid_syntax')
    refuses(() => readUser({ emails: [{ value: 'a\udc00' }] }), 'invalid_syntax')
  })

  test('of an integer attribute is a safe integer', () => {
    accepts('integerAttr', 0, -7, 2 ** 53 - 1)
    refusesAll('integerAttr', 1.5, '1', true, 2 ** 53, Number.POSITIVE_INFINITY)
  })

  test('row 90 that is negative zero becomes zero', () => {
    assert.ok(Object.is(readEverything({ integerAttr: -0 }).integerAttr, 0))
    refuses(() => readEverything(JSON.parse('{"integerAttr": 1e400}')), 'invalid_value')
  })

  test('of a dateTime attribute is kept as it was sent', () => {
    accepts('dateTimeAttr', '2026-01-31T09:30:00Z', '2026-01-31T09:30:00.123+05:30', '2026-01-31T09:30:00')
    refusesAll('dateTimeAttr', '2026-01-31', 'now', 1769851800, '2016-12-31T23:59:60Z')
  })

  test('of a binary attribute is base64 or base64url, with or without padding', () => {
    accepts('binaryAttr', 'YWJj', 'YWI=', 'YQ==', 'YWI', 'YQ', '-_-_', '+/+/')
    refusesAll('binaryAttr', 'Y', 'YWJjZ', 'Y===', 'YWI==', 'YWJj=', 'a b', 'ä', 7, 'YWJj\n')
  })

  test('of a reference attribute is a URI, absolute or relative; row 71 it is only stored', () => {
    accepts('referenceAttr', 'https://example.com/a?b#c', '../Users/1', 'urn:x:y', 'http://169.254.169.254/')
    refusesAll('referenceAttr', 'a b', 'a\nb', '<a>', 7)
  })

  test('row 68 of 5 MB is refused', () => {
    refuses(() => readUser({ photos: [{ value: `data:image/png;base64,${'A'.repeat(5_000_000)}` }] }), 'invalid_value')
    refuses(() => readUser({ x509Certificates: [{ value: 'A'.repeat(5_000_000) }] }), 'invalid_value')
  })

  test('of a complex attribute is an object', () => {
    accepts('complexAttr', { sub1: 'a', sub2: 1, sub3: false })
    refusesAll('complexAttr', 'a', 1, true, [{ sub1: 'a' }])
    refuses(() => readUser({ name: 'Anna' }), 'invalid_value', /"name" of a User must be an object/)
  })

  test('of a multi-valued attribute is a list; a single one becomes a list of one', () => {
    accepts('multiStrings', ['a', 'b'])
    assert.deepEqual(readEverything({ multiStrings: 'a' }), { multiStrings: ['a'] })
    assert.deepEqual(readUser({ emails: { value: 'a@b' } }), { emails: [{ value: 'a@b' }] })
    refusesAll('multiStrings', [['a']], [1], { a: 1 })
    refuses(() => readUser({ emails: ['a@b'] }), 'invalid_value')
    assert.deepEqual(read(user, { userName: 'a', emails: { value: 'a@b' } }).notes, ['single value for a list'])
  })

  test('R258 of a type that is not canonical is kept', () => {
    assert.deepEqual(readUser({ emails: [{ value: 'a@b', type: 'Büro' }] }), {
      emails: [{ value: 'a@b', type: 'Büro' }],
    })
  })

  test('R53 that is there twice is kept once, primary if one of them was', () => {
    const emails = [
      { value: 'A@b', type: 'work', display: 'first' },
      { value: 'a@B', type: 'Work', primary: true },
      { value: 'a@b', type: 'home' },
    ]
    assert.deepEqual(readUser({ emails }), {
      emails: [
        { value: 'A@b', display: 'first', type: 'work', primary: true },
        { value: 'a@b', type: 'home' },
      ],
    })
    assert.deepEqual(readEverything({ multiStrings: ['a', 'A', 'b'] }), { multiStrings: ['a', 'b'] })
    const address = { country: 'DE', type: 'work' }
    assert.deepEqual(readUser({ addresses: [address, address, { ...address, type: 'home' }] }), {
      addresses: [address, { ...address, type: 'home' }],
    })
  })
})

describe('R246 row 66 a userName', () => {
  test('with control, bidirectional or zero-width characters is refused', () => {
    for (const character of [
      '\u0000',
      '\n',
      '\u007f',
      '\u200b',
      '\u200d',
      '\ufeff',
      '\u202e',
      '\u2066',
      '\u00ad',
      '\u{e0041}',
    ]) {
      refuses(() => readUser({ userName: `an${character}na` }), 'invalid_value', /"userName"/)
    }
  })

  test('row 67 longer than 512 characters is refused', () => {
    assert.deepEqual(readUser({ userName: 'x'.repeat(512) }), { userName: 'x'.repeat(512) })
    refuses(() => readUser({ userName: 'x'.repeat(513) }), 'invalid_value')
  })

  test('in any script is accepted', () => {
    for (const userName of ['anna', 'Åsa', '張偉', 'влад', 'a b', 'anna+tag@example.com']) {
      assert.deepEqual(readUser({ userName }), { userName })
    }
  })
})

describe('tolerances of a dialect', () => {
  test('row 57 stringBooleans: true and false in quotes', () => {
    const { resource, notes } = read(user, { userName: 'a', active: 'False', roles: [{ value: 'r', primary: 'True' }] })
    assert.deepEqual(resource, { userName: 'a', active: false, roles: [{ value: 'r', primary: true }] })
    assert.deepEqual(notes, ['boolean string', 'boolean string'])
    for (const active of ['yes', 0, 1, 'truely', {}]) refuses(() => readUser({ active }), 'invalid_value')
    refuses(() => readUser({ active: 'True' }, strict), 'invalid_value')
  })

  test('R260 managerShape: the id alone', () => {
    const manager = (value: unknown, switches = {}) => readUser({ [enterpriseUrn]: { manager: value } }, switches)
    assert.deepEqual(manager('m1'), { [enterpriseUrn]: { manager: { value: 'm1' } } })
    assert.deepEqual(manager(''), {})
    for (const value of ['m1', '']) refuses(() => manager(value, strict), 'invalid_value')
  })

  test('R257 bareRoles: names alone, and JSON text inside value where it is parsed', () => {
    assert.deepEqual(readUser({ roles: ['admin', { value: 'b' }], entitlements: 'e' }), {
      entitlements: [{ value: 'e' }],
      roles: [{ value: 'admin' }, { value: 'b' }],
    })
    refuses(() => readUser({ roles: ['admin'] }, strict), 'invalid_value')
    const text = JSON.stringify({ id: 'x', value: 'Admin', displayName: 'Administrator', __proto__x: 1 })
    const parse = { bareRoles: 'parse' } as const
    const meant = { roles: [{ value: 'Admin', display: 'Administrator', primary: true }] }
    assert.deepEqual(readUser({ roles: [{ value: text, primary: true }] }, parse), meant)
    assert.deepEqual(readUser({ roles: [text] }, parse), { roles: [{ value: 'Admin', display: 'Administrator' }] })
    assert.deepEqual(readUser({ roles: [{ value: text }] }), { roles: [{ value: text }] })
    for (const odd of ['{', '{}', '{"value": 7}', '{"__proto__": {"value": "x"}}']) {
      assert.deepEqual(readUser({ roles: [odd] }, parse), { roles: [{ value: odd }] })
    }
  })

  test('R247 R248 C6 row 69 password: discarded, or refused', () => {
    const { resource, notes } = read(user, { userName: 'a', password: 'secret' })
    assert.deepEqual(resource, { userName: 'a' })
    assert.deepEqual(notes, ['password discarded'])
    assert.deepEqual(readUser({ password: { odd: 'secret' } }), {})
    assert.deepEqual(readUser({ password: null }, strict), {})
    refuses(() => readUser({ password: 'secret' }, strict), 'invalid_value', /^(?!.*secret)/)
  })

  test('R252 countryAlpha2: two letters', () => {
    const country = (value: string, switches = {}) => readUser({ addresses: [{ country: value }] }, switches)
    assert.deepEqual(country('USA'), { addresses: [{ country: 'USA' }] })
    assert.deepEqual(country('US', strict), { addresses: [{ country: 'US' }] })
    refuses(() => country('USA', strict), 'invalid_value', /two letters/)
  })
})
