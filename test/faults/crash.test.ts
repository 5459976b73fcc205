import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { askBulk, postUser } from '../blackbox/bulking.ts'
import { load } from '../blackbox/crowd.ts'
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
  async 'a bulk'(house, n) {
    const { id } = await house.scim.must('POST', '/Users', user(house.email(n)))
    const names = [`${n}-a`, `${n}-b`, `${n}-c`].map(house.email)
    const title = patchOp({ op: 'replace', path: 'title', value: n })
    const operations = [
      ...names.map((name) => postUser(name, name)),
      { method: 'PATCH', path: `/Users/${id}`, data: title },
    ]
    return {
      ask: () => askBulk(house.scim, operations),
      again: [200],
      check: async () => {
        for (const name of names) assert.equal((await house.users(`userName eq "${name}"`)).totalResults, 1)
        const changed = await house.user(id)
        assert.deepEqual([changed.title, changed.meta.version], [n, 'W/"2"'])
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

  it('P-11 leaves memberships of a large group that nobody sees, and the next look removes them', async () => {
    const { organization, scim, user: read } = await buildHouse(usher, provider)
    const { id: ann } = await scim.must('POST', '/Users', user(`ann@${organization.domain}`))
    const { _id: org } = (await usher.store.organizations.findOne({ slug: organization.slug }))!
    const edges = (group: string) => usher.store.memberships.count(org, { group })
    /** Time goes on, since whoever died holds the lease until it runs out. */
    const untilNone = async (count: () => Promise<number>) => {
      for (; (await count()) > 0; usher.clock.offset += 31_000) await usher.app.background.wake('memberships')
    }
    let left = 0
    for (let n = 1, died = true; died; n += 1) {
      const { id } = await scim.must('POST', '/Groups', group(`${n}`, { members: [{ value: ann }] }))
      const [edge] = await usher.store.memberships.find(org, { group: id }, { projection: { _id: 0 } })
      const more = Array.from({ length: 1_001 }, (_, index) => ({ ...edge!, member: `member-${index}` }))
      await load(usher, 'memberships', more)
      store.crashAt(n, 'after')
      await scim.call('DELETE', `/Groups/${id}`)
      await usher.app.background.wake('memberships')
      died = store.restart()
      if ((await scim.call('GET', `/Groups/${id}`)).status === 404) {
        assert.equal((await read(ann)).groups, undefined)
        if ((await edges(id)) > 0) left += 1
      } else await scim.must('DELETE', `/Groups/${id}`)
      await untilNone(() => edges(id))
    }
    assert.ok(left > 2, `${left}`)
    await untilNone(() => usher.store.departures.count(org, {}))
  })
})
