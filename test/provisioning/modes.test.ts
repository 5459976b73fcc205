import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { anna, decided, earlier, found, identity, linked, user } from './scenario.ts'

const order = [
  'connection',
  'identity',
  'claims',
  'match',
  'lifecycle',
  'domain',
  'attributes',
  'groups',
  'roles',
  'seats',
  'operations',
]

describe('every login passes the same steps in the same order', () => {
  for (const mode of ['on', 'link', 'observe', 'off']) {
    test(`mode ${mode}`, () => {
      assert.deepEqual(
        decided({ jit: { mode }, snapshot: linked() }).steps.map(({ step }) => step),
        order,
      )
    })
  }

  test('after a refusal the remaining steps are not listed, and the last one says why', () => {
    const { steps, code } = decided({ claims: { sub: 's' } })
    assert.deepEqual(
      steps.map(({ step }) => step),
      order.slice(0, 6),
    )
    assert.deepEqual([steps.at(-1)?.result, steps.at(-1)?.code], ['refuse', code])
  })
})

describe('mode off', () => {
  test('L6 an unlinked person is passed through with the mapped profile, and nothing is written', () => {
    const decision = decided({ jit: { mode: 'off' } })
    assert.deepEqual([decision.outcome, decision.code, decision.user], ['passed_through', null, null])
    assert.deepEqual([decision.operations, decision.changes, decision.effects], [[], [], null])
    assert.deepEqual(decision.profile?.name, { givenName: 'Anna', familyName: 'Ahl', formatted: 'Anna Ahl' })
    assert.equal(decision.profile?.userName, 'anna@acme.example')
  })

  test('whenOff: refuse answers jit_disabled', () => {
    const decision = decided({ jit: { mode: 'off', whenOff: 'refuse' } })
    assert.deepEqual([decision.outcome, decision.code], ['refused', 'jit_disabled'])
    assert.equal(decided({ jit: { mode: 'off', whenOff: 'refuse' }, snapshot: linked() }).outcome, 'unchanged')
  })

  test('a linked user is unchanged, even where the claims differ', () => {
    const decision = decided({ jit: { mode: 'off' }, snapshot: linked({ resource: { userName: 'a', title: 'x' } }) })
    assert.deepEqual([decision.outcome, decision.user, decision.operations], ['unchanged', 'user-anna', []])
    assert.equal(decision.effects, null)
  })

  test('match and life cycle may refuse where nothing would be written anyway', () => {
    const other = user({ externalIds: [{ client: 'hr', value: 'anna-sub' }] })
    const jit = { mode: 'off' }
    const suspended = { ...other, holds: [{ kind: 'suspended', source: 'admin:k', at: earlier }] as const }
    assert.equal(decided({ jit, snapshot: found(0, suspended) }).code, 'user_suspended')
    assert.equal(
      decided({ jit, snapshot: found(0, { ...other, privilegedRoles: ['admin'] }) }).code,
      'match_target_protected',
    )
    assert.equal(
      decided({ jit, snapshot: found(0, { ...other, identities: [identity({ subject: 'x' })] }) }).code,
      'linked_to_other_subject',
    )
    assert.equal(decided({ jit, snapshot: found(0, other) }).outcome, 'passed_through')
  })
})

describe('mode observe', () => {
  test('f10 everything is decided, nothing has an effect', () => {
    const decision = decided({ jit: { mode: 'observe' } })
    assert.deepEqual([decision.outcome, decision.code, decision.effects], ['observed', null, null])
    assert.equal(decision.operations[0]?.method, 'POST')
    assert.equal(decision.profile?.displayName, 'Anna Ahl')
  })

  test('the code is what would have refused', () => {
    for (const [claims, code] of [
      [{ sub: 's' }, 'domain_not_allowed'],
      [{ ...anna, sub: 7 }, 'subject_missing'],
    ] as const) {
      const decision = decided({ jit: { mode: 'observe' }, claims })
      assert.deepEqual([decision.outcome, decision.code, decision.operations], ['observed', code, []])
    }
  })
})
