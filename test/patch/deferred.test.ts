import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from '../../src/errors.ts'
import type { DeferredChange } from '../../src/patch/types.ts'
import { type Dialect, dialects } from '../../src/scim/dialects.ts'
import { group } from '../schema/registry-of-tests.ts'
import { isRefusal, patch } from './patching.ts'

const attribute = 'members'

function members(operations: readonly unknown[], dialect: Partial<Dialect> = {}) {
  return patch(group, { displayName: 'G' }, operations, { deferred: [attribute], dialect, resourceId: 'g' })
}

const changes: readonly { title: string; operations: readonly unknown[]; deferred: readonly DeferredChange[] }[] = [
  {
    title: 'R108 R269 an add gives each member once',
    operations: [
      { op: 'add', path: 'members', value: [{ value: 'a', $ref: null }, { value: 'a' }, { value: 'b', type: 'User' }] },
    ],
    deferred: [{ kind: 'add', attribute, values: [{ value: 'a' }, { value: 'b', type: 'User' }] }],
  },
  {
    title: 'R119 an add of nothing asks for nothing',
    operations: [{ op: 'add', path: 'members', value: [] }],
    deferred: [],
  },
  {
    title: 'R123 a remove by filter names its members',
    operations: [{ op: 'remove', path: 'members[value eq "a"]' }],
    deferred: [{ kind: 'removeValues', attribute, values: ['a'] }],
  },
  {
    title: 'R123 also several',
    operations: [{ op: 'remove', path: 'members[value eq "a" or (value eq "b" or value eq "a")]' }],
    deferred: [{ kind: 'removeValues', attribute, values: ['a', 'b'] }],
  },
  {
    title: 'R130 a remove with a list takes these members and no others',
    operations: [{ op: 'Remove', path: 'members', value: [{ value: 'a' }, { value: 'b' }] }],
    deferred: [{ kind: 'removeValues', attribute, values: ['a', 'b'] }],
  },
  {
    title: 'R131 a remove with an empty list takes nobody',
    operations: [{ op: 'remove', path: 'members', value: [] }],
    deferred: [],
  },
  {
    title: 'R122 R130 a remove without filter and list takes all',
    operations: [{ op: 'remove', path: 'members' }],
    deferred: [{ kind: 'removeAll', attribute }],
  },
  {
    title: 'R144 a replace is the whole list',
    operations: [{ op: 'replace', path: 'members', value: [{ value: 'a' }] }],
    deferred: [{ kind: 'replaceAll', attribute, values: [{ value: 'a' }] }],
  },
  ...[[], null].map((nothing) => ({
    title: `R144 R271 a replace by ${JSON.stringify(nothing)} empties the group`,
    operations: [{ op: 'replace', path: 'members', value: nothing }],
    deferred: [{ kind: 'removeAll', attribute } as const],
  })),
  {
    title: 'R94 changes stay in order',
    operations: [
      { op: 'add', path: 'members', value: [{ value: 'a' }] },
      { op: 'remove', path: 'members[value eq "a"]' },
      { op: 'replace', value: { id: 'g', displayName: 'G', members: [{ value: 'c' }] } },
    ],
    deferred: [
      { kind: 'add', attribute, values: [{ value: 'a' }] },
      { kind: 'removeValues', attribute, values: ['a'] },
      { kind: 'replaceAll', attribute, values: [{ value: 'c' }] },
    ],
  },
]

describe('operations on members, which are kept elsewhere', () => {
  for (const { title, operations, deferred } of changes) {
    test(title, () => {
      const result = members(operations)
      assert.deepEqual(result.deferred, deferred)
      assert.equal(result.changed, false)
      assert.deepEqual(result.resource, { displayName: 'G' })
    })
  }

  test('R147 any other filter is handed on', () => {
    const [change] = members([{ op: 'remove', path: 'members[type eq "Group" or value eq "a"]' }]).deferred
    assert.equal(change?.kind, 'removeMatching')
  })

  test('R125 a filter that can find nobody asks for nothing', () => {
    const { deferred } = members([{ op: 'remove', path: 'members[nope eq "a"]' }], dialects.entra)
    assert.deepEqual(deferred, [])
  })

  const refused: readonly [string, unknown, ErrorCode][] = [
    ['R268 the value of a member', { op: 'replace', path: 'members[value eq "a"].value', value: 'b' }, 'mutability'],
    ['R268 the name of a member', { op: 'add', path: 'members[value eq "a"].display', value: 'b' }, 'mutability'],
    ['R268 the name of a member, taken away', { op: 'remove', path: 'members[value eq "a"].display' }, 'mutability'],
    ['R268 a member as a whole', { op: 'replace', path: 'members[value eq "a"]', value: { value: 'b' } }, 'mutability'],
    ['R268 the value of all members', { op: 'replace', path: 'members.value', value: 'b' }, 'mutability'],
    ['R114 the value of no member', { op: 'add', path: 'members.value', value: 'b' }, 'invalid_path'],
    [
      'a member without value',
      { op: 'add', path: 'members', value: [{ value: 'a' }, { display: 'x' }] },
      'invalid_value',
    ],
    ['a member that has only a type', { op: 'add', path: 'members', value: [{ type: 'User' }] }, 'invalid_value'],
    ['a member without value, removed', { op: 'remove', path: 'members', value: [{ display: 'x' }] }, 'invalid_value'],
    ['a member that is no object', { op: 'add', path: 'members', value: ['a'] }, 'invalid_value'],
  ]
  for (const [title, operation, code] of refused) {
    test(`refuses ${title}`, () => assert.throws(() => members([operation]), isRefusal(code)))
  }

  test('R272 8,000 members in one operation and 1,000 operations take little time', () => {
    const values = Array.from({ length: 8_000 }, (_, index) => ({ value: `user-${index}` }))
    const started = performance.now()
    const [change] = members([{ op: 'add', path: 'members', value: values }]).deferred
    assert.equal(change?.kind === 'add' && change.values.length, 8_000)
    const each = values.slice(0, 1_000).map(({ value }) => ({ op: 'remove', path: `members[value eq "${value}"]` }))
    assert.equal(members(each).deferred.length, 1_000)
    assert.ok(performance.now() - started < 10_000)
  })

  test('R94 renames the group beside', () => {
    const result = members([
      { op: 'replace', path: 'displayName', value: 'H' },
      { op: 'add', path: 'members', value: [{ value: 'a' }] },
    ])
    assert.equal(result.changed, true)
    assert.deepEqual(result.resource, { displayName: 'H' })
    assert.deepEqual(
      result.operations.map(({ op, path }) => `${op} ${path.canonical}`),
      ['replace displayName', 'add members'],
    )
  })
})
