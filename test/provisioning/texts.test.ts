import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readClaim, valuesOf } from '../../src/provisioning/claims.ts'
import { matchesPattern, patternProblem } from '../../src/provisioning/pattern.ts'
import { referenceFrom } from '../../src/provisioning/reference.ts'
import { renderTemplate, templateProblem } from '../../src/provisioning/template.ts'
import { runs } from '../runs.ts'

const atom = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '[a-c-]', '\\d', '\\w', '\\.', '\\S', 'é', '😀'),
  fc.constantFrom('x', '1', ' '),
)
const quantifier = fc.constantFrom('', '', '?', '*', '+', '{2}', '{0,2}', '{1,}')
const { pattern } = fc.letrec<{ pattern: string; sequence: string; piece: string }>((tie) => ({
  pattern: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('|')),
  sequence: fc.array(tie('piece'), { maxLength: 4 }).map((parts) => parts.join('')),
  piece: fc
    .tuple(
      fc.oneof(
        { maxDepth: 2 },
        atom,
        tie('pattern').map((inner) => `(${inner})`),
        tie('pattern').map((inner) => `(?:${inner})`),
      ),
      quantifier,
    )
    .map(([inner, times]) => inner + times),
}))
/** Patterns and texts are short: RegExp, with which ours is compared, takes minutes for some that are a bit longer. */
const longest = { pattern: 64, text: 5 }
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', 'x', '1', '.', ' ', 'é', '😀', '-'), { maxLength: longest.text })
  .map((parts) => parts.join(''))

describe('patterns', () => {
  test('G9 agree with RegExp on the language they share, anchored', () => {
    fc.assert(
      fc.property(pattern, text, (source, value) => {
        fc.pre(source.length <= longest.pattern && patternProblem(source) === null)
        assert.equal(matchesPattern(source, value), new RegExp(`^(?:${source})$`, 'u').test(value))
      }),
      { numRuns: runs(500) },
    )
  })

  test('a leading ^ and a trailing $ say nothing new; an escaped dollar sign is one', () => {
    assert.ok(matchesPattern('^a|b$', 'a'))
    assert.ok(!matchesPattern('^a|b$', 'ab'))
    assert.ok(matchesPattern('a\\$', 'a$'))
    assert.ok(matchesPattern('a\\\\$', 'a\\'))
  })

  test('G9 patterns that make a backtracking matcher explode take linear time', () => {
    for (const source of ['(a+)+', '(a|a)*b', '(a*)*c', '(.*.*.*.*.*)*x', '(a?){64}a{64}']) {
      const started = performance.now()
      assert.equal(matchesPattern(source, `${'a'.repeat(1000)}!`), false, source)
      assert.ok(performance.now() - started < 10_000, source)
    }
  })

  test('everything outside the language is refused with a sentence', () => {
    for (const source of [
      '(a',
      'a)',
      '[a',
      '[]',
      '[b-a]',
      '[\\d-z]',
      '*a',
      'a**',
      'a{2,1}',
      'a{',
      'a{999}',
      '(?=a)',
      '(?<n>a)',
      '\\1',
      '\\b',
      '\\',
      'a??',
      'a^b',
      'a}',
      '((a{99}){99}){99}',
      'a'.repeat(257),
      '('.repeat(100),
    ]) {
      assert.equal(typeof patternProblem(source), 'string', source)
      assert.equal(matchesPattern(source, 'a'), false)
    }
  })
})

describe('claims', () => {
  const claims = Object.assign(Object.create(null), {
    'address.locality': 'literal',
    address: { locality: 'by path', region: 'Skåne', __proto: 1 },
    'https://acme.example/claims/team': 'blue',
    nothing: null,
    blank: '',
    none: [],
    list: ['a', 'b', 'a', ''],
    mixed: ['a', 7],
  }) as Record<string, unknown>

  test('absent, empty and a value are three things', () => {
    assert.deepEqual(readClaim(claims, 'missing'), { kind: 'absent' })
    assert.deepEqual(readClaim(claims, 'nothing'), { kind: 'absent' })
    assert.deepEqual(readClaim(claims, 'blank'), { kind: 'empty' })
    assert.deepEqual(readClaim(claims, 'none'), { kind: 'empty' })
    assert.deepEqual(readClaim({ deep: JSON.parse(`${'['.repeat(40)}1${']'.repeat(40)}`) }, 'deep').kind, 'malformed')
  })

  test('a name is literal first, then a path', () => {
    assert.deepEqual(readClaim(claims, 'address.locality'), { kind: 'value', value: 'literal' })
    assert.deepEqual(readClaim(claims, 'address.region'), { kind: 'value', value: 'Skåne' })
    assert.deepEqual(readClaim(claims, 'https://acme.example/claims/team'), { kind: 'value', value: 'blue' })
  })

  test('G11 only own members are seen', () => {
    for (const name of [
      '__proto__',
      'constructor',
      'toString',
      'address.constructor',
      'address.__proto__',
      'list.length',
    ]) {
      assert.deepEqual(readClaim({ ...claims }, name), { kind: 'absent' }, name)
    }
    // No document has a member with a NUL in its name.
    const hostile = JSON.parse('{"a":{"__proto__":{"x":1},"x\\u0000":1,"b":2},"__proto__":"x"}') as Record<
      string,
      unknown
    >
    assert.deepEqual(readClaim(hostile, '__proto__'), { kind: 'absent' })
    assert.deepEqual(readClaim(hostile, 'a'), { kind: 'value', value: { b: 2 } })
  })

  test('f12 overage is told apart from absence', () => {
    assert.deepEqual(readClaim({ _claim_names: { groups: 'src1' } }, 'groups'), { kind: 'overage' })
    assert.deepEqual(readClaim({ _claim_names: { groups: 'src1' } }, 'roles'), { kind: 'absent' })
    assert.deepEqual(readClaim({ hasgroups: true }, 'groups'), { kind: 'overage' })
    assert.deepEqual(readClaim({ hasgroups: true, groups: ['a'] }, 'groups'), { kind: 'value', value: ['a'] })
  })

  test('a list of texts: each once, one text is a list of one', () => {
    assert.deepEqual(valuesOf(readClaim(claims, 'list')), { kind: 'values', values: ['a', 'b'] })
    assert.deepEqual(valuesOf(readClaim(claims, 'https://acme.example/claims/team')), {
      kind: 'values',
      values: ['blue'],
    })
    assert.deepEqual(valuesOf(readClaim(claims, 'blank')), { kind: 'values', values: [] })
    assert.equal(valuesOf(readClaim(claims, 'mixed')).kind, 'malformed')
  })
})

describe('templates', () => {
  const claims = { email: 'Anna@Acme.example', nr: 7, list: ['a'], blank: '' }
  test('substitute claims, and a placeholder without value makes the whole value missing', () => {
    assert.deepEqual(renderTemplate('{email|local}-{email|domain}/{nr}', claims), {
      kind: 'value',
      value: 'Anna-Acme.example/7',
    })
    assert.deepEqual(renderTemplate('{email|lower}', claims), { kind: 'value', value: 'anna@acme.example' })
    assert.deepEqual(renderTemplate('x{missing}', claims), { kind: 'absent' })
    assert.deepEqual(renderTemplate('x{blank}', claims), { kind: 'absent' })
    assert.deepEqual(renderTemplate('{nr|local}', claims), { kind: 'absent' })
    assert.equal(renderTemplate('{list}', claims).kind, 'malformed')
  })

  test('G10 nothing else is understood', () => {
    for (const source of [
      '{',
      '}',
      '{}',
      '{a',
      'a}',
      '{a|upper}',
      '{a|lower|local}',
      '{__proto__}',
      '{a{b}}',
      '{a}'.repeat(21),
    ]) {
      assert.equal(typeof templateProblem(source), 'string', source)
    }
  })
})

test('a reference is four and four letters that cannot be mistaken for one another', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 16 }), (bytes) => {
      assert.match(referenceFrom(bytes), /^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$/)
    }),
    { numRuns: runs(100) },
  )
})
