import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { UsherError } from '../../src/errors.ts'
import { parseAttributePath } from '../../src/filter/parsePath.ts'
import { printFilter } from '../../src/filter/print.ts'
import { runs } from '../runs.ts'
import { refusal } from './refusal.ts'

describe('reading the path of a PATCH operation', () => {
  test('R98 a path is an attribute, or an attribute with a filter and perhaps a sub-attribute', () => {
    assert.deepEqual(parseAttributePath('name.givenName'), { path: 'name.givenName' })
    const { filter, ...rest } = parseAttributePath('emails[type eq "a]\\"b[" and (primary eq true)].value')
    assert.deepEqual(rest, { path: 'emails', subAttribute: 'value' })
    assert.equal(printFilter(filter!), 'type eq "a]\\"b[" and primary eq true')
  })

  test('R100 a URN may stand in front or alone', () => {
    const urn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
    assert.deepEqual(parseAttributePath(urn), { path: urn })
    assert.deepEqual(parseAttributePath(`${urn}:manager.value`), { path: `${urn}:manager.value` })
    assert.equal(parseAttributePath(`${urn}:badges[type eq "x"].value`).path, `${urn}:badges`)
  })

  test('R98, row 53: what is no path is refused as invalidPath', () => {
    const malformed = [
      '',
      ' ',
      'emails[type eq',
      'emails[type eq "work',
      'name..x',
      'name.',
      '.name',
      'a.b.c',
      'a b',
      'a[b[c eq 1]]',
      'emails[type eq "work"]value',
      'emails[type eq "work"].',
      'emails[type eq "work"].a.b',
      'emails[type eq "work"] ',
      '[type eq "work"]',
      'emails]',
      'urn:',
      'a::b',
      'x'.repeat(10_000),
      '__proto__.a',
    ]
    for (const text of malformed) assert.throws(() => parseAttributePath(text), refusal('invalid_path'), text)
  })

  test('R98 a path with a filter that cannot be read is refused as invalidFilter', () => {
    for (const text of [
      'emails[]',
      'emails[type]',
      'emails[type xx "a"].value',
      'emails[type eq work]',
      'emails[type eq 1)]',
    ]) {
      assert.throws(() => parseAttributePath(text), refusal('invalid_filter'), text)
    }
    assert.throws(() => parseAttributePath('emails[type xx "a"]'), refusal('invalid_filter', /^Column 13 /))
    assert.doesNotThrow(() => parseAttributePath('emails[type eq work]', { bareWords: 'accept' }))
  })

  test('fuzz: any text is read or refused as invalidPath or invalidFilter', () => {
    const pieces = fc.constantFrom(
      '[',
      ']',
      '"',
      '\\',
      '.',
      ' ',
      'a',
      'type',
      ' eq ',
      '"x"',
      ':',
      'urn',
      '(',
      ')',
      'not ',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        try {
          parseAttributePath(parts.join(''))
        } catch (error) {
          assert.ok(error instanceof UsherError && /^invalid_(path|filter)$/.test(error.code), String(error))
        }
      }),
      { numRuns: runs(3000) },
    )
  })
})
