import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Source } from '../../src/context.ts'
import type { Decision } from '../../src/provisioning/types.ts'
import { decided, earlier, linked, mine, now, warningCodes } from './scenario.ts'

const methods = ['OVERRIDE_ALL', 'PRESERVE_LOCAL', 'FILL_EMPTY', 'NONE'] as const
const owners: readonly (Source | 'nobody')[] = ['nobody', mine, 'login:other', 'admin:key', 'self', 'scim:hr']
const authorities = ['scim', 'login', 'last_write'] as const
const syncs = [undefined, 'ALWAYS', 'IF_EMPTY', 'ON_CREATE', 'NEVER'] as const
const missings = [undefined, 'keep', 'clear', 'default'] as const

type Method = (typeof methods)[number]
type ClaimCase = 'differs' | 'equal' | 'absent' | 'null' | 'empty' | 'malformed' | 'overage'
const claimCases: Readonly<Record<ClaimCase, object>> = {
  differs: { title: 'Director' },
  equal: { title: 'Clerk' },
  absent: {},
  null: { title: null },
  empty: { title: '' },
  malformed: { title: { en: 'Director' } },
  overage: { _claim_names: { title: 'elsewhere' } },
}

interface Row {
  readonly method: Method
  readonly sync: (typeof syncs)[number]
  readonly onMissing: (typeof missings)[number]
  readonly authority: (typeof authorities)[number]
  readonly claim: ClaimCase
  readonly owner: Source | 'nobody'
  /** The login's `iat` against the time of the stored value. */
  readonly loginIs: 'newer' | 'older'
}

/** The table, read off line by line: the value of the title after the login if no SCIM client had a say. */
function wished({ method, sync, onMissing, claim, owner }: Row): string | undefined {
  const stored = owner === 'nobody' ? undefined : 'Clerk'
  const column =
    sync ?? { OVERRIDE_ALL: 'ALWAYS', PRESERVE_LOCAL: 'ALWAYS', FILL_EMPTY: 'IF_EMPTY', NONE: 'NEVER' }[method]
  if (column === 'NEVER' || column === 'ON_CREATE' || claim === 'malformed' || claim === 'overage') return stored
  const applies = column === 'ALWAYS' || stored === undefined
  if (!applies) return stored
  if (claim === 'differs') return 'Director'
  if (claim === 'equal') return 'Clerk'
  if (claim === 'empty') return undefined
  // missing: onMissing, which under FILL_EMPTY and NONE needs a sync of the attribute's own
  if (sync === undefined && (method === 'FILL_EMPTY' || method === 'NONE')) return stored
  const policy = onMissing ?? (method === 'OVERRIDE_ALL' ? 'clear' : 'keep')
  if (policy === 'default') return 'Visitor'
  return policy === 'clear' ? undefined : stored
}

function decideRow(row: Row): Decision {
  const mapping = {
    attribute: 'title',
    claim: 'title',
    ...(row.sync === undefined ? {} : { sync: row.sync }),
    ...(row.onMissing === undefined ? {} : { onMissing: row.onMissing }),
    ...(row.onMissing === 'default' ? { default: 'Visitor' } : {}),
  }
  const resource = { userName: 'anna', ...(row.owner === 'nobody' ? {} : { title: 'Clerk' }) }
  return decided({
    jit: { attributeSyncMethod: row.method, authority: row.authority, attributes: [mapping] },
    claims: { sub: 'anna-sub', ...claimCases[row.claim] },
    issuedAt: row.loginIs === 'newer' ? now : new Date(earlier.getTime() - 1000),
    snapshot: linked({ resource, writer: row.owner === 'nobody' ? mine : row.owner }),
  })
}

function titleAfter(decision: Decision, before: string | undefined): unknown {
  const change = decision.changes.find(({ path }) => path === 'title')
  return change === undefined ? before : (change.after ?? undefined)
}

function* rows(): Generator<Row> {
  for (const method of methods)
    for (const sync of syncs)
      for (const onMissing of missings)
        for (const authority of authorities)
          for (const claim of Object.keys(claimCases) as ClaimCase[])
            for (const owner of owners)
              for (const loginIs of ['newer', 'older'] as const)
                yield { method, sync, onMissing, authority, claim, owner, loginIs }
}

describe('SYNC attributes of a linked user follow method, sync, onMissing and authority', () => {
  for (const method of methods) {
    test(`${method}: every claim case against every owner of the stored value`, () => {
      for (const row of rows()) {
        if (row.method !== method) continue
        const stored = row.owner === 'nobody' ? undefined : 'Clerk'
        const wish = wished(row)
        const scimHolds =
          row.owner === 'scim:hr' &&
          (row.authority === 'scim' || (row.authority === 'last_write' && row.loginIs === 'older'))
        const decision = decideRow(row)
        const name = JSON.stringify(row)
        assert.equal(titleAfter(decision, stored), scimHolds ? stored : wish, name)
        assert.equal(warningCodes(decision).includes('attribute_locked_by_scim'), scimHolds && wish !== stored, name)
        assert.deepEqual(
          decision.effects?.shadowed,
          scimHolds && wish !== stored ? [{ path: 'title', value: wish ?? null }] : [],
          name,
        )
        assert.equal(warningCodes(decision).includes('claim_malformed'), row.claim === 'malformed', name)
        assert.equal(decision.outcome, decision.changes.length === 0 ? 'unchanged' : 'updated', name)
        assert.equal(decision.operations.length, decision.changes.length, name)
      }
    })
  }
})

describe('SYNC what was added locally and is not mapped', () => {
  const local = { userName: 'anna', nickName: 'Annie', name: { familyName: 'Ahl' } }
  const cases: readonly (readonly [Method, Source, 'scim' | 'login', boolean])[] = [
    ['OVERRIDE_ALL', 'admin:key', 'scim', true],
    ['OVERRIDE_ALL', 'self', 'scim', true],
    ['OVERRIDE_ALL', mine, 'scim', true],
    ['OVERRIDE_ALL', 'scim:hr', 'scim', false],
    ['OVERRIDE_ALL', 'scim:hr', 'login', true],
    ['OVERRIDE_ALL', 'login:other', 'scim', false],
    ['PRESERVE_LOCAL', 'admin:key', 'scim', false],
    ['FILL_EMPTY', 'admin:key', 'scim', false],
    ['NONE', 'admin:key', 'scim', false],
  ]
  for (const [attributeSyncMethod, writer, authority, cleared] of cases) {
    test(`${attributeSyncMethod}, by ${writer}, authority ${authority}: ${cleared ? 'cleared' : 'untouched'}`, () => {
      const decision = decided({
        jit: {
          attributeSyncMethod,
          authority,
          attributes: [{ attribute: 'title', claim: 'title', onMissing: 'keep' }],
        },
        snapshot: linked({ resource: local, writer }),
      })
      const gone = decision.changes.map(({ path, after }) => [path, after])
      assert.deepEqual(
        gone,
        cleared
          ? [
              ['name.familyName', null],
              ['nickName', null],
            ]
          : [],
      )
    })
  }

  test('OVERRIDE_ALL clears the values of a type that no mapping names, and never the user name', () => {
    const decision = decided({
      jit: {
        attributeSyncMethod: 'OVERRIDE_ALL',
        attributes: [{ attribute: 'emails[type eq "work"].value', claim: 'email' }],
      },
      snapshot: linked({
        resource: {
          userName: 'somebody-else',
          emails: [
            { value: 'anna@acme.example', display: 'Work', type: 'work', primary: true },
            { value: 'anna@home.example', type: 'home' },
            { value: 'bare@home.example' },
          ],
        },
      }),
    })
    assert.deepEqual(
      decision.changes.map(({ path }) => path),
      ['emails[type eq "home"]', 'emails'],
    )
  })
})

describe('SYNC several providers', () => {
  test('two mappings onto one address are shadowed together where SCIM has authority', () => {
    const decision = decided({
      jit: {
        attributes: [
          { attribute: 'addresses[type eq "work"].locality', claim: 'address.locality' },
          { attribute: 'addresses[type eq "work"].country', claim: 'address.country' },
        ],
      },
      claims: { sub: 'anna-sub', address: { locality: 'Lund', country: 'SE' } },
      snapshot: linked({
        resource: { userName: 'anna', addresses: [{ locality: 'Malmö', type: 'work' }] },
        writer: 'scim:hr',
      }),
    })
    assert.equal(decision.outcome, 'unchanged')
    assert.deepEqual(decision.effects?.shadowed, [
      { path: 'addresses[type eq "work"]', value: [{ locality: 'Lund', country: 'SE', type: 'work' }] },
    ])
  })

  test('an attribute has an authority of its own', () => {
    const decision = decided({
      jit: { attributes: [{ attribute: 'title', claim: 'title', authority: 'login' }] },
      claims: { sub: 'anna-sub', title: 'Director' },
      snapshot: linked({ resource: { userName: 'anna', title: 'Clerk' }, writer: 'scim:hr' }),
    })
    assert.equal(decision.outcome, 'updated')
    assert.deepEqual(decision.warnings, [])
  })

  test('externalId and userName are never changed by a later login', () => {
    const decision = decided({
      jit: { attributeSyncMethod: 'OVERRIDE_ALL', attributes: [{ attribute: 'externalId', claim: 'oid' }] },
      claims: { sub: 'anna-sub', email: 'new@acme.example', oid: 'other' },
      snapshot: linked({ resource: { userName: 'anna' }, externalIds: [{ client: 'login:contoso', value: 'old' }] }),
    })
    assert.equal(decision.outcome, 'unchanged')
    assert.equal(decision.effects?.externalId, null)
  })
})
