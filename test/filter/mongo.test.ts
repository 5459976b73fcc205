import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { refuseUnindexedTerms } from '../../src/filter/indexed.ts'
import { toMongo } from '../../src/filter/mongo.ts'
import { parseFilter } from '../../src/filter/parse.ts'
import { toPredicate } from '../../src/filter/predicate.ts'
import { prefixRange } from '../../src/filter/prefix-range.ts'
import { printFilter } from '../../src/filter/print.ts'
import { resolveFilter } from '../../src/filter/resolve.ts'
import { runs } from '../runs.ts'
import { thing } from './directory.ts'
import { enterprise, resolve, strict } from './people.ts'
import { filters } from './random-filters.ts'
import { refusal } from './refusal.ts'

const noMatch = { _id: { $in: [] } }

const table: readonly (readonly [title: string, filter: string, query: object])[] = [
  ['R158 eq on a folded text', 'userName eq " BJensen"', { 'search.userName': 'bjensen' }],
  ['R165 ne on a singular attribute', 'title ne "X"', { 'search.title': { $ne: 'x' } }],
  [
    'R165 ne on a multi-valued attribute',
    'emails.type ne "work"',
    { 'search.emails': { $elemMatch: { type: { $exists: true, $ne: 'work' } } } },
  ],
  ['not is never pushed inwards', 'not (title gt "x")', { $nor: [{ 'search.title': { $gt: 'x' } }] }],
  ['R166 pr', 'emails pr', { 'search.emails': { $exists: true } }],
  ['R167 eq null', 'title eq null', { 'search.title': { $exists: false } }],
  ['R167 ne null', 'name ne null', { 'search.name': { $exists: true } }],
  [
    'R163 brackets are one $elemMatch',
    'emails[type eq "work" and value sw "b"]',
    { 'search.emails': { $elemMatch: { $and: [{ type: 'work' }, { value: { $gte: 'b', $lt: 'c' } }] } } },
  ],
  [
    'R163 without brackets they are two conditions',
    'emails.type eq "a" and emails.value eq "b"',
    { $and: [{ 'search.emails.type': 'a' }, { 'search.emails.value': 'b' }] },
  ],
  [
    'R164 what follows the brackets belongs into them',
    'emails[type eq "work"].value eq "x"',
    { 'search.emails': { $elemMatch: { $and: [{ type: 'work' }, { value: 'x' }] } } },
  ],
  ['sw is a range', 'userName sw "BJ"', { 'search.userName': { $gte: 'bj', $lt: 'bk' } }],
  [
    'sw on several values is a range within one',
    'emails sw "b"',
    { 'search.emails': { $elemMatch: { value: { $gte: 'b', $lt: 'c' } } } },
  ],
  ['R182 co is an escaped literal', 'title co "a.*(b"', { 'search.title': { $regex: 'a\\.\\*\\(b', $options: 's' } }],
  ['R182 ew is anchored at the very end', 'title ew "$"', { 'search.title': { $regex: '\\$\\z', $options: 's' } }],
  ['a domain is an equality', 'emails.value ew "@X.example"', { 'search.emails.domain': 'x.example' }],
  [
    'a domain in brackets as well',
    'emails[value ew "@x.example"]',
    { 'search.emails': { $elemMatch: { domain: 'x.example' } } },
  ],
  [
    'part of a domain is not',
    'emails ew "x.example"',
    { 'search.emails.value': { $regex: 'x\\.example\\z', $options: 's' } },
  ],
  [
    'R169 dates are dates',
    'meta.created ge "2011-05-13T04:42:34+02:00"',
    { 'search.meta.created': { $gte: new Date('2011-05-13T02:42:34Z') } },
  ],
  [
    'extensions stand under their alias',
    `${enterprise}:manager.value eq "X"`,
    { 'search.enterprise.manager.value': 'X' },
  ],
  [
    'hostile 30: operators in a string stay text',
    String.raw`title eq "{\"$ne\":null}"`,
    { 'search.title': '{"$ne":null}' },
  ],
]

describe('compiling a filter for the database', () => {
  for (const [title, filter, query] of table) {
    test(title, () => {
      assert.deepEqual(toMongo(resolve(filter)), query)
    })
  }

  test('R176 an attribute without value decides as a constant', () => {
    const noValue = { unknownFilterAttribute: 'noValue' } as const
    assert.deepEqual(toMongo(resolve('nonsense eq 1', noValue)), noMatch)
    assert.deepEqual(toMongo(resolve('not (nonsense eq 1)', noValue)), {})
    assert.deepEqual(toMongo(resolve('nonsense eq 1 or title eq "x"', noValue)), { 'search.title': 'x' })
    assert.deepEqual(toMongo(resolve('emails[nonsense eq 1 and type eq "x"]', noValue)), noMatch)
    assert.deepEqual(toMongo(resolve('emails[nonsense ne 1]', noValue)), { 'search.emails': { $exists: true } })
  })

  test('R180 more than five terms without an index are refused', () => {
    const terms = (count: number) => Array(count).fill('title co "x"').join(' or ')
    assert.doesNotThrow(() => refuseUnindexedTerms(resolve(`${terms(5)} or emails ew "@x.example" or title sw "x"`)))
    assert.throws(() => refuseUnindexedTerms(resolve(terms(6))), refusal('too_many'))
    assert.throws(() => refuseUnindexedTerms(resolve(`${terms(5)} or not (emails[type ew "x"])`)), refusal('too_many'))
  })

  test('R180 a text that folding makes too long for a pattern is refused', () => {
    assert.throws(() => resolve(`title co "${'\ufdfa'.repeat(2000)}"`), refusal('invalid_filter'))
  })

  test('R180, R181 only known operators and only keys of the comparison form are ever produced', () => {
    const allowed =
      /^(\$(ne|gt|gte|lt|lte|in|exists|elemMatch|and|or|nor|regex|options)|_id|search(\.[A-Za-z]+)+|[a-zA-Z]+)$/
    fc.assert(
      fc.property(filters, (node) => {
        const text = printFilter(node)
        const options = { maxNodes: 10_000, maxBytes: 1_000_000 }
        const query = toMongo(resolveFilter(thing, parseFilter(text, options), strict))
        for (const key of keysOf(query)) assert.match(key, allowed)
      }),
      { numRuns: runs(500) },
    )
  })

  test('a database query inside a filter is passed on, and has no meaning in memory', () => {
    const query = { kind: 'query', query: { _id: { $in: ['1'] } } } as const
    assert.deepEqual(toMongo({ kind: 'not', term: query }), { $nor: [{ _id: { $in: ['1'] } }] })
    assert.throws(() => toPredicate(query), refusal('internal_error'))
  })

  test('the range of a prefix ends before the next text that lacks it', () => {
    assert.deepEqual(prefixRange(''), { $gte: '' })
    assert.deepEqual(prefixRange('a\u{10ffff}'), { $gte: 'a\u{10ffff}', $lt: 'b' })
    assert.deepEqual(prefixRange('\u{10ffff}'), { $gte: '\u{10ffff}' })
    assert.deepEqual(prefixRange('\ud7ff'), { $gte: '\ud7ff', $lt: '\ue000' })
    assert.deepEqual(prefixRange('\uffff'), { $gte: '\uffff', $lt: '\u{10000}' })
  })
})

function keysOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf)
  if (typeof value !== 'object' || value === null || value instanceof Date) return []
  return Object.entries(value).flatMap(([key, member]) => [key, ...keysOf(member)])
}
