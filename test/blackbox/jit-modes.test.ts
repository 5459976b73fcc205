import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, type House, verdict } from './house.ts'
import { startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const house = (jit: Readonly<Record<string, unknown>>) => buildHouse(usher, provider, { jit })

/** Who signs in, as seen from the directory. */
const people = {
  async unknown() {},
  async matching({ scim, email }: House) {
    await scim.must('POST', '/Users', user(email('ann'), { externalId: 'ann-subject' }))
  },
  async linked(house: House) {
    await people.matching(house)
    const { mode } = await house.organization.admin('GET', `/connections/${house.connection.id}/jit`)
    const path = `/connections/${house.connection.id}/jit`
    await house.organization.admin('PATCH', path, { mode: 'on' })
    assert.equal(verdict(await house.connection.login(house.person('ann'))), 'linked')
    await house.organization.admin('PATCH', path, { mode })
  },
}

const table = [
  ['on', 'unknown', 'created', 1],
  ['on', 'matching', 'linked', 1],
  ['on', 'linked', 'updated', 1],
  ['link', 'unknown', 'user_not_found', 0],
  ['link', 'matching', 'linked', 1],
  ['link', 'linked', 'updated', 1],
  ['observe', 'unknown', 'observed', 0],
  ['observe', 'matching', 'observed', 1],
  ['observe', 'linked', 'observed', 1],
  ['off', 'unknown', 'passed_through', 0],
  ['off', 'matching', 'passed_through', 1],
  ['off', 'linked', 'unchanged', 1],
] as const

describe('modes', () => {
  for (const [mode, who, expected, count] of table) {
    it(`A5 A7 A9 L6 mode ${mode}, a person who is ${who}: ${expected}`, async () => {
      const home = await house({ mode })
      await people[who](home)
      const before = await home.changes()
      const usersBefore = await home.users()
      const answer = await home.connection.login(home.person('ann', { given_name: 'Annabel' }))
      assert.equal(verdict(answer), expected)
      const { totalResults, Resources } = await home.users()
      assert.equal(totalResults, count)
      const decision = await home.decision(answer)
      assert.equal(decision.outcome, expected === 'user_not_found' ? 'refused' : expected)
      if (['created', 'linked', 'updated'].includes(expected)) {
        assert.equal(Resources[0].name.givenName, 'Annabel')
        assert.equal((await home.changes()).length, before.length + 1)
        assert.deepEqual(answer.body.user, await home.user(answer.body.user.id))
      } else {
        assert.deepEqual(Resources, usersBefore.Resources)
        assert.deepEqual(await home.changes(), before)
      }
    })
  }

  it('f10 observe decides and records what would be done: operations, changes and the mapped profile', async () => {
    const home = await house({ mode: 'observe' })
    const { body } = await home.connection.login(home.person('ann'))
    assert.equal(body.user, null)
    assert.equal(body.profile.userName, home.email('ann'))
    assert.equal(body.profile.name.givenName, 'ann')
    const decision = await home.organization.admin('GET', `/decisions/${body.decisionId}`)
    assert.deepEqual(
      decision.operations.map(({ method, path }: { method: string; path: string }) => `${method} ${path}`),
      ['POST /Users'],
    )
    assert.equal(decision.user, null)
    assert.equal(decision.code, null)
    assert.ok(decision.changes.some(({ path }: { path: string }) => path === 'name.givenName'))
  })

  it('f10 observe answers 200 where it would have refused, and the code of the decision says why', async () => {
    const home = await house({ mode: 'observe' })
    const answer = await home.connection.login(home.person('ann', { email: 'ann@elsewhere.example' }))
    assert.equal(verdict(answer), 'observed')
    const decision = await home.decision(answer)
    assert.equal(decision.code, 'domain_not_allowed')
    assert.equal(decision.steps.at(-1).result, 'refuse')
    assert.deepEqual(decision.operations, [])
  })

  it('A9 A14 A15 off passes the mapped profile through and stores nothing, not even a link', async () => {
    const home = await house({ mode: 'off' })
    const { body } = await home.connection.login(home.person('ann', { email: 'ann@elsewhere.example' }))
    assert.equal(body.outcome, 'passed_through')
    assert.equal(body.user, null)
    assert.deepEqual(body.roles, [])
    assert.equal(body.profile.emails[0].value, 'ann@elsewhere.example')
    assert.deepEqual(body.profile.schemas, ['urn:ietf:params:scim:schemas:core:2.0:User'])
    assert.equal((await home.users()).totalResults, 0)
  })

  it('A9 off with whenOff refuse is jit_disabled for whoever has no linked user, and nobody else', async () => {
    const home = await house({ mode: 'off', whenOff: 'refuse' })
    assert.equal(verdict(await home.connection.login(home.person('bob'))), 'jit_disabled')
    await people.linked(home)
    assert.equal(verdict(await home.connection.login(home.person('ann'))), 'unchanged')
  })

  for (const who of ['matching', 'linked'] as const) {
    it(`L1 off: match and life cycle still refuse a ${who} person who is held, and lift nothing`, async () => {
      const home = await house({ mode: 'off', reactivate: { suspended: true } })
      await people[who](home)
      const [{ id }] = (await home.users()).Resources
      await home.organization.admin('POST', `/users/${id}/suspend`)
      assert.equal(verdict(await home.connection.login(home.person('ann'))), 'user_suspended')
      assert.equal((await home.user(id)).active, false)
    })
  }

  it('L1 observe: a held user is observed with the code of the state, and stays held', async () => {
    const home = await house({ mode: 'observe', reactivate: { suspended: true } })
    await people.linked(home)
    const [{ id }] = (await home.users()).Resources
    await home.organization.admin('POST', `/users/${id}/lock`)
    const locked = await home.connection.login(home.person('ann'))
    assert.equal(verdict(locked), 'observed')
    assert.equal((await home.decision(locked)).code, 'user_locked')
    await home.organization.admin('POST', `/users/${id}/unlock`)
    await home.organization.admin('POST', `/users/${id}/suspend`)
    const suspended = await home.connection.login(home.person('ann'))
    assert.equal((await home.decision(suspended)).code, null)
    assert.equal((await home.user(id)).active, false)
  })

  it('A13 link syncs whom it links, and deletes do not become creations', async () => {
    const home = await house({ mode: 'link', afterDelete: 'recreate' })
    await people.linked(home)
    const [{ id }] = (await home.users()).Resources
    assert.equal((await home.scim.call('DELETE', `/Users/${id}`)).status, 204)
    assert.equal(verdict(await home.connection.login(home.person('ann'))), 'user_not_found')
    assert.equal((await home.users()).totalResults, 0)
  })

  it('L8b a switched-off connection refuses everybody, whatever the mode', async () => {
    const home = await house({ mode: 'on' })
    await people.linked(home)
    await home.organization.admin('PATCH', `/connections/${home.connection.id}`, { enabled: false })
    for (const mode of ['on', 'link', 'off'] as const) {
      await home.connection.jit({ mode })
      assert.equal(verdict(await home.connection.login(home.person('ann'))), 'connection_disabled')
    }
    await home.connection.jit({ mode: 'observe' })
    assert.equal(verdict(await home.connection.login(home.person('ann'))), 'observed')
  })
})
