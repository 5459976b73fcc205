import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { selectorOf } from '../../src/provisioning/grants.ts'
import { covers } from '../../src/provisioning/lint/cover.ts'
import { lintSettings } from '../../src/provisioning/lint/lint.ts'
import { readJitSettings } from '../../src/provisioning/settings.ts'
import { checkSettings } from '../../src/provisioning/settings-check.ts'
import { runs } from '../runs.ts'
import { defaults, roles, userType } from './scenario.ts'

const groups = [
  { id: 'g-1', displayName: 'Sales', privileged: false },
  { id: 'g-2', displayName: 'Admins', privileged: true },
  { id: 'g-3', displayName: 'Support', privileged: false },
]
const references = { type: userType, groups, roles }
const lint = (jit: unknown) =>
  lintSettings(readJitSettings(jit, defaults).stored, defaults, references).map(({ path, code }) => `${path} ${code}`)

const title = (more: object) => ({ attributes: [{ attribute: 'title', claim: 'title', ...more }] })
const filter = (...claimFilter: object[]) => ({ claimFilter })
const equals = (claim: string, value: unknown) => ({ claim, operator: 'equals', value })
const sync = (...mapping: object[]) => ({ groups: { mode: 'sync', mapping } })

/** Settings, and the warnings that they earn. */
const cases: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['the defaults', {}, []],
  ['the defaults, written out', readJitSettings({}, defaults).settings, []],
  [
    'a claim that is there and not there',
    filter(equals('a', 1), { claim: 'a', operator: 'present', value: false }),
    ['claimFilter.1 condition_never_holds'],
  ],
  [
    'two values of one claim',
    filter(equals('tid', 'x'), { claim: 'tid', operator: 'in', value: ['y', 'z'] }),
    ['claimFilter.1 condition_never_holds'],
  ],
  [
    'a value that the pattern excludes',
    filter({ claim: 'email', operator: 'matches', value: '.*@a' }, equals('email', 'x@b')),
    ['claimFilter.1 condition_never_holds'],
  ],
  ['two values of a claim that may have several', filter(equals('groups', 'x'), equals('groups', 'y')), []],
  [
    'values that have one in common',
    filter({ claim: 'tid', operator: 'in', value: ['x', 'y'] }, equals('tid', 'y')),
    [],
  ],
  ['a condition twice', filter(equals('a', 1), equals('a', 1)), ['claimFilter.1 condition_repeated']],
  [
    'a rule twice',
    {
      matching: [
        { claim: 'a', attribute: 'userName' },
        { claim: 'a', attribute: 'externalId' },
        { claim: 'a', attribute: 'userName' },
      ],
    },
    ['matching.2 rule_repeated'],
  ],
  ['link without rules', { mode: 'link', matching: [] }, ['matching nobody_can_link']],
  [
    'a list and a value of it',
    {
      attributes: [
        { attribute: 'emails', claim: 'e' },
        { attribute: 'emails[type eq "work"].value', claim: 'email' },
      ],
    },
    ['attributes.1.attribute targets_overlap'],
  ],
  ['NEVER', title({ sync: 'NEVER' }), ['attributes.0 never_written']],
  ['NEVER, but locked', title({ sync: 'NEVER', locked: true }), []],
  [
    'a sync of what is written once',
    { attributes: [{ attribute: 'externalId', claim: 'oid', sync: 'ALWAYS' }] },
    ['attributes.0.sync sync_without_effect'],
  ],
  [
    'onMissing where nothing is cleared',
    { attributeSyncMethod: 'FILL_EMPTY', ...title({ onMissing: 'clear' }) },
    ['attributes.0.onMissing on_missing_without_effect'],
  ],
  [
    'onMissing with a sync of its own',
    { attributeSyncMethod: 'FILL_EMPTY', ...title({ onMissing: 'clear', sync: 'ALWAYS' }) },
    [],
  ],
  [
    'onMissing of what is written once',
    title({ onMissing: 'clear', sync: 'IF_EMPTY' }),
    ['attributes.0.onMissing on_missing_without_effect'],
  ],
  [
    'onMissing of a constant',
    { attributes: [{ attribute: 'title', value: 'x', onMissing: 'clear' }] },
    ['attributes.0.onMissing on_missing_without_effect'],
  ],
  ['a default at creation', { attributeSyncMethod: 'NONE', ...title({ onMissing: 'default', default: 'x' }) }, []],
  [
    'an authority that nobody asks',
    title({ sync: 'ON_CREATE', authority: 'login' }),
    ['attributes.0.authority authority_without_effect'],
  ],
  [
    'a lock with the authority of others',
    title({ locked: true, authority: 'scim' }),
    ['attributes.0.authority locked_by_others_authority'],
  ],
  [
    'an expression without a claim',
    { attributes: [{ attribute: 'title', expression: 'upper("x")' }], userName: { template: 'x' } },
    ['attributes.0.expression constant_expression', 'userName user_name_constant'],
  ],
  [
    'required and not mapped',
    { required: ['title', 'emails', 'userName', 'name'], attributes: [{ attribute: 'emails', claim: 'e' }] },
    ['required.0 required_never_given', 'required.3 required_never_given'],
  ],
  [
    'members of another mode',
    { groups: { mode: 'assign', assign: ['g-1'], claim: 'x', mapping: [], allow: [], onMissing: 'keep' } },
    ['groups.claim mapping_without_effect'],
  ],
  [
    'a claim that leads nowhere',
    { roles: { mode: 'append', claim: 'x', onMissing: 'clear' } },
    ['roles.onMissing mapping_without_effect', 'roles.mode values_lead_nowhere'],
  ],
  [
    'the same twice',
    sync({ value: 'x', group: 'g-1' }, { value: 'x', group: 'g-1' }),
    ['groups.mapping.1 mapping_covered'],
  ],
  [
    'one value to two groups',
    {
      roles: {
        mode: 'sync',
        mapping: [
          { value: 'x', role: 'member' },
          { value: 'x', role: 'manager' },
        ],
      },
    },
    [],
  ],
  [
    'narrower than others',
    sync(
      { prefix: 'ab', group: 'g-1' },
      { value: 'abc', group: 'g-1' },
      { prefix: 'a', group: 'g-1' },
      { pattern: '[xy]+', group: 'g-1' },
      { value: 'xyx', group: 'g-1' },
    ),
    ['groups.mapping.0 mapping_covered', 'groups.mapping.1 mapping_covered', 'groups.mapping.4 mapping_covered'],
  ],
  [
    'G1 a privileged target',
    {
      groups: { mode: 'sync', mapping: [{ value: 'x', group: 'g-2' }], allow: ['g-2'] },
      roles: { mode: 'assign', assign: ['admin'] },
    },
    [
      'groups.mapping.0 privileged_target_blocked',
      'groups.allow.0 privileged_target_blocked',
      'roles.assign.0 privileged_target_blocked',
    ],
  ],
  ['G1 a privileged target, allowed', sync({ value: 'x', group: 'g-2', allowPrivileged: true }), []],
  [
    'G9 a privileged target by prefix',
    sync({ prefix: 'x', group: 'g-2', allowPrivileged: true }, { value: 'xy', group: 'g-2' }),
    [
      'groups.mapping.0 privileged_by_pattern',
      'groups.mapping.1 privileged_target_blocked',
      'groups.mapping.1 mapping_covered',
    ],
  ],
  [
    'G1 a narrower one that may more',
    sync({ prefix: 'x', group: 'g-2' }, { value: 'xy', group: 'g-2', allowPrivileged: true }),
    ['groups.mapping.0 privileged_target_blocked'],
  ],
  [
    'a target that is gone',
    { roles: { mode: 'sync', mapping: [{ value: 'x', role: 'gone' }] } },
    ['roles.mapping.0 target_missing'],
  ],
]

/** Pairs of mappings to one group, and which of them, if any, is of no use beside the other. */
const covered: readonly (readonly [object, object, 0 | 1 | null])[] = [
  [{ prefix: 'ab' }, { value: 'abc' }, 1],
  [{ prefix: 'ab' }, { value: 'ab' }, 1],
  [{ value: 'abc' }, { prefix: 'ab' }, 0],
  [{ prefix: 'ab' }, { value: 'ba' }, null],
  [{ prefix: 'ab' }, { value: 'AB' }, null],
  [{ prefix: 'a' }, { prefix: 'ab' }, 1],
  [{ prefix: 'ab' }, { prefix: 'a' }, 0],
  [{ prefix: 'a' }, { prefix: 'b' }, null],
  [{ pattern: 'a.c' }, { value: 'abc' }, 1],
  [{ pattern: 'a.c' }, { value: 'abcd' }, null],
  [{ pattern: '.*' }, { value: 'x'.repeat(200) }, 1],
  [{ pattern: 'a.*' }, { pattern: 'a.*' }, 1],
  [{ pattern: 'a.*' }, { pattern: '^a.*$' }, 1],
  [{ pattern: 'a.*\\$' }, { pattern: 'a.*' }, null],
  [{ pattern: 'abc' }, { value: 'abc' }, 1],
  [{ value: 'abc' }, { pattern: '^(?:ab)c$' }, 1],
  [{ value: 'a.c' }, { pattern: 'a\\.c' }, 1],
  [{ value: 'a.c' }, { pattern: 'a.c' }, 0],
  [{ pattern: '[a-z]+' }, { pattern: 'abc' }, 1],
  [{ prefix: 'ab' }, { pattern: 'abc|abd' }, null],
  [{ prefix: 'ab' }, { pattern: 'ab(c|d)' }, 1],
  [{ prefix: 'ab' }, { pattern: 'ab+' }, 1],
  [{ prefix: 'ab' }, { pattern: 'ab*' }, null],
  [{ prefix: 'ab' }, { pattern: 'a[b]' }, null],
  // What has a line end, or more than 1,024 characters, begins so and does not match: the prefix takes in more.
  [{ pattern: 'ab.*' }, { prefix: 'ab' }, 0],
]

describe('A12 G9 a mapping that another one doubles: all that fit apply, so the targets decide', () => {
  for (const [first, second, doubled] of covered) {
    test(`${JSON.stringify(first)} and ${JSON.stringify(second)}`, () => {
      const expected = doubled === null ? [] : [`groups.mapping.${doubled} mapping_covered`]
      assert.deepEqual(lint(sync({ ...first, group: 'g-1' }, { ...second, group: 'g-1' })), expected)
      assert.deepEqual(lint(sync({ ...first, group: 'g-1' }, { ...second, group: 'g-3' })), [], 'another group')
    })
  }

  test('what it says to be doubled gives nothing that the other does not give', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '+', '(', ')', '|', '\\'), maxLength: 5 })
    const entry = fc.record({ by: fc.constantFrom('value' as const, 'prefix' as const, 'pattern' as const), text })
    const values = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '\n'), maxLength: 5 }), {
      minLength: 20,
    })
    fc.assert(
      fc.property(entry, entry, values, (broad, narrow, tried) => {
        const rule = { target: 'g-1', allowPrivileged: false }
        if (!covers({ ...broad, ...rule }, { ...narrow, ...rule }, true)) return
        const [takes, gives] = [selectorOf(narrow), selectorOf(broad)]
        for (const value of [...tried, narrow.text, broad.text]) if (takes(value)) assert.ok(gives(value), value)
      }),
      { numRuns: runs(500) },
    )
  })
})

describe('warnings about settings that may be saved', () => {
  for (const [name, jit, expected] of cases) {
    test(`A12 ${name}`, () => {
      assert.deepEqual(lint(jit), expected)
      const isMissing = expected.some((warning) => warning.endsWith('target_missing'))
      const { errors } = checkSettings(readJitSettings(jit, defaults).stored, {
        ...references,
        mayGrantPrivileged: true,
      })
      if (!isMissing) assert.deepEqual(errors, [], 'nothing is refused for it')
    })
  }
})
