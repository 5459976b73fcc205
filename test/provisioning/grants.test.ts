import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Source } from '../../src/context.ts'
import { anna, decided, earlier, found, linked, mine, stepOf, user, warningCodes } from './scenario.ts'

const entry = (source: Source) => ({ source, at: earlier })
const member = (group: string, ...sources: Source[]) => ({ group, display: group, sources: sources.map(entry) })
const grant = (role: string, ...sources: Source[]) => ({ role, sources: sources.map(entry) })
const mapping = [
  { value: 'sales', group: 'g-sales' },
  { value: 'tech', group: 'g-tech' },
]
const quiet = { attributeSyncMethod: 'NONE' }
const sync = { ...quiet, groups: { mode: 'sync', claim: 'groups', mapping } }
const withGroups = (groups: unknown) => ({ ...anna, groups })
const operationsOf = (scenario: Parameters<typeof decided>[0]) =>
  decided(scenario).operations.map(({ path, data }) => [
    path,
    (data.Operations as { op: string }[] | undefined)?.map(({ op }) => op),
  ])

describe('groups', () => {
  test('a new user is named by the bulkId', () => {
    const decision = decided({ jit: sync, claims: withGroups(['tech', 'sales', 'tech']) })
    assert.deepEqual(
      decision.operations.slice(1).map(({ path, data }) => [path, data.Operations]),
      ['g-sales', 'g-tech'].map((group) => [
        `/Groups/${group}`,
        [{ op: 'add', path: 'members', value: [{ value: 'bulkId:user' }] }],
      ]),
    )
  })

  test('G6, f6 sync takes all that this connection gave, by whichever version, and nothing that others gave', () => {
    const memberships = [member('g-sales', mine, 'scim:hr'), member('g-tech', 'admin:key'), member('g-former', mine)]
    const decision = decided({ jit: sync, claims: withGroups([]), snapshot: linked({ memberships }) })
    assert.deepEqual(
      decision.operations,
      ['g-former', 'g-sales'].map((group) => ({
        method: 'PATCH',
        path: `/Groups/${group}`,
        data: {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'remove', path: 'members[value eq "user-anna"]' }],
        },
      })),
    )
  })

  for (const [name, groups, code] of [
    ['missing', undefined, 'groups_claim_missing'],
    ['null', null, 'groups_claim_missing'],
    ['row 118: objects', [{ id: 'sales' }], 'claim_malformed'],
    [
      'row 118: more than can be trusted to be complete',
      Array.from({ length: 5000 }, (_, index) => `g${index}`),
      'groups_overage',
    ],
  ] as const) {
    test(`G5 a claim that is ${name} changes nothing and warns ${code}`, () => {
      const decision = decided({
        jit: sync,
        claims: withGroups(groups),
        snapshot: linked({ memberships: [member('g-sales', mine)] }),
      })
      assert.deepEqual([decision.outcome, warningCodes(decision)], ['unchanged', [code]])
    })
  }

  test('G5, row 118: an overage marker changes nothing and warns groups_overage', () => {
    const { groups: _, ...claims } = withGroups([])
    for (const marker of [{ _claim_names: { groups: 'src1' } }, { hasgroups: true }]) {
      const decision = decided({
        jit: sync,
        claims: { ...claims, ...marker },
        snapshot: linked({ memberships: [member('g-sales', mine)] }),
      })
      assert.deepEqual([decision.outcome, warningCodes(decision)], ['unchanged', ['groups_overage']])
    }
  })

  test('row 119: an empty list takes what this connection gave; so does onMissing clear without the claim', () => {
    const snapshot = linked({ memberships: [member('g-sales', mine)] })
    assert.deepEqual(operationsOf({ jit: sync, claims: withGroups([]), snapshot }), [['/Groups/g-sales', ['remove']]])
    const clear = { ...sync, groups: { ...sync.groups, onMissing: 'clear' } }
    assert.deepEqual(operationsOf({ jit: clear, snapshot }), [['/Groups/g-sales', ['remove']]])
    const overage = { ...anna, hasgroups: true }
    assert.deepEqual(operationsOf({ jit: clear, claims: overage, snapshot }), [])
  })

  test('append gives and never takes; assign gives always the same; none does nothing', () => {
    const snapshot = linked({ memberships: [member('g-sales', mine)] })
    const append = { ...quiet, groups: { mode: 'append', claim: 'groups', mapping } }
    assert.deepEqual(operationsOf({ jit: append, claims: withGroups('tech'), snapshot }), [['/Groups/g-tech', ['add']]])
    const assign = { ...quiet, groups: { mode: 'assign', assign: ['g-tech', { group: 'g-sales' }] } }
    assert.deepEqual(operationsOf({ jit: assign, snapshot }), [['/Groups/g-tech', ['add']]])
    assert.deepEqual(operationsOf({ jit: quiet, claims: withGroups([]), snapshot }), [])
  })

  test('G3 a value without a mapping grants nothing; allow grants by id or displayName', () => {
    const jit = { ...quiet, groups: { mode: 'sync', claim: 'groups', allow: ['g-tech', 'g-sales'] } }
    const decision = decided({
      jit,
      claims: withGroups(['Engineering', 'g-sales', 'engineering', 'Admins']),
      snapshot: linked(),
    })
    assert.deepEqual(
      decision.operations.map(({ path }) => path),
      ['/Groups/g-sales', '/Groups/g-tech'],
    )
    assert.deepEqual(warningCodes(decision), ['group_unmapped'])
    assert.match(decision.warnings[0]?.detail ?? '', /"engineering", "Admins"/)
  })

  test('G16 all matching mappings apply', () => {
    const both = [...mapping, { value: 'sales', group: 'g-tech' }]
    const jit = { ...quiet, groups: { mode: 'sync', claim: 'groups', mapping: both } }
    assert.equal(decided({ jit, claims: withGroups(['sales']), snapshot: linked() }).operations.length, 2)
  })

  test('G15 a first link adds only this connection’s own set', () => {
    const existing = user({
      externalIds: [{ client: 'hr', value: 'anna-sub' }],
      memberships: [member('g-sales', 'login:other'), member('g-tech', 'scim:hr')],
    })
    const decision = decided({ jit: sync, claims: withGroups(['tech']), snapshot: found(0, existing) })
    assert.equal(decision.outcome, 'linked')
    assert.deepEqual(
      decision.operations.map(({ path }) => path),
      ['/Groups/g-tech'],
    )
  })

  test('G1 a group that carries a privileged role needs an entry with allowPrivileged', () => {
    const admins = { value: 'admins', group: 'g-admins' }
    const jit = (entries: unknown) => ({ ...quiet, groups: { mode: 'sync', claim: 'groups', mapping: entries } })
    const claims = withGroups(['admins', 'sales'])
    const blocked = decided({ jit: jit([...mapping, admins]), claims, snapshot: linked() })
    assert.deepEqual(warningCodes(blocked), ['role_grant_blocked'])
    assert.deepEqual(
      blocked.operations.map(({ path }) => path),
      ['/Groups/g-sales'],
      'the rest of the login goes on',
    )
    const allowed = decided({
      jit: jit([{ ...admins, allowPrivileged: true }]),
      claims: withGroups(['admins']),
      snapshot: linked(),
    })
    assert.deepEqual(warningCodes(allowed), [])
    assert.equal(allowed.operations[0]?.path, '/Groups/g-admins')
    const byAllow = { ...quiet, groups: { mode: 'sync', claim: 'groups', allow: ['g-admins'] } }
    assert.deepEqual(warningCodes(decided({ jit: byAllow, claims: withGroups(['Admins']), snapshot: linked() })), [
      'role_grant_blocked',
    ])
  })

  test('a group that is gone is reported', () => {
    const jit = { ...quiet, groups: { mode: 'assign', assign: ['g-gone'] } }
    assert.deepEqual(warningCodes(decided({ jit, snapshot: linked() })), ['group_unmapped'])
  })
})

describe('O2, f11 removals beyond the share are held', () => {
  const heldWith = (given: number, removed: number, limits?: object) => {
    const decision = decided({
      jit: { ...sync, ...(limits === undefined ? {} : { limits }) },
      claims: withGroups([]),
      snapshot: {
        ...linked({ memberships: [member('g-sales', mine)] }),
        removals: [{ group: 'g-sales', given, removed }],
      },
    })
    const held = decision.effects?.heldRemovals.length === 1
    assert.equal(warningCodes(decision).includes('removal_held'), held)
    assert.equal(decision.outcome, held ? 'unchanged' : 'updated')
    return held
  }

  test('a quarter of the members by default', () => {
    assert.equal(heldWith(20, 4), false)
    assert.equal(heldWith(20, 5), true)
  })

  test('small groups are exempt, unless the share is zero', () => {
    assert.equal(heldWith(19, 18), false)
    assert.equal(heldWith(1, 0, { removalShare: 0 }), true)
    assert.equal(heldWith(40, 39, { removalShare: 1 }), false)
  })
})

describe('roles', () => {
  const roleSync = (entries: unknown) => ({ ...quiet, roles: { mode: 'sync', claim: 'roles', mapping: entries } })
  const claims = { ...anna, roles: ['boss'] }

  test('roles of a new user are values of the POST', () => {
    const decision = decided({ jit: roleSync([{ value: 'boss', role: 'manager' }]), claims })
    assert.deepEqual(decision.operations[0]?.data.roles, [{ value: 'manager' }])
  })

  test('roles of an existing user are added and taken one by one', () => {
    const jit = roleSync([
      { value: 'boss', role: 'manager' },
      { value: 'x', role: 'member' },
    ])
    const decision = decided({ jit, claims, snapshot: linked({ grants: [grant('member', mine, 'scim:hr')] }) })
    assert.deepEqual(decision.operations[0]?.data.Operations, [
      { op: 'add', path: 'roles', value: [{ value: 'manager' }] },
      { op: 'remove', path: 'roles[value eq "member"]' },
    ])
  })

  test('G1, f25 a privileged role needs allowPrivileged, and is taken when it is no longer allowed', () => {
    const entry = { value: 'boss', role: 'admin' }
    const blocked = decided({ jit: roleSync([entry]), claims, snapshot: linked() })
    assert.deepEqual([blocked.outcome, warningCodes(blocked)], ['unchanged', ['role_grant_blocked']])
    const allowed = decided({ jit: roleSync([{ ...entry, allowPrivileged: true }]), claims, snapshot: linked() })
    assert.deepEqual([allowed.outcome, warningCodes(allowed)], ['updated', []])
    const holder = linked({ grants: [grant('admin', mine)], privilegedRoles: ['admin'] })
    const later = decided({
      jit: roleSync([entry]),
      claims,
      snapshot: { ...holder, privilegedHolders: [{ role: 'admin', active: 2 }] },
    })
    assert.deepEqual(later.operations[0]?.data.Operations, [{ op: 'remove', path: 'roles[value eq "admin"]' }])
  })

  test('an unknown value and a role that is gone are reported', () => {
    const decision = decided({
      jit: roleSync([{ value: 'boss', role: 'gone' }]),
      claims: { ...anna, roles: ['boss', 'x'] },
      snapshot: linked(),
    })
    assert.deepEqual(warningCodes(decision), ['role_unmapped'])
  })

  test('A31 the missing default role is reported where it concerns the person', () => {
    const organization = { id: 'org', slug: 'acme', defaultRole: null, seatLimit: null, seatsUsed: 0 }
    const codes = (over: object) => warningCodes(decided({ snapshot: { organization, ...over } }))
    assert.deepEqual(codes({}), ['default_role_missing'])
    assert.deepEqual(codes(linked()), ['default_role_missing'])
    assert.deepEqual(codes(linked({ grants: [grant('member', 'admin:key')] })), [])
    assert.deepEqual(codes(linked({ allGroups: ['g-admins'] })), [])
  })
})

describe('G7, f13 the last active holder of a privileged role keeps it', () => {
  const jit = {
    ...quiet,
    roles: { mode: 'sync', claim: 'roles', mapping: [{ value: 'root', role: 'admin', allowPrivileged: true }] },
    groups: { mode: 'sync', claim: 'groups', mapping: [{ value: 'root', group: 'g-admins', allowPrivileged: true }] },
  }
  const claims = { ...anna, roles: [], groups: [] }
  const run = (parts: object, active: number) =>
    decided({
      jit,
      claims,
      snapshot: { ...linked({ privilegedRoles: ['admin'], ...parts }), privilegedHolders: [{ role: 'admin', active }] },
    })

  test('as a role, and as a membership', () => {
    for (const parts of [{ grants: [grant('admin', mine)] }, { memberships: [member('g-admins', mine)] }]) {
      const last = run(parts, 1)
      assert.deepEqual([last.outcome, warningCodes(last)], ['unchanged', ['last_admin_kept']])
      const oneOfTwo = run(parts, 2)
      assert.deepEqual([oneOfTwo.outcome, warningCodes(oneOfTwo)], ['updated', []])
    }
  })

  test('one of two ways may go, not both', () => {
    const decision = run({ grants: [grant('admin', mine)], memberships: [member('g-admins', mine)] }, 1)
    assert.deepEqual(
      decision.operations.map(({ path }) => path),
      ['/Groups/g-admins'],
    )
    assert.equal(stepOf(decision, 'roles')?.code, 'last_admin_kept')
  })

  test('what another source gives as well may go', () => {
    assert.deepEqual(warningCodes(run({ grants: [grant('admin', mine, 'admin:operator')] }, 1)), [])
  })
})
