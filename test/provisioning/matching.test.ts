import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lookups } from '../../src/provisioning/lookups.ts'
import { anna, connection, decided, found, identity, linked, login, snapshot, user } from './scenario.ts'

const byEmail = { matching: [{ claim: 'email', attribute: 'emails.value' }] }
const annas = (value = 'anna@acme.example') => user({ resource: { userName: 'a', emails: [{ value, type: 'work' }] } })
const sights = (jit: unknown, claims: object, over = {}) =>
  lookups(connection(jit, over), login(claims as Record<string, unknown>), snapshot().domains).rules

describe('who the person is', () => {
  test('K1 the link is the key: no rule is asked for a linked person, whatever the e-mail says', () => {
    const decision = decided({ claims: { ...anna, email: 'boss@acme.example' }, snapshot: linked() })
    assert.equal(decision.user, 'user-anna')
    assert.equal(decision.steps.find(({ step }) => step === 'match')?.result, 'skip')
  })

  for (const [name, claims] of Object.entries({
    missing: {},
    empty: { oid: '' },
    'a number': { oid: 7 },
    null: { oid: null },
  })) {
    test(`row 95: a subject that is ${name} refuses with subject_missing`, () => {
      const decision = decided({ jit: { subjectClaim: 'oid' }, claims: { sub: 'x', ...claims } })
      assert.deepEqual([decision.outcome, decision.code], ['refused', 'subject_missing'])
    })
  }

  test('K8 the subject is taken byte by byte', () => {
    assert.equal(lookups(connection(), login({ sub: 'AnnA ' }), []).subject, 'AnnA ')
  })
})

describe('what the rules may look for', () => {
  test('by default externalId at the clients of the provider, then a proved e-mail', () => {
    assert.deepEqual(sights({}, anna), [
      { index: 0, attribute: 'externalId', value: 'anna-sub', clients: ['hr'] },
      { index: 1, attribute: 'emails.value', value: 'anna@acme.example', clients: [] },
    ])
  })

  test('K10 externalId is looked up at the named clients only; without any it finds nothing', () => {
    assert.deepEqual(sights({}, { sub: 'x' }, { scimClients: [] }), [])
  })

  for (const [name, claims] of Object.entries({
    'email_verified is false': { email_verified: false },
    'row 108: email_verified is a text': { email_verified: 'true' },
    'email_verified is a number': { email_verified: 1 },
    'the domain is foreign': { email: 'anna@contractor.example' },
    'D1: the domain is only pending': { email: 'anna@new.example' },
    'D2: the proof of the domain has lapsed': { email: 'anna@old.example' },
    'D3: only the parent domain is verified': { email: 'anna@sub.acme.example' },
  })) {
    test(`K3 no e-mail rule where ${name}`, () => {
      assert.deepEqual(sights(byEmail, { ...anna, ...claims }), [])
    })
  }

  test('K3 an absent email_verified counts at a verified domain under emailTrust domain, and never under claim', () => {
    const { email_verified: _, ...silent } = anna
    assert.equal(sights(byEmail, silent).length, 1)
    assert.deepEqual(sights({ ...byEmail, emailTrust: 'claim' }, silent), [])
    assert.equal(sights(byEmail, { ...silent, email_verified: null }).length, 1, 'null counts as absent')
  })

  test('any rule whose value looks like an address needs the proof of that very address', () => {
    const rule = { matching: [{ claim: 'upn', attribute: 'userName' }] }
    assert.deepEqual(sights(rule, { ...anna, upn: 'boss@acme.example' }), [])
    assert.equal(sights(rule, { ...anna, upn: 'Anna@ACME.example' }).length, 1)
    assert.equal(sights(rule, { ...anna, upn: 'anna' }).length, 1)
    assert.deepEqual(
      sights({ matching: [{ claim: 'upn', attribute: 'externalId' }] }, { sub: 's', upn: 'a@b.example' }),
      [],
    )
  })

  test('a number or a list is no value of a rule', () => {
    assert.deepEqual(sights({ matching: [{ claim: 'id', attribute: 'externalId' }] }, { sub: 's', id: 7 }), [])
    assert.deepEqual(sights({ matching: [{ claim: 'id', attribute: 'externalId' }] }, { sub: 's', id: ['7'] }), [])
  })
})

describe('what a hit means', () => {
  test('exactly one hit links', () => {
    const decision = decided({ jit: byEmail, snapshot: found(0, annas()) })
    assert.equal(decision.outcome, 'linked')
    assert.deepEqual(decision.effects?.link, { issuer: connection().issuer, subject: 'anna-sub' })
    assert.equal(decision.effects?.version, 3)
  })

  test('the first rule with a hit decides', () => {
    const hr = user({ id: 'by-external-id', externalIds: [{ client: 'hr', value: 'anna-sub' }] })
    const candidates = [
      { index: 0, users: [hr] },
      { index: 1, users: [annas()] },
    ]
    assert.equal(decided({ snapshot: { candidates } }).user, 'by-external-id')
  })

  test('K9 more than one hit refuses, in either order', () => {
    const other = { ...annas(), id: 'other' }
    for (const users of [
      [annas(), other],
      [other, annas()],
    ]) {
      const decision = decided({ jit: byEmail, snapshot: found(0, ...users) })
      assert.deepEqual([decision.outcome, decision.code, decision.user], ['refused', 'match_ambiguous', null])
    }
  })

  test('K8 ASCII case does not matter, any other folding does (row 109)', () => {
    assert.equal(decided({ jit: byEmail, snapshot: found(0, annas('ANNA@acme.example')) }).outcome, 'linked')
    const kelvin = { ...anna, email: 'Kim@acme.example'.replace('K', '\u212a') }
    const taken = { ...found(0, annas('kim@acme.example')), takenUserNames: [kelvin.email] }
    const decision = decided({ jit: byEmail, claims: kelvin, snapshot: taken })
    assert.deepEqual([decision.outcome, decision.code], ['refused', 'username_taken'])
  })

  test('K10 the externalId of another client is no hit', () => {
    const stranger = user({ externalIds: [{ client: 'other', value: 'anna-sub' }] })
    assert.equal(decided({ snapshot: found(0, stranger) }).outcome, 'created')
    const otherCase = user({ externalIds: [{ client: 'hr', value: 'ANNA-SUB' }] })
    assert.equal(decided({ snapshot: found(0, otherCase) }).outcome, 'created')
  })

  test('K4 a user with another subject of this connection is refused', () => {
    const decision = decided({
      jit: byEmail,
      snapshot: found(0, { ...annas(), identities: [identity({ subject: 'first-anna' })] }),
    })
    assert.equal(decision.code, 'linked_to_other_subject')
  })

  for (const [name, jit, over] of [
    ['a privileged user', {}, { privilegedRoles: ['admin'] }],
    ['a user of neverLink.users', { neverLink: { users: ['user-anna'] } }, {}],
    [
      'a member of neverLink.groups, nested too',
      { neverLink: { groups: ['g-tech'] } },
      { allGroups: ['g-sales', 'g-tech'] },
    ],
  ] as const) {
    test(`row 108: ${name} is never linked by a rule`, () => {
      const decision = decided({ jit: { ...byEmail, ...jit }, snapshot: found(0, { ...annas(), ...over }) })
      assert.equal(decision.code, 'match_target_protected')
    })
  }

  test('neverLink.privileged: false lets a rule find a privileged user', () => {
    const decision = decided({
      jit: { ...byEmail, neverLink: { privileged: false } },
      snapshot: found(0, { ...annas(), privilegedRoles: ['admin'] }),
    })
    assert.equal(decision.outcome, 'linked')
  })

  test('K2 an account that somebody made by another connection without proof of the address is not shared', () => {
    const theirs = {
      ...annas(),
      sources: [{ path: 'emails[type eq "work"]', source: 'login:other', at: new Date(0) }] as const,
      identities: [identity({ connection: 'other' })],
    }
    assert.equal(decided({ jit: byEmail, snapshot: found(0, theirs) }).code, 'match_target_protected')
    const proved = { ...theirs, provenEmails: ['anna@acme.example'] }
    assert.equal(decided({ jit: byEmail, snapshot: found(0, proved) }).outcome, 'linked')
    const self = { ...annas(), sources: [{ path: 'emails[type eq "work"]', source: 'self', at: new Date(0) }] as const }
    assert.equal(decided({ jit: byEmail, snapshot: found(0, self) }).code, 'match_target_protected')
  })

  test('K11 an address that a SCIM client wrote counts, for it is proved by the domain', () => {
    const byScim = user({
      resource: annas().resource,
      writer: 'scim:hr',
      identities: [identity({ connection: 'other' })],
    })
    assert.equal(decided({ jit: byEmail, snapshot: found(0, byScim) }).outcome, 'linked')
  })

  test('L4 an inactive user is found, and no second one is made', () => {
    const inactive = { ...annas(), holds: [{ kind: 'deactivated', source: 'scim:hr', at: new Date(0) }] as const }
    const decision = decided({ jit: byEmail, snapshot: found(0, inactive) })
    assert.deepEqual([decision.code, decision.user], ['user_deactivated_by_scim', 'user-anna'])
  })

  test('mode link makes nobody', () => {
    const decision = decided({ jit: { mode: 'link' } })
    assert.deepEqual([decision.outcome, decision.code], ['refused', 'user_not_found'])
    assert.equal(decided({ jit: { mode: 'link', ...byEmail }, snapshot: found(0, annas()) }).outcome, 'linked')
  })
})
