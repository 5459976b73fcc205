import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, verdict, warningCodes } from './house.ts'
import { group, startUsher } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

/** A role `boss` that is privileged, a group `Bosses` that carries it, and a group around which it is nested. */
async function court() {
  const home = await buildHouse(usher, provider)
  const bosses = await home.scim.must('POST', '/Groups', group('Bosses'))
  await home.organization.admin('PUT', '/roles/boss', { privileged: true, groups: [bosses.id] })
  const { id: nested } = await home.scim.must('POST', '/Groups', group('Nested'))
  const { token: key } = await home.organization.admin('POST', '/api-keys', { name: 'k', scopes: ['admin'] })
  const { token: privileged } = await home.organization.admin('POST', '/api-keys', {
    name: 'p',
    scopes: ['admin', 'admin:privileged'],
  })
  const put = (jit: object, token?: string) =>
    home.organization.ask('PUT', `/connections/${home.connection.id}/jit`, jit, token)
  return { ...home, bosses: bosses.id as string, nested: nested as string, key, privileged, put }
}

/** Puts the group `Nested` into `Bosses`, by a client that may. */
async function nest({ organization, bosses, nested }: Awaited<ReturnType<typeof court>>) {
  const { token } = await organization.admin('POST', '/scim-clients', { name: 'trusted', allowPrivileged: true })
  const answer = await usher.call('PATCH', `/scim/v2/${organization.slug}/Groups/${bosses}`, {
    token,
    headers: { 'content-type': 'application/scim+json' },
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: [{ value: nested }] }],
    },
  })
  assert.equal(answer.status, 200, answer.text)
}

const ways = {
  'a role by assign': { roles: { mode: 'assign', assign: ['boss'] } },
  'a role by mapping': { roles: { mode: 'sync', mapping: [{ value: 'v', role: 'boss' }] } },
  'a role by allow': { roles: { mode: 'sync', allow: ['boss'] } },
  'a group that carries it': { groups: { mode: 'sync', mapping: [{ value: 'v', group: 'Bosses' }] } },
  'a group that carries it, by allow': { groups: { mode: 'append', allow: ['Bosses'] } },
  'a group that is nested in one that carries it': { groups: { mode: 'assign', assign: ['Nested'] } },
} as const

describe('f25 G1 a privileged role arrives only by an entry that says allowPrivileged', () => {
  for (const [way, jit] of Object.entries(ways)) {
    it(`f25 G1 G2 ${way} is blocked, and the rest of the login goes on`, async () => {
      const home = await court()
      await nest(home)
      await home.connection.jit(jit)
      const answer = await home.connection.login(home.person('ann', { roles: ['v', 'boss'], groups: ['v', 'Bosses'] }))
      assert.equal(verdict(answer), 'created')
      assert.ok(warningCodes(answer).includes('role_grant_blocked'), answer.text)
      assert.deepEqual(answer.body.roles, ['member'])
      assert.deepEqual(answer.body.groups, [])
    })
  }

  const allowed = {
    roles: { roles: { mode: 'sync', mapping: [{ value: 'v', role: 'boss', allowPrivileged: true }] } },
    groups: { groups: { mode: 'assign', assign: [{ group: 'Bosses', allowPrivileged: true }] } },
  } as const
  for (const [kind, jit] of Object.entries(allowed)) {
    it(`f25 G1 ${kind}: such an entry is saved by the operator or a key for it, else 403; then it grants`, async () => {
      const home = await court()
      const refused = await home.put(jit, home.key)
      assert.equal(refused.status, 403, refused.text)
      assert.match(refused.body.errors[0].path, /allowPrivileged$/)
      assert.equal((await home.put(jit, home.privileged)).status, 200)
      const answer = await home.connection.login(home.person('ann', { roles: ['v'] }))
      assert.deepEqual(answer.body.roles.toSorted(), ['boss', 'member'])
      assert.deepEqual(warningCodes(answer), [])

      const same = await home.put(jit, home.key)
      assert.equal(same.status, 200, 'what is allowed already may be saved again as it is')
      const patched = await home.organization.ask(
        'PATCH',
        `/connections/${home.connection.id}/jit`,
        { [kind]: { claim: 'other' } },
        home.key,
      )
      assert.equal(patched.status, 403, 'another claim would let other people through')
    })
  }

  it('G1 a role that becomes privileged later is checked again', async () => {
    const home = await court()
    await home.organization.admin('PUT', '/roles/later', {})
    await home.connection.jit({ roles: { mode: 'assign', assign: ['later'] } })
    await home.organization.admin('PUT', '/roles/later', { privileged: true })
    const answer = await home.connection.login(home.person('ann'))
    assert.deepEqual([answer.body.roles, warningCodes(answer)], [['member'], ['role_grant_blocked']])
  })

  it('row 108 linking privileged users by a rule needs the right to give privileged roles', async () => {
    const home = await court()
    assert.equal((await home.put({ neverLink: { privileged: false } }, home.key)).status, 403)
    assert.equal((await home.put({ neverLink: { privileged: false } }, home.privileged)).status, 200)
  })
})

describe('f13 G7 the last active holder of a privileged role keeps it', () => {
  const granting = {
    role: { roles: { mode: 'sync', mapping: [{ value: 'v', role: 'boss', allowPrivileged: true }] } },
    group: {
      limits: { removalShare: 1 },
      groups: { mode: 'sync', claim: 'roles', mapping: [{ value: 'v', group: 'Bosses', allowPrivileged: true }] },
    },
  } as const
  for (const [way, jit] of Object.entries(granting)) {
    it(`f13 G7 a login keeps it and warns; with a second holder it is taken (by ${way})`, async () => {
      const home = await court()
      await home.connection.jit(jit)
      const login = (name: string, roles: readonly string[]) => home.connection.login(home.person(name, { roles }))
      const first = await login('ann', ['v'])
      const kept = await login('ann', [])
      assert.deepEqual([verdict(kept), warningCodes(kept)], ['unchanged', ['last_admin_kept']])
      assert.ok(kept.body.roles.includes('boss'))
      await login('bob', ['v'])
      const taken = await login('ann', [])
      assert.deepEqual([verdict(taken), warningCodes(taken)], ['updated', []])
      assert.deepEqual(taken.body.roles, ['member'])
      assert.equal(taken.body.user.id, first.body.user.id)
      assert.deepEqual(warningCodes(await login('bob', [])), ['last_admin_kept'])
    })
  }

  it('f13 G7 a SCIM client or administrator who would take, deactivate or delete the last holder gets 403', async () => {
    const home = await court()
    const { id } = (await home.connection.login(home.person('ann'))).body.user
    await home.organization.admin('PUT', `/users/${id}/roles/boss`)
    const inactive = [{ op: 'replace', path: 'active', value: false }]
    const patch = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: inactive }
    for (const answer of [
      await home.scim.call('DELETE', `/Users/${id}`),
      await home.scim.call('PATCH', `/Users/${id}`, patch),
      await home.organization.ask('POST', `/users/${id}/deactivate`),
      await home.organization.ask('POST', `/users/${id}/suspend`),
      await home.organization.ask('DELETE', `/users/${id}/roles/boss`),
    ]) {
      assert.equal(answer.status, 403, answer.text)
      assert.match(answer.body.detail, /last_admin_kept/)
    }
  })

  it('f13 G7 two logins at once that would each take one of two holders leave one', async () => {
    const home = await court()
    await home.connection.jit(granting.role)
    for (const name of ['ann', 'bob']) await home.connection.login(home.person(name, { roles: ['v'] }))
    const answers = await Promise.all(
      ['ann', 'bob'].map((name) => home.connection.login(home.person(name, { roles: [] }))),
    )
    const holders = answers.filter(({ body }) => body.roles.includes('boss'))
    assert.equal(holders.length, 1)
    assert.equal((await home.users('roles.value eq "boss"')).totalResults, 1)
  })
})
