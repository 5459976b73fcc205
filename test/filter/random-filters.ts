import fc from 'fast-check'
import type { CompareOperator, FilterLiteral, FilterNode } from '../../src/filter/types.ts'
import { dates, extension, numbers, texts } from './directory.ts'

/** Random filters on the resources of `directory.ts`, valid for their attributes' types. */

type Kind = 'text' | 'binary' | 'number' | 'boolean' | 'date'

const more = extension
const simple: readonly (readonly [path: string, kind: Kind])[] = [
  ['userName', 'text'],
  ['USERNAME', 'text'],
  ['code', 'text'],
  ['count', 'number'],
  ['ratio', 'number'],
  ['active', 'boolean'],
  ['when', 'date'],
  ['blob', 'binary'],
  ['link', 'text'],
  ['tags', 'text'],
  ['numbers', 'number'],
  ['dates', 'date'],
  ['name.givenName', 'text'],
  ['name.aliases', 'text'],
  ['emails', 'text'],
  ['emails.value', 'text'],
  ['emails.type', 'text'],
  ['emails.primary', 'boolean'],
  ['emails.since', 'date'],
  ['emails.labels', 'text'],
  [`${more}:department`, 'text'],
  ['department', 'text'],
  [`${more}:manager.value`, 'text'],
  [`${more.toUpperCase()}:Manager.Level`, 'number'],
  [`${more}:badges.value`, 'number'],
  [`${more}:badges`, 'number'],
  [`${more}:badges.type`, 'text'],
]
const inEmails: typeof simple = [
  ['value', 'text'],
  ['Type', 'text'],
  ['primary', 'boolean'],
  ['since', 'date'],
  ['labels', 'text'],
]
const inBadges: typeof simple = [
  ['value', 'number'],
  ['type', 'text'],
]
const complex = ['name', 'emails', `${more}:manager`, `${more}:badges`, more]

const operators: Record<Kind, readonly CompareOperator[]> = {
  text: ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'],
  binary: ['eq', 'ne', 'co', 'sw', 'ew'],
  number: ['eq', 'ne', 'gt', 'ge', 'lt', 'le'],
  boolean: ['eq', 'ne'],
  date: ['eq', 'ne', 'gt', 'ge', 'lt', 'le'],
}
const literals: Record<Kind, fc.Arbitrary<FilterLiteral>> = {
  text: fc.constantFrom(...texts, '', '@x.example', '@X.EXAMPLE', '@b@x.example', 'y', 'example'),
  binary: fc.constantFrom('YQ==', 'Y', '=='),
  number: fc.constantFrom(...numbers),
  boolean: fc.constantFrom<FilterLiteral>(true, false, 'True'),
  date: fc.constantFrom(...dates),
}

function condition(leaves: typeof simple): fc.Arbitrary<FilterNode> {
  const comparison = fc.constantFrom(...leaves).chain(([path, kind]) =>
    fc.record({
      kind: fc.constant('compare' as const),
      path: fc.constant(path),
      operator: fc.constantFrom(...operators[kind]),
      value: literals[kind],
      column: fc.constant(0),
    }),
  )
  const withNull = fc.record({
    kind: fc.constant('compare' as const),
    path: fc.constantFrom(...leaves.map(([path]) => path)),
    operator: fc.constantFrom<CompareOperator>('eq', 'ne'),
    value: fc.constant(null),
    column: fc.constant(0),
  })
  const present = fc.record({
    kind: fc.constant('present' as const),
    path: fc.constantFrom(...leaves.map(([path]) => path)),
    column: fc.constant(0),
  })
  return fc.oneof(
    { weight: 8, arbitrary: comparison },
    { weight: 1, arbitrary: withNull },
    { weight: 1, arbitrary: present },
  )
}

function tree(leaf: fc.Arbitrary<FilterNode>, maxDepth: number): fc.Arbitrary<FilterNode> {
  return fc.letrec<{ node: FilterNode }>((tie) => ({
    node: fc.oneof(
      { maxDepth, depthSize: 'small' },
      leaf,
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        terms: fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('not' as const), term: tie('node') }),
    ),
  })).node
}

function valuePath(path: string, leaves: typeof simple): fc.Arbitrary<FilterNode> {
  const head = { kind: fc.constant('valuePath' as const), path: fc.constant(path), column: fc.constant(0) }
  const filter = tree(condition(leaves), 2)
  const rest = condition(leaves).map((node) => ({
    subAttribute: node.kind === 'compare' || node.kind === 'present' ? node.path : '',
    condition: node,
  }))
  return fc.oneof(fc.record({ ...head, filter }), fc.record({ ...head, filter, rest }))
}

const presentComplex = fc.record({
  kind: fc.constant('present' as const),
  path: fc.constantFrom(...complex),
  column: fc.constant(0),
})

export const filters: fc.Arbitrary<FilterNode> = tree(
  fc.oneof(
    { weight: 8, arbitrary: condition(simple) },
    { weight: 1, arbitrary: presentComplex },
    { weight: 3, arbitrary: valuePath('emails', inEmails) },
    { weight: 1, arbitrary: valuePath(`${more}:badges`, inBadges) },
    {
      weight: 1,
      arbitrary: valuePath('name', [
        ['givenName', 'text'],
        ['aliases', 'text'],
      ]),
    },
  ),
  3,
)
