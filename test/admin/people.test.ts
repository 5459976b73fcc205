/** The admin API on the whole of Usher: what administrators see of people, logins and changes. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type ScimClient, startUsher, user } from '../blackbox/usher.ts'
import { TestProvider } from '../provider/test-provider.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

async function house(settings: Readonly<Record<string, unknown>> = {}) {
  const organization = await usher.organization()
  const connection = await organization.connection(provider, settings)
  const claims = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
    sub: name,
    email: `${name}@${organization.domain}`,
    email_verified: true,
    given_name: name,
    ...more,
  })
  return { organization, connection, claims }
}

async function waitForJob(job: string): Promise<{ readonly state: string; readonly progress: unknown }> {
  for (let attempt = 0; attempt < 1_200; attempt += 1) {
    const seen = await usher.admin('GET', `/jobs/${job}`)
    if (seen.state === 'done' || seen.state === 'failed') return seen
    await setTimeout(50)
  }
  throw new Error('the job does not end')
}

/** Active users, by the part of their names before the domain. */
async function names(scim: ScimClient): Promise<readonly string[]> {
  const { Resources = [] } = await scim.must('GET', '/Users')
  return Resources.filter((each: { active: boolean }) => each.active)
    .map((each: { userName: string }) => each.userName.split('@')[0])
    .sort()
}

describe('the administrator of an organization', () => {
  it('A4 A33 D6 G14 manages its domains, connections and settings alone, those of no other, and nobody with less does', async () => {
    const [{ organization, connection }, other] = [await house(), await house()]
    const keyWith = async (scope: string) =>
      (await organization.admin('POST', '/api-keys', { name: scope, scopes: [scope] })) as { id: string; token: string }
    const [admin, read, logins] = [await keyWith('admin'), await keyWith('read'), await keyWith('logins')]
    const { issuer } = provider
    const connect = { name: 'mine', type: 'oidc', issuer, clientId: 'usher', clientSecret: 'x' }
    const settings = { mode: 'link', attributeSyncMethod: 'FILL_EMPTY' }
    const calls = (id: string) =>
      [
        ['POST', '/domains', { domain: `more.${organization.domain}` }],
        ['POST', '/connections', connect],
        ['PATCH', `/connections/${id}/jit`, settings],
        ['PUT', '/roles/helper', {}],
      ] as const
    for (const [method, path, body] of calls(connection.id)) {
      for (const { token } of [read, logins]) {
        assert.equal((await organization.ask(method, path, body, token)).status, 403, path)
      }
      const done = await organization.ask(method, path, body, admin.token)
      assert.ok([200, 201].includes(done.status), done.text)
    }
    for (const [method, path, body] of calls(other.connection.id)) {
      assert.equal((await other.organization.ask(method, path, body, admin.token)).status, 404, path)
    }
    const { items } = await organization.admin('GET', `/connections/${connection.id}/jit/versions`)
    assert.deepEqual(
      items.map(({ actor }: { actor: string }) => actor),
      [`admin:${admin.id}`, 'admin:operator'],
    )
    assert.equal((await organization.ask('PUT', '/connections/nobody/jit', settings)).status, 404)
  })
})

describe('grants by hand and life cycle', () => {
  it('a role granted by hand is shown with its source and can be taken back', async () => {
    const { organization, connection, claims } = await house()
    await organization.admin('PUT', '/roles/lead', {})
    const { id } = (await connection.login(claims('ann'))).body.user
    const granted = await organization.admin('PUT', `/users/${id}/roles/lead`)
    assert.deepEqual(granted.roles.map((role: { value: string }) => role.value).sort(), ['lead', 'member'])
    const { roles } = await organization.admin('GET', `/users/${id}/provenance`)
    assert.deepEqual(
      roles.find((role: { value: string }) => role.value === 'lead'),
      { value: 'lead', sources: ['admin:operator'] },
    )
    await organization.admin('DELETE', `/users/${id}/roles/lead`)
    assert.equal((await organization.ask('PUT', `/users/${id}/roles/nobody`)).status, 404)
    assert.equal((await organization.ask('PUT', `/users/nobody/roles/lead`)).status, 404)
  })

  it('a privileged role needs a key for it, and its last active holder keeps it', async () => {
    const { organization, connection, claims } = await house()
    await organization.admin('PUT', '/roles/boss', { privileged: true })
    const { token } = await organization.admin('POST', '/api-keys', { name: 'ops', scopes: ['admin'] })
    const { id } = (await connection.login(claims('ann'))).body.user
    const refused = await organization.ask('PUT', `/users/${id}/roles/boss`, undefined, token)
    assert.deepEqual([refused.status, refused.body.code], [403, 'privileged_grant_refused'])
    await organization.admin('PUT', `/users/${id}/roles/boss`)
    for (const [method, path] of [
      ['DELETE', `/users/${id}/roles/boss`],
      ['POST', `/users/${id}/deactivate`],
    ] as const) {
      const kept = await organization.ask(method, path)
      assert.deepEqual([kept.status, kept.body.code], [403, 'last_admin_kept'])
      assert.match(kept.body.detail, /last_admin_kept/)
    }
  })

  it('A24 suspend, deactivate, activate, lock and unlock decide about the next login', async () => {
    const { organization, connection, claims } = await house()
    const { id } = (await connection.login(claims('ann'))).body.user
    const act = (action: string) => organization.admin('POST', `/users/${id}/${action}`)
    const code = async () => (await connection.login(claims('ann'))).body.code
    for (const [action, back, refusal, active] of [
      ['suspend', 'activate', 'user_suspended', false],
      ['deactivate', 'activate', 'user_deactivated_by_admin', false],
      ['lock', 'unlock', 'user_locked', true],
    ] as const) {
      assert.equal((await act(action)).active, active)
      assert.equal(await code(), refusal)
      assert.equal((await act(back)).active, true)
      assert.equal(await code(), undefined)
    }
  })

  it('f14 a link that is cut, and a deleted user, keep the person out until an administrator says otherwise', async () => {
    const { organization, connection, claims } = await house()
    const first = (await connection.login(claims('ann'))).body.user
    const { identities } = await organization.admin('GET', `/users/${first.id}/provenance`)
    const link = `/users/${first.id}/identities/${identities[0].id}`
    assert.equal((await organization.ask('DELETE', `${link}?bar=true`)).status, 204)
    assert.equal((await connection.login(claims('ann'))).body.code, 'link_removed')
    assert.equal((await organization.ask('DELETE', `${link}/bar`)).status, 204)
    assert.equal((await connection.login(claims('ann'))).body.outcome, 'linked')
    const scim = await organization.scimClient()
    assert.equal((await scim.call('DELETE', `/Users/${first.id}`)).status, 204)
    assert.equal((await connection.login(claims('ann'))).body.code, 'user_deleted')
    const { items } = await organization.admin('GET', '/tombstones')
    assert.equal(items.length, 1)
    await organization.admin('DELETE', `/tombstones/${items[0].id}`)
    const again = await connection.login(claims('ann'))
    assert.equal(again.body.outcome, 'created', again.text)
    assert.notEqual(again.body.user.id, first.id)
  })
})

describe('seats', () => {
  it('f21 hold for logins, SCIM and reactivation', async () => {
    const { organization, connection, claims } = await house()
    const scim = await organization.scimClient()
    const first = (await connection.login(claims('ann'))).body.user
    await organization.admin('PATCH', '', { seatLimit: 1 })
    assert.equal((await connection.login(claims('bob'))).body.code, 'seat_limit_reached')
    const pushed = await scim.call('POST', '/Users', user(`bob@${organization.domain}`))
    assert.equal(pushed.status, 403)
    assert.match(pushed.body.detail, /seat_limit_reached/)
    await organization.admin('POST', `/users/${first.id}/deactivate`)
    assert.equal((await connection.login(claims('bob'))).body.outcome, 'created')
    const back = await organization.ask('POST', `/users/${first.id}/activate`)
    assert.deepEqual([back.status, back.body.code], [403, 'seat_limit_reached'])
    await organization.admin('PATCH', '', { seatLimit: null })
    await organization.admin('POST', `/users/${first.id}/activate`)
    await organization.admin('PATCH', '', { seatLimit: 2 })
    assert.equal((await connection.login(claims('eve'))).body.code, 'seat_limit_reached')
  })
})

describe('decisions and simulations', () => {
  it('P-13 a simulation shows what the login then does, and writes nothing', async () => {
    const { organization, connection, claims } = await house()
    const scim = await organization.scimClient()
    const body = { claims: claims('ann') }
    const simulated = await organization.admin('POST', `/connections/${connection.id}/simulations`, body)
    assert.deepEqual(await names(scim), [])
    assert.deepEqual((await organization.admin('GET', '/decisions')).items, [])
    const login = await connection.login(body.claims)
    const recorded = await organization.admin('GET', `/decisions/${login.body.decisionId}`)
    for (const member of ['outcome', 'subject', 'steps', 'changes', 'warnings', 'connection', 'configVersion']) {
      assert.deepEqual(simulated[member], recorded[member], member)
    }
    assert.deepEqual(
      simulated.operations.map(({ method, path, data }: Record<string, unknown>) => ({ method, path, data })),
      recorded.operations.map(({ method, path, data }: Record<string, unknown>) => ({ method, path, data })),
    )
    assert.equal(simulated.simulated, true)
  })

  it('a recorded login and a signed token are simulated against a draft', async () => {
    const { organization, connection, claims } = await house()
    const { decisionId } = (await connection.login(claims('ann', { nickname: 'x', favourite: 'tea' }))).body
    const simulate = (body: object) => organization.admin('POST', `/connections/${connection.id}/simulations`, body)
    const jit = { mode: 'off', whenOff: 'refuse' }
    assert.equal((await simulate({ decisionId })).outcome, 'unchanged')
    assert.ok((await simulate({ decisionId, jit })).unknownClaims.includes('favourite'))
    const idToken = await connection.token(claims('bob'))
    assert.equal((await simulate({ idToken })).outcome, 'created')
    assert.equal((await simulate({ idToken, jit })).code, 'jit_disabled')
    const forged = await organization.ask('POST', `/connections/${connection.id}/simulations`, {
      idToken: `${idToken}x`,
    })
    assert.deepEqual([forged.status, forged.body.code], [400, 'token_invalid'])
  })

  it('f8 a preview counts who would change and who would lose what', async () => {
    const { organization, connection, claims } = await house()
    await organization.admin('PUT', '/roles/lead', {})
    const roles = { mode: 'sync', claim: 'roles', mapping: [{ value: 'lead', role: 'lead' }] }
    await connection.jit({ roles })
    await connection.login(claims('ann', { roles: ['lead'] }))
    await connection.login(claims('bob', { roles: [] }))
    const preview = (jit: object) => organization.admin('POST', `/connections/${connection.id}/jit/preview`, { jit })
    const same = await preview({ roles })
    assert.deepEqual([same.users, same.changed, same.losingRoles, same.samples.length], [2, 0, 0, 0])
    const other = await preview({ roles: { ...roles, mapping: [{ value: 'boss', role: 'lead' }] } })
    assert.deepEqual([other.users, other.changed, other.losingRoles, other.privilegedLosses], [2, 1, 1, 0])
    assert.equal(other.samples[0].subject, 'ann')
    const refusing = await preview({ claimFilter: [{ claim: 'email', operator: 'equals', value: 'x' }] })
    assert.equal(refusing.refused, 2)
  })

  it('f9 decisions are found by what they are about, and by the reference', async () => {
    const { organization, connection, claims } = await house()
    const ann = (await connection.login(claims('ann'))).body
    await connection.login({ sub: 'x', email: 'x@elsewhere.example', email_verified: true })
    const list = async (query: string) => (await organization.admin('GET', `/decisions?${query}`)).items
    assert.equal((await list(`connection=${connection.id}`)).length, 2)
    assert.equal((await list(`user=${ann.user.id}`)).length, 1)
    assert.equal((await list('outcome=refused'))[0].code, 'domain_not_allowed')
    assert.equal((await list('code=domain_not_allowed')).length, 1)
    assert.equal((await list(`since=${new Date(Date.now() + 60_000).toISOString()}`)).length, 0)
    assert.equal((await organization.admin('GET', `/decisions/${ann.reference}`)).id, ann.decisionId)
    const other = await usher.organization()
    assert.equal((await other.ask('GET', `/decisions/${ann.decisionId}`)).status, 404)
  })

  it('changes are listed oldest first, with their actor and the decision', async () => {
    const { organization, connection, claims } = await house()
    const ann = (await connection.login(claims('ann'))).body
    await organization.admin('POST', `/users/${ann.user.id}/suspend`)
    const { items } = await organization.admin('GET', `/changes?resource=${ann.user.id}`)
    assert.deepEqual(
      items.map((change: { actor: string; decisionId?: string }) => [change.actor, change.decisionId ?? null]),
      [
        [`login:${connection.id}`, ann.decisionId],
        ['admin:operator', null],
      ],
    )
  })
})

describe('invitations', () => {
  it('A29 let somebody of another domain in once, with the roles that they name', async () => {
    const { organization, connection } = await house()
    await organization.admin('PUT', '/roles/guest', {})
    const claims = { sub: 'g', email: 'guest@elsewhere.example', email_verified: true }
    assert.equal((await connection.login(claims)).body.code, 'domain_not_allowed')
    const invitation = await organization.admin('POST', '/invitations', {
      email: 'Guest@elsewhere.example',
      roles: ['guest'],
    })
    const login = await connection.login(claims)
    assert.equal(login.body.outcome, 'created', login.text)
    assert.deepEqual([...login.body.roles].sort(), ['guest', 'member'])
    const used = await organization.admin('GET', `/invitations/${invitation.id}`)
    assert.equal(used.acceptedBy, login.body.user.id)
  })
})

describe('A22 the deletion of a connection', () => {
  for (const [choice, left] of [
    ['keep', ['ann', 'bob', 'pushed']],
    ['deactivate', ['pushed']],
    ['delete', ['pushed']],
  ] as const) {
    it(`with ${choice} leaves ${left.join(', ')} active`, async () => {
      const { organization, connection, claims } = await house()
      const scim = await organization.scimClient()
      await scim.must('POST', '/Users', user(`pushed@${organization.domain}`, { externalId: 'pushed' }))
      for (const name of ['ann', 'bob', 'pushed']) await connection.login(claims(name))
      const path = `/connections/${connection.id}`
      const impact = await organization.admin('GET', `${path}/deletion-impact`)
      const refused = await organization.ask('DELETE', path)
      assert.equal(refused.status, 400)
      assert.deepEqual(refused.body.impact, impact)
      const { job } = await organization.admin('DELETE', `${path}?users=${choice}`)
      assert.equal((await connection.login(claims('ann'))).status, 404)
      const done = await waitForJob(job)
      assert.deepEqual([done.state, done.progress], ['done', { done: 3, total: 3 }])
      assert.deepEqual(await names(scim), left)
      assert.equal((await organization.ask('GET', path)).status, 404)
    })
  }
})
