import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Source } from '../../src/context.ts'
import { errorCatalogue } from '../../src/errors.ts'
import { decide } from '../../src/provisioning/decide.ts'
import type { DecisionInput } from '../../src/provisioning/facts.ts'
import type { SourceEntry, UserState } from '../../src/provisioning/types.ts'
import { runs } from '../runs.ts'
import { afterwards } from './applying.ts'
import { anna, earlier, groups, identity, inputOf, mine, roles, type Scenario, user } from './scenario.ts'

const source = fc.constantFrom<Source>(mine, 'login:other', 'scim:hr', 'admin:key', 'invitation:i', 'self')
const sources = fc
  .uniqueArray(source, { minLength: 1, maxLength: 3 })
  .map((list): SourceEntry[] => list.map((one) => ({ source: one, at: earlier })))
const name = fc.constantFrom('Anna', 'Bea', 'Cleo')
const claimValue = fc.oneof(name, fc.constantFrom(null, '', [], 7, { a: 1 }, ['Anna']))
const values = fc.oneof(
  fc.subarray(['sales', 'tech', 'root', 'other']),
  fc.constantFrom(null, '', 'sales', [{ id: 1 }]),
)

const claims = fc.record(
  {
    sub: fc.constantFrom('anna-sub', 'other-sub'),
    email: fc.constantFrom('anna@acme.example', 'anna@contractor.example'),
    email_verified: fc.constantFrom(true, false, 'true'),
    given_name: claimValue,
    name: claimValue,
    title: claimValue,
    address: fc.record({ locality: claimValue, country: claimValue }, { requiredKeys: [], noNullPrototype: true }),
    groups: values,
    roles: values,
  },
  { requiredKeys: ['sub'], noNullPrototype: true },
)

const mapping = (kind: 'group' | 'role', targets: readonly string[]) =>
  ['sales', 'tech', 'root'].flatMap((value, index) => {
    const target = targets[index]
    return target === undefined
      ? []
      : [{ value, [kind]: target, ...(value === 'root' ? { allowPrivileged: true } : {}) }]
  })
const grantMode = fc.constantFrom('none', 'append', 'sync')

const jit = fc.record({
  mode: fc.constantFrom('on', 'on', 'link', 'observe', 'off'),
  attributeSyncMethod: fc.constantFrom('OVERRIDE_ALL', 'PRESERVE_LOCAL', 'FILL_EMPTY', 'NONE'),
  authority: fc.constantFrom('scim', 'login', 'last_write'),
  domains: fc.constantFrom('any', 'verified'),
  attributes: fc.constantFrom(undefined, [
    { attribute: 'title', claim: 'title', onMissing: 'clear' },
    { attribute: 'name.givenName', claim: 'given_name', sync: 'IF_EMPTY', onMissing: 'default', default: 'Nobody' },
    { attribute: 'emails[type eq "work"].value', claim: 'email', onMissing: 'clear' },
    { attribute: 'addresses[type eq "work"].locality', claim: 'address.locality', onMissing: 'clear' },
    { attribute: 'addresses[type eq "work"].country', claim: 'address.country', onMissing: 'clear' },
  ]),
  reactivate: fc.record({ suspended: fc.boolean(), deactivatedByScim: fc.boolean() }),
  groups: grantMode.map((mode) => ({
    mode,
    claim: 'groups',
    mapping: mapping('group', ['g-sales', 'g-tech', 'g-admins']),
  })),
  roles: grantMode.map((mode) => ({ mode, claim: 'roles', mapping: mapping('role', ['member', 'manager', 'admin']) })),
})

const emails = fc.uniqueArray(
  fc.record(
    { value: fc.constantFrom('anna@acme.example', 'a@home.example'), type: fc.constantFrom('work', 'home') },
    { requiredKeys: ['value'], noNullPrototype: true },
  ),
  { selector: ({ value, type }) => `${value} ${type}`, maxLength: 3 },
)
const resource = fc
  .record(
    {
      title: name,
      nickName: name,
      name: fc.record({ givenName: name, familyName: name }, { requiredKeys: ['givenName'], noNullPrototype: true }),
      emails,
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  .map(({ emails: list, ...rest }) => ({
    userName: 'anna',
    ...rest,
    ...(list === undefined || list.length === 0 ? {} : { emails: list }),
  }))

const person: fc.Arbitrary<UserState> = fc
  .record({
    resource,
    writer: source,
    grants: fc.uniqueArray(fc.record({ role: fc.constantFrom('member', 'manager', 'admin'), sources }), {
      selector: ({ role }) => role,
    }),
    memberships: fc.uniqueArray(
      fc.record({
        group: fc.constantFrom('g-sales', 'g-tech', 'g-admins', 'g-else'),
        display: fc.constant('x'),
        sources,
      }),
      { selector: ({ group }) => group },
    ),
    holds: fc.constantFrom(
      [],
      [],
      [{ kind: 'suspended', source: 'admin:key', at: earlier } as const],
      [{ kind: 'deactivated', source: 'scim:hr', at: earlier } as const],
    ),
    linked: fc.boolean(),
  })
  .map(({ linked, ...parts }) => {
    const privileged =
      parts.grants.some(({ role }) => role === 'admin') || parts.memberships.some(({ group }) => group === 'g-admins')
    return user({
      ...parts,
      identities: linked ? [identity()] : [],
      externalIds: linked ? [] : [{ client: 'hr', value: 'anna-sub' }],
      allGroups: parts.memberships.map(({ group }) => group),
      privilegedRoles: privileged ? ['admin'] : [],
    })
  })

interface Case {
  readonly scenario: Scenario
  readonly state: UserState | null
  readonly active: number
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    jit: jit.map(({ attributes, ...rest }) => (attributes === undefined ? rest : { ...rest, attributes })),
    claims,
    state: fc.option(person, { nil: null }),
    active: fc.integer({ min: 1, max: 3 }),
    issuedAt: fc.constantFrom(new Date('2026-03-01T12:00:00Z'), new Date('2020-01-01T00:00:00Z')),
  })
  .map(({ jit: settings, claims: asserted, state, active, issuedAt }) => ({
    scenario: { jit: settings, claims: asserted, issuedAt },
    state,
    active,
  }))

/** What the directory would look up for this user. */
function inputFor({ scenario, active }: Case, state: UserState | null): DecisionInput {
  const isLinked = state !== null && state.identities.length > 0
  return inputOf({
    ...scenario,
    snapshot: {
      linked: isLinked ? state : null,
      candidates: state !== null && !isLinked ? [{ index: 0, users: [state] }] : [],
      groups: [...groups, { id: 'g-else', display: 'Else', privilegedRoles: [] }],
      privilegedHolders: [{ role: 'admin', active }],
    },
  })
}

const check = (property: (one: Case) => void) => fc.assert(fc.property(cases, property), { numRuns: runs(300) })

function givenByOthers(state: UserState | null): readonly string[] {
  const of = (kind: string, key: string, list: readonly SourceEntry[]) =>
    list.filter((entry) => entry.source !== mine).map((entry) => `${kind} ${key} ${entry.source}`)
  return [
    ...(state?.grants ?? []).flatMap(({ role, sources: list }) => of('role', role, list)),
    ...(state?.memberships ?? []).flatMap(({ group, sources: list }) => of('group', group, list)),
  ].sort()
}

describe('for any settings, claims and state', () => {
  test('the decision is a function of its input', () => {
    check((one) =>
      assert.deepEqual(decide(inputFor(one, one.state)), decide(structuredCloneOfInput(inputFor(one, one.state)))),
    )
  })

  test('the operations apply, and the same login again is unchanged with an empty list', () => {
    check((one) => {
      const first = decide(inputFor(one, one.state))
      if (first.effects === null) return
      const after = afterwards(one.state, first, mine)
      const second = decide(inputFor(one, after))
      assert.deepEqual([second.outcome, second.operations, second.changes], ['unchanged', [], []])
    })
  })

  test('f6 a source never takes what another gave', () => {
    check((one) => {
      const decision = decide(inputFor(one, one.state))
      // another subject of the connection is another person: the user stays as they are
      if (decision.outcome === 'created') return
      const after = afterwards(one.state, decision, mine)
      assert.deepEqual(givenByOthers(after), givenByOthers(one.state))
    })
  })

  test('refused, observed and passed through have no effects; a refusal has no operations either', () => {
    check((one) => {
      const decision = decide(inputFor(one, one.state))
      const writes = ['created', 'linked', 'updated'].includes(decision.outcome)
      if (writes) assert.notEqual(decision.effects, null)
      if (['refused', 'observed', 'passed_through'].includes(decision.outcome)) assert.equal(decision.effects, null)
      if (decision.code !== null) assert.deepEqual([decision.operations, decision.changes], [[], []])
      assert.equal(decision.code !== null && decision.outcome !== 'observed', decision.outcome === 'refused')
      assert.ok(decision.code === null || decision.code in errorCatalogue)
    })
  })

  test('what changes is what the operations do', () => {
    check((one) => {
      const decision = decide(inputFor(one, one.state))
      if (decision.outcome === 'unchanged' || decision.outcome === 'updated') {
        assert.equal(decision.outcome === 'updated', decision.operations.length > 0)
        assert.equal(decision.operations.length > 0, decision.changes.length > 0)
      }
    })
  })

  test('the last active holder of a privileged role keeps it', () => {
    check((one) => {
      if (one.active !== 1 || one.state === null || one.state.privilegedRoles.length === 0) return
      const decision = decide(inputFor(one, one.state))
      if (decision.outcome === 'created') return
      const after = afterwards(one.state, decision, mine)
      const holds =
        after?.grants.some(({ role }) => role === 'admin') ||
        after?.memberships.some(({ group }) => group === 'g-admins')
      assert.ok(holds || one.state.holds.length > 0)
    })
  })

  test('no role is given that the organization does not have', () => {
    const known = roles.map((role) => role.name)
    check((one) => {
      const after = afterwards(one.state, decide(inputFor(one, one.state)), mine)
      for (const { role } of after?.grants ?? []) assert.ok(known.includes(role))
    })
  })

  test('a settled user is asked the same nothing by any repetition', () => {
    const input = inputOf({ claims: anna, snapshot: { linked: user({ identities: [identity()] }) } })
    const once = afterwards(input.snapshot.linked, decide(input), mine)
    const again = decide({ ...input, snapshot: { ...input.snapshot, linked: once } })
    assert.deepEqual([again.outcome, again.operations], ['unchanged', []])
  })
})

/** The same input in other objects; the resource type is the registry's and is shared. */
function structuredCloneOfInput(input: DecisionInput): DecisionInput {
  const { type, login, ...rest } = input
  const copy = structuredClone(rest)
  return { ...copy, type, login: { ...login, claims: structuredClone({ ...login.claims }) } }
}
