import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { UsherError } from '../../src/errors.ts'
import { parseFilter } from '../../src/filter/parse.ts'
import { printFilter } from '../../src/filter/print.ts'
import type { FilterNode } from '../../src/filter/types.ts'
import { runs } from '../runs.ts'
import { filters } from './random-filters.ts'
import { refusal } from './refusal.ts'

const invalid = (detail?: RegExp) => refusal('invalid_filter', detail)
const shape = (text: string) => printFilter(parseFilter(text))

describe('reading a filter', () => {
  test('R155 keywords are read in any case', () => {
    assert.equal(shape('a EQ "x" And NOT (b Pr) OR c Gt 1'), 'a eq "x" and not (b pr) or c gt 1')
    for (const operator of ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']) {
      assert.equal(shape(`a ${operator} "x"`), `a ${operator} "x"`)
    }
  })

  test('R156 grouping binds before not, not before and, and before or', () => {
    const or = parseFilter('a pr or b pr and c pr')
    assert.deepEqual(bare(or), {
      kind: 'or',
      terms: [present('a'), { kind: 'and', terms: [present('b'), present('c')] }],
    })
    const and = parseFilter('not (a pr) and b pr')
    assert.deepEqual(bare(and), { kind: 'and', terms: [{ kind: 'not', term: present('a') }, present('b')] })
    const grouped = parseFilter('(a pr or b pr) and c pr')
    assert.deepEqual(bare(grouped), {
      kind: 'and',
      terms: [{ kind: 'or', terms: [present('a'), present('b')] }, present('c')],
    })
  })

  test('R157 parentheses nest, the blank after not may be missing and blanks may be doubled', () => {
    assert.equal(shape('((a pr)  or not(b  pr) )'), 'a pr or not (b pr)')
    assert.equal(shape('not (not(a pr))'), 'not (not (a pr))')
  })

  test('R160 a URN in front of an attribute may hold dots, and names may hold a dollar', () => {
    const path = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.$ref'
    assert.deepEqual(bare(parseFilter(`${path} pr`)), present(path))
  })

  test('R161 strings are JSON strings', () => {
    assert.deepEqual(value(String.raw`a eq "q\" b\\ \u00e9 \ud83d\ude00 (EU) ]"`), 'q" b\\ é 😀 (EU) ]')
    assert.throws(() => parseFilter(`a eq 'x'`), invalid(/column 6.*text in double quotes/i))
  })

  test('R163 brackets hold a filter of their own', () => {
    assert.equal(
      shape('emails[type eq "work" and (value co "@" or value pr)]'),
      'emails[type eq "work" and (value co "@" or value pr)]',
    )
  })

  test('R164 a condition may follow the brackets', () => {
    assert.equal(shape('emails[type eq "work"].value eq "x" and a pr'), 'emails[type eq "work"].value eq "x" and a pr')
  })

  test('R170 numbers have sign and exponent as in JSON, and true, false and null are words', () => {
    assert.deepEqual(
      ['-1', '0', '1.5', '2e3', '1E-2', '-0'].map((text) => value(`a eq ${text}`)),
      [-1, 0, 1.5, 2000, 0.01, 0],
    )
    assert.deepEqual(
      ['true', 'False', 'NULL'].map((text) => value(`a eq ${text}`)),
      [true, false, null],
    )
    for (const text of ['01', '+1', '1.', '.5', '1e', '1e999', 'NaN']) {
      assert.throws(() => parseFilter(`a eq ${text}`), invalid(), text)
    }
  })

  test('attributes may begin with a keyword', () => {
    for (const name of ['trueName', 'nullable', 'falsehood', 'notes', 'order', 'android', 'not', 'pr']) {
      assert.deepEqual(bare(parseFilter(`${name} pr`)), present(name))
    }
  })

  test('R174 an unknown operator is refused by name', () => {
    assert.throws(() => parseFilter('userName like "x"'), invalid(/column 10.*eq, ne, co.*found "like"/i))
  })

  test('R175 syntax errors are refused with their column', () => {
    const broken: readonly (readonly [string, number])[] = [
      ['', 1],
      ['   ', 4],
      ['userName eq', 12],
      ['userName', 9],
      ['userName and eq', 10],
      ['(a pr', 6],
      ['a pr)', 5],
      ['a pr b pr', 6],
      ['a pr and', 9],
      ['not a pr', 5],
      ['a eq (b)', 6],
      ['a[b eq 1', 9],
      ['a[b eq 1] c', 11],
      ['a[b eq 1]c pr', 10],
      ['a[]', 3],
      ['a..b pr', 1],
      ['a.b.c pr', 1],
      ['1a pr', 1],
      ['"a" pr', 1],
    ]
    for (const [text, column] of broken) {
      assert.throws(() => parseFilter(text), invalid(new RegExp(`^Column ${column} `)), JSON.stringify(text))
    }
  })

  test('R183 an unquoted text is refused, and accepted where the dialect accepts it', () => {
    assert.throws(() => parseFilter('userName eq bjensen'), invalid(/column 13/i))
    assert.equal(value('userName eq b.jensen@x.example', 'accept'), 'b.jensen@x.example')
    assert.equal(value('meta.created gt 2011-05-13T04:42:34Z', 'accept'), '2011-05-13T04:42:34Z')
    assert.throws(() => parseFilter(`userName eq 'bjensen'`, { bareWords: 'accept' }), invalid())
  })

  test('R184 brackets inside brackets are refused', () => {
    assert.throws(() => parseFilter('a[b[c eq 1] pr]'), invalid(/column 4/i))
  })

  test('row 29: injected conditions, unbalanced quotes and bad escapes are refused', () => {
    const broken = [
      'userName eq "x" or "1"="1"',
      'userName eq "x',
      String.raw`a eq "\x"`,
      String.raw`a eq "\u12"`,
      'a eq "x\ny"',
      String.raw`a eq "\"`,
    ]
    for (const text of broken) assert.throws(() => parseFilter(text), invalid(), text)
    assert.throws(() => parseFilter(String.raw`a eq "\ud800"`), invalid(/Unicode/))
  })

  test('row 36, R180: too long, too deep and too many terms are refused without a stack overflow', () => {
    assert.throws(() => parseFilter(Array(10_000).fill('a pr').join(' or ')), invalid(/8192 bytes/))
    assert.throws(() => parseFilter(Array(500).fill('a pr').join(' or ')), invalid(/200/))
    assert.throws(() => parseFilter('('.repeat(2000)), invalid(/32 levels/))
    assert.throws(() => parseFilter('('.repeat(1_000_000)), invalid(/8192 bytes/))
    assert.throws(() => parseFilter('not '.repeat(1000)), invalid(/expected "\("/))
    assert.throws(() => parseFilter('not('.repeat(1000)), invalid(/32 levels/))
    assert.doesNotThrow(() => parseFilter(`${'('.repeat(32)}a pr${')'.repeat(32)}`))
    assert.doesNotThrow(() => parseFilter(Array(199).fill('a pr').join(' or ')))
  })

  test('row 37: a literal of 1 MB is refused', () => {
    assert.throws(() => parseFilter(`a eq "${'x'.repeat(1_000_000)}"`), invalid(/8192 bytes/))
    assert.throws(() => parseFilter(`a eq "${'é'.repeat(5000)}"`), invalid(/8192 bytes/))
  })

  test('fuzz: any text is read or refused as invalid_filter', () => {
    const pieces = fc.constantFrom(
      ...[
        '(',
        ')',
        '[',
        ']',
        '"',
        '\\',
        '.',
        ' ',
        'not',
        'and',
        'or',
        'eq',
        'pr',
        'a',
        'a.b',
        '"x"',
        '1',
        'null',
        'urn:a:2.0:b',
        '$',
        '😀',
      ],
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(' ')),
    )
    fc.assert(
      fc.property(text, fc.constantFrom('accept' as const, 'refuse' as const), (input, bareWords) => {
        try {
          parseFilter(input, { bareWords })
        } catch (error) {
          assert.ok(error instanceof UsherError && error.code === 'invalid_filter', String(error))
          assert.ok(error.detail.isWellFormed())
        }
      }),
      { numRuns: runs(5000) },
    )
  })
})

test('P-1 reading what was printed gives the same tree', () => {
  fc.assert(
    fc.property(filters, (node) => {
      assert.deepEqual(bare(parseFilter(printFilter(node), { maxNodes: 10_000, maxBytes: 1_000_000 })), bare(node))
    }),
    { numRuns: runs(1000) },
  )
})

function present(path: string): object {
  return { kind: 'present', path }
}

function value(text: string, bareWords: 'accept' | 'refuse' = 'refuse'): unknown {
  const node = parseFilter(text, { bareWords })
  return node.kind === 'compare' ? node.value : assert.fail('not a comparison')
}

/** The tree without columns. */
function bare(node: FilterNode): object {
  return JSON.parse(JSON.stringify(node, (key, member) => (key === 'column' ? undefined : member)))
}
