import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Source } from '../../src/context.ts'
import { leaves } from '../../src/schema/leaves.ts'
import { anna, decided, earlier, linked, stepOf, userType, warningCodes } from './scenario.ts'

const methods = ['OVERRIDE_ALL', 'PRESERVE_LOCAL', 'FILL_EMPTY', 'NONE'] as const
const work = { value: 'anna@acme.example', type: 'work' }
const home = { value: 'anna@home.example', type: 'home' }
const attributes = [{ attribute: 'emails', claim: 'addresses' }]
const base = { userName: 'anna@acme.example' }
const untouched = 'untouched'

/** The list after a login, or that nothing of it changes. */
function after(method: string, before: readonly object[], claim: unknown, writer: Source, more: object = {}) {
  const resource = before.length === 0 ? base : { ...base, emails: before as never }
  const sources = [...leaves(userType, resource).keys()].map((path) => ({ path, source: writer, at: earlier }))
  const decision = decided({
    jit: { attributeSyncMethod: method, attributes: [{ ...attributes[0], ...more }] },
    claims: { ...anna, addresses: claim },
    snapshot: linked({ resource, sources }),
  })
  const changed = decision.changes.filter(({ path }) => path.startsWith('emails'))
  const lists = Object.fromEntries(changed.map(({ path, after: value }) => [path, value]))
  return { lists: changed.length === 0 ? untouched : lists, warnings: warningCodes(decision) }
}
const homeLeaf = 'emails[type eq "home"]'
const workLeaf = 'emails[type eq "work"]'

describe('a list that is mapped as a whole', () => {
  const admin: Source = 'admin:operator'
  const scim: Source = 'scim:hr'
  /** What is there, the claim, who wrote it, and what becomes of it by each method. */
  const cases: readonly (readonly [string, readonly object[], unknown, Source, readonly unknown[]])[] = [
    [
      'has other values',
      [home],
      [work],
      admin,
      [...Array.from({ length: 2 }, () => ({ [homeLeaf]: null, [workLeaf]: [work] })), untouched, untouched],
    ],
    [
      'has values where there are none',
      [],
      [work],
      admin,
      [...Array.from({ length: 3 }, () => ({ [workLeaf]: [work] })), untouched],
    ],
    [
      'has more values',
      [home],
      [home, work],
      admin,
      [{ [workLeaf]: [work] }, { [workLeaf]: [work] }, untouched, untouched],
    ],
    ['is empty', [home], [], admin, [{ [homeLeaf]: null }, { [homeLeaf]: null }, untouched, untouched]],
    ['is absent', [home], undefined, admin, [{ [homeLeaf]: null }, untouched, untouched, untouched]],
    ['is equal', [home, work], [home, work], admin, methods.map(() => untouched)],
    ['is malformed', [home], [{ address: 'x' }], admin, methods.map(() => untouched)],
    ['would take what a SCIM client wrote', [home], [work], scim, methods.map(() => untouched)],
    [
      'adds to what a SCIM client wrote',
      [home],
      [home, work],
      scim,
      [{ [workLeaf]: [work] }, { [workLeaf]: [work] }, untouched, untouched],
    ],
    [
      'another connection wrote',
      [home],
      [work],
      'login:other',
      [...Array.from({ length: 2 }, () => ({ [homeLeaf]: null, [workLeaf]: [work] })), untouched, untouched],
    ],
  ]
  for (const [name, before, claim, writer, expected] of cases) {
    test(`f3 f5: the claim ${name}`, () => {
      assert.deepEqual(
        methods.map((method) => after(method, before, claim, writer).lists),
        expected,
      )
    })
  }

  test('f3 the whole list stays where a SCIM client wrote a part that would change, and the login says so', () => {
    assert.deepEqual(after('PRESERVE_LOCAL', [home], [work], scim).warnings, ['attribute_locked_by_scim'])
    assert.deepEqual(after('PRESERVE_LOCAL', [home], [work], scim, { authority: 'login' }).lists, {
      [homeLeaf]: null,
      [workLeaf]: [work],
    })
    assert.deepEqual(after('FILL_EMPTY', [home], [], admin, { sync: 'ALWAYS' }).lists, { [homeLeaf]: null })
    assert.deepEqual(after('PRESERVE_LOCAL', [home], [{ address: 'x' }], admin).warnings, ['claim_malformed'])
  })

  test('invariant 3: a creation and the same login again: nothing changes, and the list says which is primary', () => {
    for (const claim of [
      [work, home],
      [{ ...home, primary: true }, work],
      ['a@acme.example', 'b@acme.example'],
      'a@acme.example',
    ]) {
      const jit = { attributes }
      const claims = { ...anna, addresses: claim }
      const { operations } = decided({ jit, claims })
      const { emails, userName } = operations[0]!.data as unknown as { emails: readonly object[]; userName: string }
      const texts = [claim].flat().map((each) => (typeof each === 'string' ? { value: each } : each))
      assert.deepEqual(emails, texts)
      const again = decided({ jit, claims, snapshot: linked({ resource: { userName, emails } as never }) })
      assert.deepEqual([again.outcome, again.operations], ['unchanged', []])
    }
  })

  test('a constant list and a default are read the same way', () => {
    const jit = {
      attributes: [
        { attribute: 'phoneNumbers', value: ['+49 1', { value: '+49 2', type: 'work' }] },
        { attribute: 'ims', claim: 'ims', onMissing: 'default', default: 'nobody' },
        { attribute: 'addresses', expression: '{type: "work", locality: address.city}' },
      ],
    }
    const { operations } = decided({ jit, claims: { ...anna, address: { city: 'Lund' } } })
    const { phoneNumbers, ims, addresses } = operations[0]!.data
    assert.deepEqual(phoneNumbers, [{ value: '+49 1' }, { value: '+49 2', type: 'work' }])
    assert.deepEqual(ims, [{ value: 'nobody' }])
    assert.deepEqual(addresses, [{ type: 'work', locality: 'Lund' }])
  })
})

describe('G16 groups by value, prefix and pattern', () => {
  const groups = (mapping: readonly object[], values: unknown, more: object = {}) =>
    decided({ jit: { groups: { mode: 'sync', mapping, ...more } }, claims: { ...anna, groups: values } })
  const given = ({ operations }: ReturnType<typeof groups>) =>
    operations.flatMap(({ path }) => (path.startsWith('/Groups') ? path.slice(8) : []))
  const mapping = [
    { value: 'eng', group: 'g-tech' },
    { prefix: 'eng', group: 'g-sales' },
    { pattern: '(eng|ops)-[a-z]+', group: 'g-tech' },
  ]

  test('every mapping that fits applies, whatever the order, and the step lists each', () => {
    assert.deepEqual(given(groups(mapping, ['eng'])), ['g-sales', 'g-tech'])
    assert.deepEqual(given(groups(mapping.toReversed(), ['eng-x'])), ['g-sales', 'g-tech'])
    assert.deepEqual(given(groups(mapping, ['ops-x'])), ['g-tech'])
    assert.match(
      stepOf(groups(mapping, ['eng-x']), 'groups')?.detail ?? '',
      /eng-x → Sales \(prefix "eng"\); eng-x → Engineering \(pattern "/,
    )
  })

  test('G2 G9 patterns match as a whole, case matters, and what fits nothing gives nothing', () => {
    for (const value of ['ops-', 'xops-a', 'ops-a1', 'OPS-a', 'Eng', '(eng|ops)-[a-z]+', 'g-tech', 'Engineering', '']) {
      assert.deepEqual(given(groups(mapping, [value])), [], value)
    }
    assert.deepEqual(warningCodes(groups(mapping, ['ops-'])), ['group_unmapped'])
  })

  test('G1 a privileged group needs allowPrivileged, by prefix and pattern too', () => {
    for (const selector of [{ prefix: 'a' }, { pattern: 'a.*' }]) {
      assert.deepEqual(warningCodes(groups([{ ...selector, group: 'g-admins' }], ['ab'])), ['role_grant_blocked'])
      assert.deepEqual(given(groups([{ ...selector, group: 'g-admins', allowPrivileged: true }], ['ab'])), ['g-admins'])
    }
  })

  test('G3 G5 the values of an expression are those of a claim: they name what is allowed, and absence takes nothing', () => {
    const more = { expression: 'teams | only("app-.*") | stripPrefix("app-")', allow: ['g-tech'] }
    const run = (teams: unknown) => {
      const jit = { attributeSyncMethod: 'NONE', groups: { mode: 'sync', ...more } }
      const memberships = [
        { group: 'g-tech', display: 'Engineering', sources: [{ source: 'login:contoso' as const, at: earlier }] },
      ]
      return decided({ jit, claims: { ...anna, teams }, snapshot: linked({ memberships }) })
    }
    assert.deepEqual(warningCodes(groups([], ['x'], more)), ['groups_claim_missing'])
    assert.deepEqual(
      [run(['app-Engineering']).outcome, warningCodes(run(['app-Engineering', 'app-New']))],
      ['unchanged', ['group_unmapped']],
    )
    assert.deepEqual([run(undefined).outcome, warningCodes(run(undefined))], ['unchanged', ['groups_claim_missing']])
    assert.equal(run(['other']).outcome, 'updated')
    for (const teams of [[{}], { a: 1 }, ['app-Engineering', { name: 'x' }]]) {
      assert.deepEqual([run(teams).outcome, warningCodes(run(teams))], ['unchanged', ['claim_malformed']])
    }
  })
})
