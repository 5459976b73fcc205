import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { expressionClaims, expressionProblem, readExpression } from '../../src/provisioning/expression/expression.ts'
import { functions } from '../../src/provisioning/expression/functions.ts'
import { runs } from '../runs.ts'

const page = readFileSync(new URL('../../docs/jit/mapping.md', import.meta.url), 'utf8')
const section = page.slice(page.indexOf('## Functions'), page.indexOf('## Groups and roles'))
const claims = JSON.parse(/```json\n([\s\S]*?)```/.exec(section)?.[1] ?? '') as Record<string, unknown>
const rows = [...section.matchAll(/^\| `(\w+)\(.*?\)` \| .* \| `(.+)` → `(.+)` \|$/gm)].map(
  ([, name = '', source = '', result = '']) => ({ name, source, result: JSON.parse(result) as unknown }),
)

describe('the functions that the page lists', () => {
  test('are all that there are, each with an example', () => {
    assert.deepEqual(rows.map(({ name }) => name).sort(), [...functions.keys(), 'each'].sort())
  })
  for (const { source, result } of rows) {
    test(`${source} gives ${JSON.stringify(result)}`, () => {
      assert.equal(expressionProblem(source), null)
      assert.deepEqual(readExpression(source, claims), { kind: 'value', value: result })
    })
  }

  test('every other expression of the page can be read', () => {
    const shown = [...page.matchAll(/"expression": ("(?:[^"\\]|\\.)*")/g)].map(([, text = '']) =>
      String(JSON.parse(text)),
    )
    assert.ok(shown.length > 5)
    for (const source of shown) assert.equal(expressionProblem(source), null, source)
  })
})

const kindOf = (source: string, given: Record<string, unknown> = claims) => readExpression(source, given).kind
const resultOf = (source: string, given: Record<string, unknown> = claims) => {
  const reading = readExpression(source, given)
  return reading.kind === 'value' ? reading.value : reading.kind
}

describe('what is absent, empty and unusable', () => {
  test('a claim alone is read as it is without an expression', () => {
    const given = {
      nothing: null,
      blank: '',
      none: [],
      list: ['a', 1],
      address: { locality: 'Lund' },
      'a.b': 'literal',
    }
    assert.deepEqual(
      ['missing', 'nothing', 'blank', 'none', 'list', 'address.locality', 'a.b'].map((name) => resultOf(name, given)),
      ['absent', 'absent', 'empty', 'empty', ['a', 1], 'Lund', 'literal'],
    )
    assert.equal(kindOf('groups', { hasgroups: true }), 'overage')
    assert.equal(kindOf('deep', { deep: JSON.parse(`${'['.repeat(40)}1${']'.repeat(40)}`) }), 'malformed')
    assert.equal(resultOf('claim("https://a.example/b")', { 'https://a.example/b': 'x' }), 'x')
  })

  test('what is absent makes a function absent, an empty value empty, and a list stays a list', () => {
    assert.deepEqual(
      [
        'lower(missing)',
        'concat("a", missing)',
        'replace(email, missing, "x")',
        'domain("no address")',
        'part(cn, ",", 9)',
        'item(groups, -9)',
        'lookup(level, {"1": "x"})',
        'if(missing, "x")',
        '[missing, nothing]',
        '{value: missing}',
        'default(missing, nothing)',
      ].map((source) => kindOf(source)),
      Array.from({ length: 11 }, () => 'absent'),
    )
    for (const source of ['lower(blank)', 'join([], ",")', 'only(groups, "x")', 'first([])', 'domain(["a"])']) {
      assert.equal(kindOf(source), 'empty', source)
    }
    assert.deepEqual(resultOf('{value: email, type: missing}'), { value: 'Anna.Berg@ACME.example' })
    assert.deepEqual(resultOf('["a", missing, groups]'), ['a', 'app-Sales', 'app-eng', 'all'])
    assert.deepEqual(resultOf('each(phones, if(equals(it.kind, "Work"), it.number))'), ['+49 2'])
    assert.deepEqual(resultOf('lookup(groups, {"all": "everybody"})'), ['everybody'])
    assert.deepEqual(resultOf('lookup(groups, {"all": "everybody"}, "other")'), ['other', 'other', 'everybody'])
  })

  test('what cannot be used is said, and no default covers it up; a condition on what is absent does not hold', () => {
    for (const source of [
      'each(groups, it.name)',
      'only(phones, ".*")',
      'lower(phones)',
      'default(lower(phones), "x")',
      'concat(groups)',
      'if(email, 1)',
      'number(cn)',
    ]) {
      assert.equal(kindOf(source), 'malformed', source)
    }
    assert.equal(kindOf('default(groups, "x")', { hasgroups: true }), 'overage')
    assert.equal(resultOf('present(lower(phones))'), false)
    for (const source of [
      'equals(missing, "a")',
      'matches(missing, ".*")',
      'contains(email, missing)',
      'present(blank)',
    ]) {
      assert.equal(resultOf(source), false, source)
    }
    assert.equal(resultOf('equals(level, "7")'), false)
    assert.equal(resultOf('equals(groups, ["x", "all"])'), true)
  })

  test('a pipe is the first argument', () => {
    assert.equal(
      resultOf('email | local | replace(".", " ") | upper'),
      resultOf('upper(replace(local(email), ".", " "))'),
    )
    assert.deepEqual(resultOf('phones | each(it.number | substring(-1)) | join("/")'), '1/2')
    assert.equal(resultOf('(email | local)'), 'Anna.Berg')
    assert.equal(resultOf('"claim-x" | claim', { 'claim-x': 'y' }), 'y')
  })
})

describe('what is wrong is said at save, with its column', () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['', 1, /missing/],
    ['lower(email', 12, /missing for what opens at column 6; the text ends/],
    ['uper(email)', 1, /no function "uper"/],
    ['lower(email, 1)', 1, /lower\(text\) is given 2 arguments/],
    ['email | ', 9, /no function/],
    ['email email', 7, /too much/],
    ['"abc', 1, /not closed/],
    ['concat("a\\q")', 10, /unknown/],
    ['lower(§)', 7, /means nothing/],
    ['12x', 1, /no number/],
    ['it.number', 1, /within each/],
    ['each(a, each(b, it))', 9, /within another/],
    ['each(a)', 7, /takes a list/],
    ['{a: 1, a: 2}', 8, /twice/],
    ['{a 1}', 4, /":"/],
    ['{__proto__: 1}', 2, /cannot be the name/],
    ['a.__proto__.b', 1, /cannot be the name of a claim/],
    ['claim(email)', 1, /takes the name/],
    ['substring(email, level)', 18, /written out/],
    ['matches(email, "(?=a)")', 16, /Of "\(\?"/],
    ['only(groups, email)', 14, /written out/],
    ['lookup(country, {"a": email})', 17, /table/],
    [`${'lower('.repeat(20)}a${')'.repeat(20)}`, 97, /nested at most/],
    [`a${' | lower'.repeat(20)}`, 125, /steps/],
    [' '.repeat(5000), 4097, /at most 4096/],
    [`[${'1,'.repeat(1200)}1]`, 2000, /at most 1000 parts/],
  ]
  for (const [source, column, message] of cases) {
    test(`G10 ${source.slice(0, 40)}: column ${column}`, () => {
      const problem = expressionProblem(source) ?? ''
      assert.match(problem, new RegExp(`^Column ${column}: `))
      assert.match(problem, message)
      assert.equal(readExpression(source, claims).kind, 'malformed')
    })
  }
})

test('the claims that an expression reads are known, wherever they stand', () => {
  assert.deepEqual(
    expressionClaims(
      'each(phones, {value: it.number, x: default(a.b, claim("it"))}) | lookup({"k": "v"}, [c | lower])',
    ),
    ['a.b', 'c', 'it', 'phones'],
  )
  assert.deepEqual(expressionClaims('not readable ('), [])
})

const names = ['a', 'b', 'a.b', 'list', '__proto__', 'constructor', 'toString', 'hasgroups', 'groups']
const { source } = fc.letrec<{ source: string; list: string }>((tie) => ({
  source: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(...names.slice(0, 4), '"x"', "'@'", '0', '-1', 'true', '[]', '{}', 'it', 'it.a'),
    fc
      .tuple(fc.constantFrom(...functions.keys(), 'each', 'claim', 'nope'), tie('list'))
      .map(([name, list]) => `${name}(${list})`),
    fc.tuple(tie('source'), fc.constantFrom(...functions.keys())).map(([first, name]) => `${first} | ${name}`),
    tie('list').map((list) => `[${list}]`),
    tie('source').map((member) => `{value: ${member}, "type": "x"}`),
  ),
  list: fc.array(tie('source'), { maxLength: 3 }).map((parts) => parts.join(', ')),
}))
const claimValue = fc.jsonValue({ maxDepth: 3 })
const claimBag = fc
  .array(fc.tuple(fc.constantFrom(...names), claimValue), { maxLength: 6 })
  .map(
    (entries) =>
      JSON.parse(
        `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
      ) as Record<string, unknown>,
  )

describe('G10 G11 expressions are total', () => {
  test('any text is an expression or is refused with a column within it, and nothing throws', () => {
    const pieces = fc.constantFrom(
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '|',
      '"',
      "'",
      '\\',
      ' ',
      'it',
      'each',
      'a',
      '7',
      '-',
      '𝄞',
    )
    const text = fc.oneof(
      fc.string({ maxLength: 60, unit: 'binary' }),
      fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')),
      source,
    )
    fc.assert(
      fc.property(text, claimBag, (written, given) => {
        const problem = expressionProblem(written)
        const reading = readExpression(written, given)
        if (problem === null) return
        const [, column = '0'] = /^Column (\d+): ./.exec(problem) ?? []
        assert.ok(Number(column) >= 1 && Number(column) <= written.length + 1, `${written} ${problem}`)
        assert.equal(reading.kind, 'malformed')
      }),
      { numRuns: runs(300) },
    )
  })

  test('the same claims give the same value; what is given is left as it is, and no prototype is touched', () => {
    fc.assert(
      fc.property(source, claimBag, (written, given) => {
        const before = JSON.stringify(given)
        const reading = readExpression(written, given)
        assert.deepEqual(readExpression(written, given), reading)
        assert.equal(JSON.stringify(given), before)
        if (reading.kind === 'value') assert.equal(Object.hasOwn(Object(reading.value), '__proto__'), false)
        assert.equal(({} as { value?: unknown }).value, undefined)
      }),
      { numRuns: runs(200) },
    )
  })

  test('names that mean something to JavaScript are no claims, members or entries', () => {
    const hostile = JSON.parse(
      '{"constructor":"x","a":{"__proto__":{"b":1},"toString":"own"},"key":"constructor"}',
    ) as Record<string, unknown>
    assert.equal(kindOf('toString', hostile), 'absent')
    assert.equal(kindOf('key | lookup({"a": "b"})', hostile), 'absent')
    assert.deepEqual(resultOf('each([a], it.toString)', hostile), ['own'])
    assert.equal(kindOf('each([a], it.valueOf)', hostile), 'absent')
  })

  test('what a hostile claim makes of it has a bound', () => {
    const long = 'a'.repeat(65_000)
    const many = Array.from({ length: 10_000 }, (_, index) => `v${index}`)
    for (const [written, given] of [
      ['replace(x, "a", y)', { x: long, y: long }],
      ['concat(x, x, x, x, x, x, x, x)', { x: long }],
      [
        `each(list, join([${Array.from({ length: 300 }, () => 'x').join(', ')}], x))`,
        { list: many.slice(0, 900), x: long.slice(0, 1000) },
      ],
      ['lower(list)', { list: many }],
      ['split(x, "a")', { x: long.replaceAll('a', 'ab') }],
      ['only(list, "(.*.*.*.*)*x")', { list: Array.from({ length: 900 }, () => long.slice(0, 1000)) }],
      ['unique([list, list, list])', { list: many }],
    ] as const) {
      assert.equal(kindOf(written, given), 'malformed', written)
    }
    assert.equal(resultOf('x', { x: long }), long, 'a claim as it is has no other limit than the attribute')
  })
})
