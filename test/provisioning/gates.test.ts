import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Source } from '../../src/context.ts'
import type { HoldKind } from '../../src/provisioning/types.ts'
import { anna, decided, earlier, found, linked, snapshot, user, warningCodes } from './scenario.ts'

const hold = (kind: HoldKind, source: Source) => ({ kind, source, at: earlier })

describe('the connection', () => {
  test('a connection that is switched off refuses', () => {
    const decision = decided({ connection: { enabled: false }, snapshot: linked() })
    assert.deepEqual([decision.code, decision.steps.length], ['connection_disabled', 1])
  })

  test('row 93: a provider that announces another issuer refuses', () => {
    assert.equal(decided({ connection: { announcedIssuer: 'https://evil.example' } }).code, 'issuer_mismatch')
  })
})

describe('the claim filter', () => {
  const pass = (claimFilter: unknown, claims: object) =>
    decided({ jit: { claimFilter }, claims: { ...anna, ...claims } }).code !== 'claim_filter_failed'

  test('all conditions must hold, exactly and in type and case', () => {
    const two = [
      { claim: 'hd', operator: 'equals', value: 'acme.example' },
      { claim: 'acct', operator: 'in', value: [0, 'member'] },
    ]
    assert.ok(pass(two, { hd: 'acme.example', acct: 0 }))
    assert.ok(!pass(two, { hd: 'acme.example', acct: '0' }))
    assert.ok(!pass(two, { hd: 'ACME.example', acct: 0 }))
    assert.ok(!pass(two, { hd: 'acme.example.evil', acct: 0 }))
    assert.ok(!pass(two, { acct: 0 }))
  })

  test('one of several values is enough; present means a value', () => {
    assert.ok(pass([{ claim: 'groups', operator: 'equals', value: 'staff' }], { groups: ['x', 'staff'] }))
    assert.ok(!pass([{ claim: 'hd', operator: 'present' }], { hd: null }))
    assert.ok(!pass([{ claim: 'hd', operator: 'present' }], { hd: '' }))
    assert.ok(pass([{ claim: 'ext', operator: 'present', value: false }], {}))
  })

  test('G9 patterns are anchored', () => {
    const filter = [{ claim: 'email', operator: 'matches', value: '[a-z]+@acme\\.example' }]
    assert.ok(pass(filter, {}))
    assert.ok(!pass(filter, { email: 'anna@acme.example.evil' }))
    assert.ok(!pass(filter, { email: '1anna@acme.example' }))
  })
})

describe('who may be created', () => {
  const code = (claims: object, jit = {}) => decided({ jit, claims: { sub: 's', ...claims } }).code

  test('D7 a verified e-mail at a verified domain, and nobody else', () => {
    assert.equal(code({ email: 'new@acme.example', email_verified: true }), null)
    assert.equal(code({ email: 'new@ACME.example' }), null)
    assert.equal(code({ email: 'new@contractor.example', email_verified: true }), 'domain_not_allowed')
    assert.equal(code({}), 'domain_not_allowed')
    assert.equal(code({ email: 'new@acme.example', email_verified: false }), 'email_unverified')
    assert.equal(code({ email: 'new@acme.example', email_verified: 'true' }), 'email_unverified')
    assert.equal(code({ email: 'new@acme.example' }, { emailTrust: 'claim' }), 'email_unverified')
  })

  test('D1, D2, D3 a pending domain, a lapsed one and a sub-domain', () => {
    assert.equal(code({ email: 'a@new.example', email_verified: true }), 'domain_not_allowed')
    assert.equal(code({ email: 'a@old.example', email_verified: true }), 'domain_lapsed')
    assert.equal(code({ email: 'a@old.example' }), 'domain_lapsed')
    assert.equal(code({ email: 'a@sub.acme.example', email_verified: true }), 'domain_not_allowed')
  })

  test('row 109: a domain that only looks or resolves alike is foreign', () => {
    assert.equal(code({ email: 'a@аcme.example', email_verified: true }), 'domain_not_allowed')
    assert.equal(code({ email: 'a@ａcme.example', email_verified: true }), 'domain_not_allowed')
  })

  test('what is no address is no e-mail', () => {
    for (const email of ['acme.example', '@acme.example', 'a@', 'a b@acme.example', 7, ['a@acme.example']]) {
      assert.equal(code({ email, email_verified: true }), 'domain_not_allowed')
    }
  })

  test('domains: any admits everybody; linked people are not asked', () => {
    assert.equal(code({}, { domains: 'any' }), null)
    assert.equal(decided({ claims: { sub: 's', email: 'a@old.example' }, snapshot: linked() }).code, null)
  })

  test('an invitation admits the person whose address is verified by the boolean true', () => {
    const invitation = { id: 'inv', email: 'Guest@contractor.example', roles: ['manager', 'gone'] }
    const guest = { sub: 's', email: 'guest@contractor.example', email_verified: true }
    const decision = decided({ claims: guest, snapshot: { invitation } })
    assert.equal(decision.outcome, 'created')
    assert.equal(decision.effects?.provisionedBy, 'invitation')
    assert.deepEqual([decision.effects?.invitation, decision.effects?.invitationRoles], ['inv', ['manager']])
    assert.deepEqual(warningCodes(decision), ['role_unmapped'])
    assert.equal(decision.changes.at(-1)?.source, 'invitation:inv')
    const { email_verified: _, ...silent } = guest
    assert.equal(decided({ claims: silent, snapshot: { invitation } }).code, 'email_unverified')
    const other = { ...guest, email: 'other@contractor.example' }
    assert.equal(decided({ claims: other, snapshot: { invitation } }).code, 'domain_not_allowed')
  })
})

describe('life cycle', () => {
  const table: readonly (readonly [HoldKind, Source, string, string | null])[] = [
    ['suspended', 'admin:key', 'user_suspended', 'suspended'],
    ['locked', 'admin:key', 'user_locked', null],
    ['deactivated', 'scim:hr', 'user_deactivated_by_scim', 'deactivatedByScim'],
    ['deactivated', 'admin:key', 'user_deactivated_by_admin', 'deactivatedByAdmin'],
    ['deactivated', 'job:cleanup', 'user_deactivated_by_admin', 'deactivatedByAdmin'],
  ]
  for (const [kind, source, code, setting] of table) {
    test(`L1 ${kind} by ${source} refuses with ${code} and writes nothing`, () => {
      for (const mode of ['on', 'link', 'off']) {
        const decision = decided({ jit: { mode }, snapshot: linked({ holds: [hold(kind, source)] }) })
        assert.deepEqual([decision.outcome, decision.code], ['refused', code])
        assert.deepEqual([decision.operations, decision.changes, decision.effects], [[], [], null])
        assert.equal(decision.user, 'user-anna')
      }
    })
    test(`f15 ${kind} by ${source} is lifted only by its own setting`, () => {
      const all = { suspended: true, deactivatedByScim: true, deactivatedByAdmin: true }
      const others = setting === null ? all : { ...all, [setting]: false }
      const snapshotNow = linked({ holds: [hold(kind, source)] })
      assert.equal(decided({ jit: { reactivate: others }, snapshot: snapshotNow }).code, code)
      if (setting === null) return
      const decision = decided({
        jit: { reactivate: { [setting]: true }, attributeSyncMethod: 'NONE' },
        snapshot: snapshotNow,
      })
      assert.equal(decision.outcome, 'updated')
      assert.deepEqual(decision.effects?.lift, [{ kind, source }])
      assert.deepEqual(decision.operations[0]?.data.Operations, [{ op: 'replace', path: 'active', value: true }])
      const off = decided({ jit: { mode: 'off', reactivate: { [setting]: true } }, snapshot: snapshotNow })
      assert.equal(off.code, code, 'nothing is lifted in mode off')
    })
  }

  test('every hold must be one that may be lifted', () => {
    const holds = [hold('deactivated', 'scim:hr'), hold('locked', 'admin:key')]
    assert.equal(
      decided({ jit: { reactivate: { deactivatedByScim: true } }, snapshot: linked({ holds }) }).code,
      'user_locked',
    )
  })

  test('row 117: a deleted user stays deleted, unless a new one may be made', () => {
    const tombstones = [{ index: null, tombstone: { id: 't', user: 'gone', deletedAt: earlier } }]
    assert.equal(decided({ snapshot: { tombstones } }).code, 'user_deleted')
    assert.equal(decided({ jit: { mode: 'off' }, snapshot: { tombstones } }).code, 'user_deleted')
    assert.equal(decided({ jit: { mode: 'link' }, snapshot: { tombstones } }).code, 'user_deleted')
    const again = decided({ jit: { afterDelete: 'recreate' }, snapshot: { tombstones } })
    assert.deepEqual([again.outcome, again.user, again.effects?.user], ['created', null, null])
    const link = decided({ jit: { mode: 'link', afterDelete: 'recreate' }, snapshot: { tombstones } })
    assert.equal(link.code, 'user_not_found')
  })

  test('L8b a user made anew passes the same gates as any other', () => {
    const tombstones = [{ index: null, tombstone: { id: 't', user: 'gone', deletedAt: earlier } }]
    const claims = { sub: 's', email: 'a@contractor.example', email_verified: true }
    assert.equal(
      decided({ jit: { afterDelete: 'recreate' }, claims, snapshot: { tombstones } }).code,
      'domain_not_allowed',
    )
  })

  test('a living user wins over a tombstone', () => {
    const tombstones = [{ index: 1, tombstone: { id: 't', user: 'gone', deletedAt: earlier } }]
    const living = user({ externalIds: [{ client: 'hr', value: 'anna-sub' }] })
    assert.equal(decided({ snapshot: { ...found(0, living), tombstones } }).outcome, 'linked')
  })
})

describe('seats', () => {
  const full = { organization: { ...snapshot().organization, seatLimit: 5, seatsUsed: 5 } }

  test('f21 a creation and a reactivation take a seat, a login of an active user does not', () => {
    assert.equal(decided({ snapshot: full }).code, 'seat_limit_reached')
    const inactive = linked({ holds: [hold('suspended', 'admin:key')] })
    const jit = { reactivate: { suspended: true } }
    assert.equal(decided({ jit, snapshot: { ...full, ...inactive } }).code, 'seat_limit_reached')
    assert.equal(decided({ snapshot: { ...full, ...linked() } }).code, null)
    const room = { organization: { ...full.organization, seatsUsed: 4 } }
    assert.equal(decided({ snapshot: room }).outcome, 'created')
  })

  test('O1 no more than createsPerHour users are made', () => {
    const jit = { limits: { createsPerHour: 3 } }
    assert.equal(decided({ jit, snapshot: { createdWithinHour: 3 } }).code, 'rate_limited')
    assert.equal(decided({ jit, snapshot: { createdWithinHour: 2 } }).outcome, 'created')
    assert.equal(decided({ jit, snapshot: { createdWithinHour: 3, ...linked() } }).code, null)
  })
})
