import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { buildHouse, type House } from '../blackbox/house.ts'
import { assertInvariants } from '../blackbox/invariants.ts'
import { type Answer, group, patchOp, startUsher, user } from '../blackbox/usher.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { CrashingStore, type Moment } from './crashing-store.ts'

const usher = await startUsher()
const store = new CrashingStore(usher.store)
const provider = await TestProvider.start()
after(() => provider.close())

interface Asked {
  readonly ask: () => Promise<Answer>
  /** What asking again is answered with, whether or not the first time had an effect. */
  readonly again: readonly number[]
  /** What holds afterwards. */
  readonly check: () => Promise<void>
}

/** What a process may die over; `n` tells one time from another. */
const requests: Readonly<Record<string, (house: House, n: string) => Promise<Asked>>> = {
  async 'a first login'(house, n) {
    const idToken = await house.connection.token(house.person(n, { groups: ['team'] }))
    return {
      ask: () => login(house, idToken),
      again: [200],
      check: async () => {
        const { Resources: found } = await house.users(`userName eq "${house.email(n)}"`)
        assert.equal(found.length, 1)
        assert.deepEqual(
          found[0].groups.map(({ display }: Answer['body']) => display),
          ['Team'],
        )
      },
    }
  },
  async 'POST of a user'(house, n) {
    return {
      ask: () => house.scim.call('POST', '/Users', user(house.email(n))),
      again: [201, 409],
      check: async () => {
        assert.equal((await house.users(`userName eq "${house.email(n)}"`)).totalResults, 1)
      },
    }
  },
  async 'PATCH of a user'(house, n) {
    const { id } = await house.scim.must('POST', '/Users', user(house.email(n)))
    return {
      ask: () => house.scim.call('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'title', value: n })),
      again: [200],
      check: async () => {
        const changed = await house.user(id)
        assert.equal(changed.title, n)
        assert.equal(changed.meta.version, 'W/"2"')
      },
    }
  },
  async 'DELETE of a user'(house, n) {
    const { id } = await house.scim.must('POST', '/Users', user(house.email(n)))
    const team = await house.scim.must('POST', '/Groups', group(n, { members: [{ value: id }] }))
    return {
      ask: () => house.scim.call('DELETE', `/Users/${id}`),
      again: [204, 404],
      check: async () => {
        assert.equal((await house.scim.call('GET', `/Users/${id}`)).status, 404)
        assert.equal((await house.scim.must('GET', `/Groups/${team.id}`)).members, undefined)
      },
    }
  },
  async 'DELETE of a group'(house, n) {
    const { id } = await house.scim.must('POST', '/Users', user(house.email(n)))
    const team = await house.scim.must('POST', '/Groups', group(n, { members: [{ value: id }] }))
    return {
      ask: () => house.scim.call('DELETE', `/Groups/${team.id}`),
      again: [204, 404],
      check: async () => {
        assert.equal((await house.scim.call('GET', `/Groups/${team.id}`)).status, 404)
        assert.equal((await house.user(id)).groups, undefined)
      },
    }
  },
}

function login({ organization, connection }: House, idToken: string): Promise<Answer> {
  return organization.ask('POST', `/connections/${connection.id}/logins`, { idToken })
}

describe('a process that dies at any call of the store', () => {
  for (const [what, request] of Object.entries(requests)) {
    it(`P-11 row 115 R286 leaves nothing or everything of ${what}, and asking again completes it`, async () => {
      const house = await buildHouse(usher, provider)
      const team = await house.scim.must('POST', '/Groups', group('Team'))
      await house.connection.jit({
        groups: { mode: 'sync', claim: 'groups', mapping: [{ value: 'team', group: team.id }] },
      })
      let times = 0
      for (const moment of ['before', 'after'] satisfies Moment[]) {
        for (let n = 1, died = true; died; n += 1) {
          times += 1
          const asked = await request(house, `p${moment}${n}`)
          store.crashAt(n, moment)
          const answer = await asked.ask()
          died = store.restart()
          if (!died) assert.ok(asked.again.includes(answer.status) && answer.status < 300, answer.text)
          const again = await asked.ask()
          assert.ok(asked.again.includes(again.status), `${moment} call ${n}: ${again.status} ${again.text}`)
          await asked.check()
        }
      }
      assert.ok(times > 10, `${times}`)
      await assertInvariants(usher, house, { decisions: what.includes('login') ? times : 0 })
    })
  }
})
