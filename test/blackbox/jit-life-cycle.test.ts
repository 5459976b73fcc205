import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { asOperator, buildHouse, type House, verdict } from './house.ts'
import { patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const provisioning = 'urn:usher:scim:schemas:provisioning:1.0:User'
const inactive = patchOp({ op: 'replace', path: 'active', value: false })

/** How somebody gets into a state, by whom. */
const states: Readonly<Record<string, (house: House, id: string) => Promise<unknown>>> = {
  'suspended by an administrator': ({ organization }, id) => organization.admin('POST', `/users/${id}/suspend`),
  'locked by an administrator': ({ organization }, id) => organization.admin('POST', `/users/${id}/lock`),
  'deactivated by a SCIM client': ({ setActive }, id) => setActive(id, false),
  'deactivated by an administrator': ({ organization }, id) => organization.admin('POST', `/users/${id}/deactivate`),
  'deactivated by an administrator over SCIM': ({ organization }, id) =>
    asOperator(usher, organization, 'PATCH', `/Users/${id}`, inactive),
  'deleted by a SCIM client': ({ scim }, id) => scim.call('DELETE', `/Users/${id}`),
  'deleted by an administrator': ({ organization }, id) => asOperator(usher, organization, 'DELETE', `/Users/${id}`),
}
const codes: Readonly<Record<string, string>> = {
  suspended: 'user_suspended',
  locked: 'user_locked',
  'deactivated by a SCIM client': 'user_deactivated_by_scim',
  'deactivated by an administrator': 'user_deactivated_by_admin',
  deleted: 'user_deleted',
}
const policies = {
  'the defaults': {},
  'reactivate.suspended': { reactivate: { suspended: true } },
  'reactivate.deactivatedByScim': { reactivate: { deactivatedByScim: true } },
  'reactivate.deactivatedByAdmin': { reactivate: { deactivatedByAdmin: true } },
  'afterDelete: recreate': { afterDelete: 'recreate' },
} as const
/** Which policy admits which state; nothing else does. */
const admits: Readonly<Record<string, keyof typeof policies>> = {
  suspended: 'reactivate.suspended',
  'deactivated by a SCIM client': 'reactivate.deactivatedByScim',
  'deactivated by an administrator': 'reactivate.deactivatedByAdmin',
  deleted: 'afterDelete: recreate',
}
function entryOf<Value>(table: Readonly<Record<string, Value>>, state: string): Value | undefined {
  return table[Object.keys(table).find((start) => state.startsWith(start)) ?? '']
}

describe('f15 L1 the reactivation matrix: state, who did it, policy', () => {
  for (const [state, enter] of Object.entries(states)) {
    const code = entryOf(codes, state)!
    const admitting = entryOf(admits, state)
    // What refuses leaves everything as it was: the same person comes by each policy, last by the one that admits.
    const inOrder = (Object.keys(policies) as (keyof typeof policies)[]).toSorted(
      (a, b) => Number(a === admitting) - Number(b === admitting),
    )
    for (const who of ['linked', 'found by a rule'] as const) {
      describe(`${state}, ${who}`, () => {
        let home: House
        let id: string
        before(async () => {
          home = await buildHouse(usher, provider)
          id = (await home.scim.must('POST', '/Users', user(home.email('ann'), { externalId: 'ann-subject' }))).id
          if (who === 'linked') await home.connection.login(home.person('ann'))
          await enter(home, id)
        })

        for (const policy of inOrder) {
          const admitted = policy === admitting
          it(`f15 L1 L5 rows 116 117 ${state}, ${who}, ${policy}: ${admitted ? 'admitted' : code}`, async () => {
            await home.connection.jit(policies[policy])
            const before = await home.changes()
            const answer = await home.connection.login(home.person('ann'))
            if (!admitted) {
              assert.equal(verdict(answer), code)
              assert.deepEqual(await home.changes(), before)
              return
            }
            if (state.startsWith('deleted')) {
              assert.equal(verdict(answer), 'created')
              assert.notEqual(answer.body.user.id, id)
              return
            }
            assert.equal(verdict(answer), who === 'linked' ? 'updated' : 'linked')
            assert.equal(answer.body.user.active, true)
            assert.equal((await home.user(id))[provisioning].state, 'active')
            const { operations, changes } = await home.decision(answer)
            assert.deepEqual(operations[0].data.Operations[0], { op: 'replace', path: 'active', value: true })
            assert.equal(changes[0].path, 'active')
          })
        }
      })
    }
  }
})

describe('L1 holds', () => {
  async function linked(jit: Readonly<Record<string, unknown>> = {}) {
    const home = await buildHouse(usher, provider, { jit })
    const { id } = await home.scim.must('POST', '/Users', user(home.email('ann'), { externalId: 'ann-subject' }))
    await home.connection.login(home.person('ann'))
    return { ...home, id, login: () => home.connection.login(home.person('ann')) }
  }

  it('L1 of two holds one is not lifted alone: nothing is written', async () => {
    const home = await linked({ reactivate: { suspended: true } })
    await home.setActive(home.id, false)
    await home.organization.admin('POST', `/users/${home.id}/suspend`)
    const before = await home.user(home.id)
    assert.equal(verdict(await home.login()), 'user_deactivated_by_scim')
    assert.deepEqual(await home.user(home.id), before)
    await home.setActive(home.id, true)
    assert.equal((await home.user(home.id)).active, false)
    assert.equal(verdict(await home.login()), 'updated')
    assert.equal((await home.user(home.id)).active, true)
  })

  it('A24 a user who is found by the identity is locked, and one way in is cut', async () => {
    const home = await linked()
    const filter = `${provisioning}:identities[connection eq "${home.connection.id}" and subject eq "ann-subject"]`
    const [{ id }] = (await home.users(filter)).Resources
    assert.equal(id, home.id)
    assert.equal((await home.organization.admin('POST', `/users/${id}/lock`)).active, true)
    assert.equal(verdict(await home.login()), 'user_locked')
    await home.organization.admin('POST', `/users/${id}/unlock`)
    assert.equal(verdict(await home.login()), 'unchanged')
    await home.connection.jit({ matching: [] })
    const { identities } = await home.provenance(id)
    await home.organization.admin('DELETE', `/users/${id}/identities/${identities[0].id}`)
    assert.equal(verdict(await home.login()), 'username_taken')
  })

  const stops: Readonly<Record<string, string>> = {
    suspend: 'user_suspended',
    lock: 'user_locked',
    deactivate: 'user_deactivated_by_admin',
  }
  for (const [action, code] of Object.entries(stops)) {
    it(`L3 the same token after ${action} is refused with the same decision, and answered again afterwards`, async () => {
      const home = await linked()
      const idToken = await home.connection.token(home.person('ann'))
      const ask = () => home.organization.ask('POST', `/connections/${home.connection.id}/logins`, { idToken })
      const first = await ask()
      await home.organization.admin('POST', `/users/${home.id}/${action}`)
      const refused = await ask()
      assert.equal(verdict(refused), code)
      assert.equal(refused.body.decisionId, first.body.decisionId)
      assert.equal(refused.body.reference, first.body.reference)
      const { items } = await home.organization.admin('GET', `/decisions?user=${home.id}`)
      assert.equal(items.filter(({ id }: { id: string }) => id === first.body.decisionId).length, 1)
      assert.equal(items.length, 2)
      await home.organization.admin('POST', `/users/${home.id}/${action === 'lock' ? 'unlock' : 'activate'}`)
      assert.deepEqual((await ask()).body, first.body)
    })
  }

  it('L3 the same token after two holds names the state that a new login would be told', async () => {
    const home = await linked()
    const idToken = await home.connection.token(home.person('ann'))
    const ask = () => home.organization.ask('POST', `/connections/${home.connection.id}/logins`, { idToken })
    await ask()
    await home.setActive(home.id, false)
    await home.organization.admin('POST', `/users/${home.id}/suspend`)
    assert.equal(verdict(await ask()), verdict(await home.login()))
  })

  it('L3 the same token after a deletion is user_deleted', async () => {
    const home = await linked()
    const idToken = await home.connection.token(home.person('ann'))
    const ask = () => home.organization.ask('POST', `/connections/${home.connection.id}/logins`, { idToken })
    await ask()
    await home.scim.call('DELETE', `/Users/${home.id}`)
    assert.equal(verdict(await ask()), 'user_deleted')
  })
})

describe('L5 tombstones', () => {
  async function deleted(jit: Readonly<Record<string, unknown>> = {}) {
    const home = await buildHouse(usher, provider, { jit })
    await home.organization.admin('PUT', '/roles/manager', {})
    const first = await home.connection.login(home.person('ann'))
    const { id } = first.body.user
    await home.organization.admin('PUT', `/users/${id}/roles/manager`)
    assert.equal((await home.scim.call('DELETE', `/Users/${id}`)).status, 204)
    return { ...home, id, login: (more = {}) => home.connection.login(home.person('ann', more)) }
  }

  it('f14 they are found by the link and by the rules, and a person of another subject and address is not', async () => {
    const home = await deleted()
    assert.equal(verdict(await home.login({ email: home.email('new') })), 'user_deleted')
    assert.equal(verdict(await home.login({ sub: 'new', email: home.email('ANN') })), 'user_deleted')
    assert.equal(verdict(await home.login({ sub: 'new', email: home.email('bob') })), 'created')
  })

  it('f14 they are listed and can be lifted', async () => {
    const home = await deleted()
    const { items } = await home.organization.admin('GET', '/tombstones')
    assert.equal(items.length, 1)
    assert.equal(items[0].user, home.id)
    await home.organization.admin('DELETE', `/tombstones/${items[0].id}`)
    assert.equal((await home.organization.ask('DELETE', `/tombstones/${items[0].id}`)).status, 404)
    assert.equal(verdict(await home.login()), 'created')
  })

  it('L8 a user made anew has a new id and no earlier grants', async () => {
    const home = await deleted({ afterDelete: 'recreate' })
    const { body } = await home.login()
    assert.equal(body.outcome, 'created')
    assert.notEqual(body.user.id, home.id)
    assert.deepEqual(body.roles, ['member'])
  })

  it('L8 a SCIM POST after the DELETE makes a new id, and later logins match that user', async () => {
    const home = await deleted()
    const anew = await home.scim.must('POST', '/Users', user(home.email('ann'), { externalId: 'ann-subject' }))
    assert.notEqual(anew.id, home.id)
    const { body } = await home.login()
    assert.deepEqual([body.outcome, body.user.id], ['linked', anew.id])
  })

  it('L5 K8 a living user who is equal by Unicode folding only does not hide a tombstone', async () => {
    const home = await deleted()
    const lookalike = home.email('ann').replace('nn', 'n\uff4e')
    await home.scim.must('POST', '/Users', user('other', { emails: [{ value: lookalike, type: 'work' }] }))
    assert.equal(verdict(await home.login({ sub: 'new' })), 'user_deleted')
  })

  it('f14 a tombstone expires by its time', async () => {
    const home = await deleted()
    const [{ expiresAt }] = (await home.organization.admin('GET', '/tombstones')).items
    usher.clock.offset = Date.parse(expiresAt) - Date.now() - 60_000
    const now = () => Math.floor((Date.now() + usher.clock.offset) / 1000)
    const times = () => ({ iat: now(), exp: now() + 300 })
    assert.equal(verdict(await home.login(times())), 'user_deleted')
    usher.clock.offset += 120_000
    assert.equal(verdict(await home.login(times())), 'created')
    usher.clock.offset = 0
  })
})
