import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseDateTime } from '../../src/schema/date-time.ts'
import { equalValues } from '../../src/schema/equal.ts'
import { comparisonText, equalIgnoringAsciiCase, fold, foldUserName } from '../../src/schema/fold.ts'
import type { JsonValue } from '../../src/schema/types.ts'
import { runs } from '../runs.ts'
import { user } from './registry-of-tests.ts'

describe('folding', () => {
  test('R185 is NFKC and lower case: Kelvin sign, full width, but no special casing', () => {
    assert.equal(fold('\u212Aate'), 'kate')
    assert.equal(fold('\uFF21nna'), 'anna')
    assert.notEqual(fold('straße'), fold('STRASSE'))
    assert.equal(fold('e\u0301'), fold('\u00C9'))
  })

  test('R246 of a user name leaves out the blanks around it', () => {
    assert.equal(foldUserName(' BJensen\u00a0'), 'bjensen')
  })

  test('R54 leaves case-exact values as they are', () => {
    assert.equal(comparisonText(user.attributesByName.get('externalid')!, 'ABC '), 'ABC ')
    assert.equal(comparisonText(user.attributesByName.get('title')!, 'ABC '), 'abc ')
    assert.equal(comparisonText(user.attributesByName.get('username')!, 'ABC '), 'abc')
  })

  test('twice is the same as once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => assert.equal(fold(fold(text)), fold(text))),
      { numRuns: runs(100) },
    )
    assert.equal(fold('J\u030C'), fold('\u01F0'))
  })

  test('by ASCII case alone does not make homographs equal', () => {
    assert.ok(equalIgnoringAsciiCase('Anna@Example.com', 'aNNA@example.COM'))
    assert.ok(!equalIgnoringAsciiCase('\u212Aate', 'kate'))
    assert.ok(!equalIgnoringAsciiCase('É', 'é'))
    assert.ok(!equalIgnoringAsciiCase('a', 'a '))
  })
})

describe('values are equal', () => {
  test('R59 whatever the order of members, but not of elements', () => {
    assert.ok(equalValues({ a: 1, b: [{ c: true }] }, { b: [{ c: true }], a: 1 }))
    assert.ok(!equalValues([1, 2], [2, 1]))
    assert.ok(!equalValues({ a: 1 }, { a: 1, b: 2 }))
    assert.ok(!equalValues({ a: 1, b: 2 }, { a: 1 }))
    assert.ok(equalValues({ a: 1, b: undefined }, { a: 1 }))
    assert.ok(!equalValues([], {}))
    assert.ok(!equalValues(null, {}))
    assert.ok(!equalValues('1', 1))
    assert.ok(!equalValues({}, { toString: 'x' }))
    assert.ok(!equalValues({ toString: 'x' }, {}))
  })

  test('exactly when their texts with sorted members are', () => {
    const sorted = (value: JsonValue): unknown => {
      if (Array.isArray(value)) return value.map(sorted)
      if (typeof value !== 'object' || value === null) return value
      const members = Object.entries(value).map(([name, member]) => [name, sorted(member as JsonValue)] as const)
      return { members: members.sort(([one], [other]) => (one < other ? -1 : 1)) }
    }
    const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>
    fc.assert(
      fc.property(json, json, (a, b) => {
        assert.equal(equalValues(a, b), JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)))
        assert.ok(equalValues(a, JSON.parse(JSON.stringify(a))))
      }),
      { numRuns: runs(100) },
    )
  })
})

describe('a dateTime', () => {
  test('R49 has a date, a time and a zone; without a zone it is UTC', () => {
    const noon = Date.UTC(2024, 1, 29, 12)
    for (const text of [
      '2024-02-29T12:00:00Z',
      '2024-02-29T12:00:00.000Z',
      '2024-02-29T14:00:00+02:00',
      '2024-02-29T12:00:00',
    ]) {
      assert.equal(parseDateTime(text), noon, text)
    }
    assert.equal(parseDateTime('2024-02-29T12:00:00.1234567Z'), noon + 123)
  })

  test('row 90 with a leap second, on a day that does not exist or without a time is refused', () => {
    const dates = ['2023-02-29T00:00:00Z', '2024-04-31T00:00:00Z', '2024-13-01T00:00:00Z', '2024-00-10T00:00:00Z']
    const times = [
      '2016-12-31T23:59:60Z',
      '2024-01-01T24:00:00Z',
      '2024-01-01T12:60:00Z',
      '2024-01-01',
      '2024-01-01T12:00Z',
    ]
    const forms = [
      '',
      'yesterday',
      '1',
      '2024-01-01t12:00:00z',
      '2024-01-01 12:00:00Z',
      '2024-01-01T12:00:00+25:00',
      '+12024-01-01T00:00:00Z',
    ]
    for (const text of [...dates, ...times, ...forms]) assert.equal(parseDateTime(text), undefined, text)
  })

  test('R60 as we write it names its moment', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        assert.equal(parseDateTime(date.toISOString()), date.getTime())
      }),
      { numRuns: runs(100) },
    )
  })
})
