import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { asOperator, buildHouse, type House, verdict, warningCodes } from './house.ts'
import { group, patchOp, startUsher, type TestConnection, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const provisioning = 'urn:usher:scim:schemas:provisioning:1.0:User'
const methods = ['OVERRIDE_ALL', 'PRESERVE_LOCAL', 'FILL_EMPTY', 'NONE'] as const
type Method = (typeof methods)[number]

/** What becomes of a value `old` under each method; `new` is the claim's, `none` is no value. */
type Row = Readonly<Record<Method, 'old' | 'new' | 'none' | 'default'>>
const always = (value: Row[Method]): Row => ({
  OVERRIDE_ALL: value,
  PRESERVE_LOCAL: value,
  FILL_EMPTY: 'old',
  NONE: 'old',
})

/**
 * One attribute for each situation of a login: its mapping, the claim that the login brings, and what becomes of a
 * value that a source without authority over the login has put there.
 */
const situations: Readonly<Record<string, { mapping: object | null; claim: object; row: Row }>> = {
  title: { mapping: { claim: 'differs' }, claim: { differs: 'new' }, row: always('new') },
  nickName: { mapping: { claim: 'same' }, claim: { same: 'old' }, row: always('old') },
  displayName: { mapping: { claim: 'absent' }, claim: {}, row: { ...always('old'), OVERRIDE_ALL: 'none' } },
  userType: { mapping: { claim: 'null' }, claim: { null: null }, row: { ...always('old'), OVERRIDE_ALL: 'none' } },
  'name.givenName': { mapping: { claim: 'empty' }, claim: { empty: '' }, row: always('none') },
  'name.familyName': { mapping: { claim: 'malformed' }, claim: { malformed: { a: 1 } }, row: always('old') },
  'name.middleName': { mapping: { claim: 'absent', onMissing: 'keep' }, claim: {}, row: always('old') },
  'name.formatted': { mapping: { claim: 'absent', onMissing: 'clear' }, claim: {}, row: always('none') },
  'name.honorificPrefix': {
    mapping: { claim: 'absent', onMissing: 'default', default: 'default' },
    claim: {},
    row: always('default'),
  },
  'name.honorificSuffix': { mapping: null, claim: {}, row: { ...always('old'), OVERRIDE_ALL: 'none' } },
  // an attribute's own `sync` goes before the method
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department': {
    mapping: { claim: 'differs', sync: 'ALWAYS' },
    claim: {},
    row: { OVERRIDE_ALL: 'new', PRESERVE_LOCAL: 'new', FILL_EMPTY: 'new', NONE: 'new' },
  },
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division': {
    mapping: { claim: 'differs', sync: 'IF_EMPTY' },
    claim: {},
    row: { OVERRIDE_ALL: 'old', PRESERVE_LOCAL: 'old', FILL_EMPTY: 'old', NONE: 'old' },
  },
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter': {
    mapping: { claim: 'differs', sync: 'NEVER' },
    claim: {},
    row: { OVERRIDE_ALL: 'old', PRESERVE_LOCAL: 'old', FILL_EMPTY: 'old', NONE: 'old' },
  },
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization': {
    mapping: { claim: 'absent', sync: 'ALWAYS', onMissing: 'clear' },
    claim: {},
    row: { OVERRIDE_ALL: 'none', PRESERVE_LOCAL: 'none', FILL_EMPTY: 'none', NONE: 'none' },
  },
  // left out for its size, which says nothing of the value
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber': {
    mapping: { claim: 'overage', onMissing: 'clear' },
    claim: { _claim_names: { overage: 'elsewhere' } },
    row: always('old'),
  },
}
const paths = Object.keys(situations)
const claims = Object.assign({}, ...Object.values(situations).map(({ claim }) => claim))
const attributes = paths.flatMap((attribute) => {
  const { mapping } = situations[attribute]!
  return mapping === null ? [] : [{ attribute, ...mapping }]
})

/** Writes `old` into every attribute, each source by its own door. */
const owners: Readonly<Record<string, (house: House, id: string, other: TestConnection) => Promise<void>>> = {
  async nobody() {},
  async 'a SCIM client'({ scim }, id) {
    await scim.must('PATCH', `/Users/${id}`, everythingOld)
  },
  async 'an administrator'({ organization }, id) {
    assert.equal((await asOperator(usher, organization, 'PATCH', `/Users/${id}`, everythingOld)).status, 200)
  },
  async 'this connection'({ connection }) {
    await loginWithAll(connection)
  },
  async 'another connection'(_, __, other) {
    await loginWithAll(other)
  },
}
const everythingOld = patchOp(...paths.map((path) => ({ op: 'add', path, value: 'old' })))

async function loginWithAll(connection: TestConnection): Promise<void> {
  await connection.jit({ attributes: paths.map((attribute) => ({ attribute, claim: 'all' })) })
  assert.match(verdict(await connection.login({ sub: 'ann', all: 'old' })), /linked|updated/)
}

/** The literal table, with what the source of the value changes about it. */
function expected(method: Method, owner: string, path: string): string | undefined {
  const { row, mapping } = situations[path]!
  if (owner === 'a SCIM client') return 'old'
  if (owner === 'nobody') return whenEmpty(method, path)
  // what another connection maintains was not added locally
  if (owner === 'another connection' && mapping === null) return 'old'
  return row[method] === 'none' ? undefined : row[method]
}

function whenEmpty(method: Method, path: string): string | undefined {
  const { mapping } = situations[path]!
  const { claim, sync, onMissing } = (mapping ?? {}) as { claim?: string; sync?: string; onMissing?: string }
  const sets = sync === 'NEVER' ? false : sync !== undefined || method !== 'NONE'
  if (!sets) return undefined
  if (claim === 'differs') return 'new'
  if (claim === 'same') return 'old'
  return onMissing === 'default' && method !== 'FILL_EMPTY' ? 'default' : undefined
}

function valueAt(resource: Record<string, never>, path: string): unknown {
  if (!path.startsWith('urn:'))
    return path.split('.').reduce<Record<string, never> | undefined>((v, k) => v?.[k], resource)
  const colon = path.lastIndexOf(':')
  return (resource[path.slice(0, colon)] as Record<string, unknown> | undefined)?.[path.slice(colon + 1)]
}

async function linkedUser() {
  const house = await buildHouse(usher, provider, { jit: { attributes: [] } })
  const other = await house.organization.connection(provider, { jit: { attributes: [] } })
  const { id } = await house.scim.must('POST', '/Users', user(house.email('ann'), { externalId: 'ann' }))
  assert.equal(verdict(await house.connection.login({ sub: 'ann' })), 'linked')
  return { house, other, id }
}

describe('SYNC the table of the sync methods, for a user who is linked already', () => {
  for (const attributeSyncMethod of methods) {
    for (const owner of Object.keys(owners)) {
      it(`SYNC A10 f4 ${attributeSyncMethod} over values of ${owner}`, async () => {
        const { house, other, id } = await linkedUser()
        await owners[owner]!(house, id, other)
        await house.connection.jit({ attributeSyncMethod, attributes })
        const before = await house.user(id)
        const answer = await house.connection.login({ sub: 'ann', email: 'other@elsewhere.example', ...claims })
        const after = await house.user(id)
        const found = Object.fromEntries(paths.map((path) => [path, valueAt(after, path)]))
        const wanted = Object.fromEntries(paths.map((path) => [path, expected(attributeSyncMethod, owner, path)]))
        assert.deepEqual(found, wanted)

        for (const name of ['id', 'userName', 'active', 'externalId', 'groups']) {
          assert.deepEqual(after[name], before[name], name)
        }
        const same = before.meta.version === after.meta.version
        assert.equal(verdict(answer), same ? 'unchanged' : 'updated')
        const locked = warningCodes(answer).filter((code) => code === 'attribute_locked_by_scim').length
        const wouldChange = paths.filter((path) => {
          const { mapping, row } = situations[path]!
          return mapping !== null && row[attributeSyncMethod] !== 'old'
        })
        assert.equal(locked, owner === 'a SCIM client' ? wouldChange.length : 0)
        assert.ok(warningCodes(answer).includes('claim_malformed'))
      })
    }
  }

  it('A12 f6 a PUT that omits what was set destroys nothing at the next login, and none after it', async () => {
    const { house, id } = await linkedUser()
    await owners['an administrator']!(house, id, house.connection)
    const { id: team } = await house.scim.must('POST', '/Groups', group('Team'))
    await house.organization.admin('PUT', '/roles/lead', {})
    const groups = { mode: 'sync', claim: 'teams', mapping: [{ value: 'team', group: team }] }
    const roles = { mode: 'sync', claim: 'teams', mapping: [{ value: 'team', role: 'lead' }] }
    const mapping = [{ attribute: 'profileUrl', claim: 'profile' }]
    await house.connection.jit({
      attributeSyncMethod: 'OVERRIDE_ALL',
      attributes: [...attributes, ...mapping],
      groups,
      roles,
    })
    await house.connection.login({ sub: 'ann', profile: 'https://ann.example', teams: ['team'] })
    const before = await house.user(id)
    assert.deepEqual([before.profileUrl, before.groups?.length, before.roles?.length], ['https://ann.example', 1, 2])
    for (const body of [{ mode: 'on' }, {}, { attributes: mapping }, { groups: { mode: 'none' } }]) {
      await house.connection.jit(body)
      assert.equal(verdict(await house.connection.login({ sub: 'ann' })), 'unchanged', JSON.stringify(body))
      const after = await house.user(id)
      assert.deepEqual({ ...after, [provisioning]: null }, { ...before, [provisioning]: null })
    }
  })

  it('A1 at creation every mapped attribute is written whatever the method; its own NEVER excepted', async () => {
    for (const attributeSyncMethod of methods) {
      const { connection, person } = await buildHouse(usher, provider, { jit: { attributeSyncMethod, attributes } })
      const { body } = await connection.login(person('ann', { ...claims, malformed: 'fine' }))
      assert.equal(body.outcome, 'created')
      assert.equal(body.user.title, 'new')
      assert.equal(body.user.nickName, 'old')
      assert.equal(body.user.name.honorificPrefix, 'default')
      assert.equal(body.user.name.familyName, 'fine')
      assert.deepEqual(body.user['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'], {
        department: 'new',
        division: 'new',
      })
    }
  })
})
