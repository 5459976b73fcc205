import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, verdict } from './house.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

async function stage() {
  const home = await buildHouse(usher, provider)
  const path = `/connections/${home.connection.id}`
  const simulate = (body: object) => home.organization.admin('POST', `${path}/simulations`, body)
  const hand = (idToken: string) => home.organization.ask('POST', `${path}/logins`, { idToken })
  const preview = (jit: object) => home.organization.admin('POST', `${path}/jit/preview`, { jit })
  return { ...home, path, simulate, hand, preview }
}

/** What a simulation and a recorded decision have in common. */
function essence(decision: Readonly<Record<string, unknown>>) {
  const { outcome, code, subject, steps, claims, operations, changes, warnings, connection, configVersion } = decision
  return {
    outcome,
    code: code ?? null,
    subject,
    steps,
    claims,
    operations,
    changes,
    warnings,
    connection,
    configVersion,
  }
}

describe('f7 simulations', () => {
  const situations = {
    'a first login': async () => ({}),
    'a person found by a rule': async (home: Awaited<ReturnType<typeof stage>>) => {
      await home.scim.must('POST', '/Users', user(home.email('ann'), { externalId: 'ann-subject', title: 'Boss' }))
      return {}
    },
    'a linked person with changes': async (home: Awaited<ReturnType<typeof stage>>) => {
      await home.connection.login(home.person('ann'))
      return { given_name: 'Anna', address: { locality: 'Lund' } }
    },
    'a linked person without any': async (home: Awaited<ReturnType<typeof stage>>) => {
      await home.connection.login(home.person('ann'))
      return {}
    },
    'groups and roles': async (home: Awaited<ReturnType<typeof stage>>) => {
      await home.scim.must('POST', '/Groups', group('Team'))
      await home.connection.jit({
        groups: { mode: 'sync', allow: ['Team'] },
        roles: { mode: 'append', allow: ['member'] },
      })
      return { groups: ['Team', 'Other'], roles: ['member'] }
    },
    'a refusal': async () => ({ email_verified: false }),
    'a held user': async (home: Awaited<ReturnType<typeof stage>>) => {
      const { body } = await home.connection.login(home.person('ann'))
      await home.organization.admin('POST', `/users/${body.user.id}/lock`)
      return {}
    },
    'an invitation': async (home: Awaited<ReturnType<typeof stage>>) => {
      await home.organization.admin('POST', '/invitations', { email: 'ann@x.example', roles: ['member'] })
      return { email: 'ann@x.example' }
    },
  }
  for (const [name, prepare] of Object.entries(situations)) {
    it(`f7 ${name}: the simulated document is the executed one, and nothing is written by it`, async () => {
      const home = await stage()
      const idToken = await home.connection.token(home.person('ann', await prepare(home)))
      const before = [await home.changes(), await home.users(), await home.organization.admin('GET', '/decisions')]
      const simulated = await home.simulate({ idToken })
      assert.deepEqual(
        [await home.changes(), await home.users(), await home.organization.admin('GET', '/decisions')],
        before,
      )
      const executed = await home.decision(await home.hand(idToken))
      assert.equal(simulated.simulated, true)
      assert.deepEqual(essence(simulated), essence(executed))
    })
  }

  it('f7 O8 claims that nobody signed are simulated for whoever may administer, and only within the organization', async () => {
    const home = await stage()
    const claims = home.person('ann')
    assert.equal((await home.simulate({ claims })).outcome, 'created')
    for (const scopes of [['read'], ['logins']]) {
      const { token } = await home.organization.admin('POST', '/api-keys', { name: `k-${scopes}`, scopes })
      assert.equal((await home.organization.ask('POST', `${home.path}/simulations`, { claims }, token)).status, 403)
    }
    const other = await stage()
    assert.equal((await other.organization.ask('POST', `${home.path}/simulations`, { claims })).status, 404)
    const bad = await home.organization.ask('POST', `${home.path}/simulations`, { idToken: 'x.y.z' })
    assert.deepEqual([bad.status, bad.body.code], [400, 'token_invalid'])
  })

  it('f7 a draft of the settings decides instead of those in force, and is checked like them', async () => {
    const home = await stage()
    const claims = home.person('ann')
    assert.equal((await home.simulate({ claims, jit: { mode: 'link' } })).code, 'user_not_found')
    const wrong = await home.organization.ask('POST', `${home.path}/simulations`, { claims, jit: { mode: 'maybe' } })
    assert.equal(wrong.status, 400)
    assert.equal(wrong.body.errors[0].path, 'jit.mode')
  })

  it('f7 a recorded login: values that were not recorded count as absent and are listed', async () => {
    const home = await stage()
    const first = await home.connection.login(home.person('ann', { title: 'Engineer', department: 'IT' }))
    const { decisionId, reference } = first.body
    for (const name of [decisionId, reference]) {
      const again = await home.simulate({ decisionId: name })
      assert.equal(again.outcome, 'unchanged')
      assert.equal(again.subject, 'ann-subject')
      for (const unknown of ['title', 'department']) assert.ok(again.unknownClaims.includes(unknown), unknown)
      assert.ok(!again.unknownClaims.includes('given_name'))
    }
    const [{ id }] = (await home.users()).Resources
    const [link] = (await home.organization.admin('GET', `/users/${id}/identities`)).items
    await home.organization.admin('DELETE', `/users/${id}/identities/${link.id}`)
    const attributes = [{ attribute: 'title', claim: 'title' }]
    const jit = { matching: [], userName: { claim: 'sub' }, attributes, required: ['title'] }
    const missing = await home.simulate({ decisionId, jit })
    assert.equal(missing.code, 'required_attribute_missing')
    assert.ok(missing.unknownClaims.includes('title'))
  })

  it('f7 O3 of a deleted person nothing is left to decide by: the values went with the user', async () => {
    const home = await stage()
    const { decisionId } = (await home.connection.login(home.person('ann'))).body
    const [{ id }] = (await home.users()).Resources
    await home.scim.must('DELETE', `/Users/${id}`)
    const [tombstone] = (await home.organization.admin('GET', '/tombstones')).items
    await home.organization.admin('DELETE', `/tombstones/${tombstone.id}`)
    const erased = await home.simulate({ decisionId })
    assert.equal(erased.outcome, 'refused')
    assert.ok(erased.unknownClaims.includes('email'))
  })

  it('P7 f7 a recorded login is as old as it was: last_write compares its iat again', async () => {
    const home = await stage()
    await home.connection.jit({ authority: 'last_write' })
    const iat = Math.floor(Date.now() / 1000) - 120
    const first = await home.connection.login(home.person('ann', { iat, name: 'Ann' }))
    const { id } = first.body.user
    usher.clock.offset = -60_000
    await home.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'displayName', value: 'Annie' }))
    usher.clock.offset = 0
    const again = await home.simulate({ decisionId: first.body.decisionId })
    assert.equal(again.outcome, 'unchanged')
    assert.deepEqual(
      again.warnings.map(({ code }: { code: string }) => code),
      ['attribute_locked_by_scim'],
    )
  })
})

describe('f8 previews', () => {
  it('f8 the last login of every person is decided against the draft, and nothing is written', async () => {
    const home = await stage()
    const bosses = await home.scim.must('POST', '/Groups', group('Bosses'))
    await home.organization.admin('PUT', '/roles/boss', { privileged: true, groups: [bosses.id] })
    await home.organization.admin('PUT', '/roles/helper', {})
    const mapping = [{ value: 'g', group: 'Bosses', allowPrivileged: true }]
    const jit = {
      limits: { removalShare: 1 },
      groups: { mode: 'sync', mapping },
      roles: { mode: 'sync', mapping: [{ value: 'r', role: 'helper' }] },
    }
    await home.connection.jit(jit)
    const login = (name: string, more = {}) => home.connection.login(home.person(name, more))
    await login('ann', { groups: ['g'], roles: ['r'] })
    await login('bob', { groups: ['g'], roles: ['r'] })
    await login('cat', { groups: [], roles: ['r'] })
    await login('cat', { groups: [], roles: [] })
    await login('dan', { email: 'dan@x.example' })
    const before = [await home.changes(), await home.organization.admin('GET', '/decisions')]

    const nothing = await home.preview(jit)
    assert.deepEqual(
      { ...nothing, samples: nothing.samples.length },
      {
        users: 4,
        changed: 0,
        created: 0,
        refused: 1,
        losingRoles: 0,
        losingGroups: 0,
        privilegedLosses: 0,
        samples: 1,
      },
    )
    const draft = {
      ...jit,
      domains: 'any',
      groups: { mode: 'sync', claim: 'groups', mapping: [{ ...mapping[0], value: 'other' }] },
      roles: { mode: 'sync', mapping: [{ value: 'other', role: 'helper' }] },
    }
    const { samples, ...numbers } = await home.preview(draft)
    assert.deepEqual(numbers, {
      users: 4,
      changed: 2,
      created: 1,
      refused: 0,
      losingRoles: 2,
      losingGroups: 2,
      privilegedLosses: 2,
    })
    assert.ok(samples.every(({ simulated }: { simulated: boolean }) => simulated))
    assert.deepEqual([await home.changes(), await home.organization.admin('GET', '/decisions')], before)
    assert.equal(verdict(await login('ann', { groups: ['g'], roles: ['r'] })), 'unchanged')
  })
})
