import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { GlobalCollection, ScopedCollection } from '../../src/store/collection.ts'
import { buildHouse } from '../blackbox/house.ts'
import { jobEnd } from '../blackbox/jobs.ts'
import { type Answer, group, startUsher, user } from '../blackbox/usher.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { CrashingStore } from './crashing-store.ts'

const usher = await startUsher()
const store = new CrashingStore(usher.store)
const provider = await TestProvider.start()
after(() => provider.close())

/** Calls of the store between two moments at which a process dies, and milliseconds for which its lease outlives it. */
const stride = 10
const lease = 31_000
/** Milliseconds after which a deleted organization is looked for once more. */
const settled = 61_000

interface Started {
  readonly ask: () => Promise<Answer>
  /** What holds when the work was done to its end, however often it was begun. */
  readonly check: () => Promise<void>
}

async function inhabited() {
  const house = await buildHouse(usher, provider)
  const people: string[] = []
  for (const name of ['ann', 'bob', 'cat']) {
    const iat = Math.floor((Date.now() + usher.clock.offset) / 1_000)
    const claims = house.person(name, { iat, exp: iat + 300 })
    people.push((await house.connection.login(claims)).body.user.id)
  }
  return { house, people }
}

const works: Readonly<Record<string, () => Promise<Started>>> = {
  async 'f16 a relink'() {
    const { house, people } = await inhabited()
    const next = await house.organization.connection(provider, { jit: { matching: [] } })
    const body = { from: house.connection.id, by: { attribute: 'subject' }, window: { days: 0 } }
    return {
      ask: () => house.organization.ask('POST', `/connections/${next.id}/relink`, body),
      async check() {
        const actions = (await house.changes()).map(({ action }) => action)
        for (const action of ['link', 'unlink']) assert.equal(actions.filter((each) => each === action).length, 3)
        for (const id of people) {
          const { items } = await house.organization.admin('GET', `/users/${id}/identities`)
          const shown = items.map(({ connection, closedAt }: Answer['body']) => [connection, closedAt === null])
          assert.deepEqual(shown, [
            [next.id, true],
            [house.connection.id, false],
          ])
        }
      },
    }
  },
  async 'f8 an application of settings'() {
    const { house, people } = await inhabited()
    await house.connection.jit({ attributes: [{ attribute: 'nickName', claim: 'given_name' }] })
    return {
      ask: () => house.organization.ask('POST', `/connections/${house.connection.id}/jit/apply`, {}),
      async check() {
        const records = (await house.changes()).filter(({ source }) => source !== undefined)
        assert.deepEqual(records.map(({ resource }) => resource.id).sort(), [...people].sort())
      },
    }
  },
}

describe('a deletion of an organization whose process dies at any call of the store', () => {
  it('f16 P-11 is done to its end by the job: nothing is left, whoever asked and whatever the answer was', async () => {
    let deaths = 0
    for (let n = 1, died = true; died; n += stride) {
      const organization = await usher.organization()
      const client = await organization.scimClient()
      const { id: value } = await client.must('POST', '/Users', user('ann'))
      await client.must('POST', '/Groups', group('Crew', { members: [{ value }] }))
      const { id } = await organization.admin('GET', '')
      await usher.app.background.wake('jobs')
      store.crashAt(n, deaths % 2 === 0 ? 'after' : 'before')
      await organization.ask('DELETE', '')
      await usher.app.background.wake('jobs')
      died = store.restart()
      if (died) deaths += 1
      usher.clock.offset += lease
      assert.ok([204, 404].includes((await organization.ask('DELETE', '')).status))
      await usher.app.background.wake('jobs')
      usher.clock.offset += settled
      await usher.app.background.wake('jobs')
      for (const [name, collection] of Object.entries(usher.store)) {
        const all = collection instanceof ScopedCollection ? collection.everywhere : collection
        if (!(all instanceof GlobalCollection) || name === 'jobs') continue
        assert.equal(await all.count({ org: id }), 0, `${name} after call ${n}`)
      }
      const jobs = await usher.store.jobs.find(id, {})
      assert.deepEqual(
        jobs.map(({ kind, state }) => [kind, state]),
        [['delete-organization', 'done']],
      )
      assert.equal((await client.call('GET', '/Users')).status, 401)
    }
    assert.ok(deaths > 2, `${deaths}`)
  })
})

describe('a job whose process dies at any call of the store', () => {
  for (const [what, start] of Object.entries(works)) {
    it(`P-11 ${what}: is taken up again and done once`, async () => {
      let deaths = 0
      for (let n = 2, died = true; died; n += stride) {
        const started = await start()
        await usher.app.background.wake('jobs')
        store.crashAt(n, deaths % 2 === 0 ? 'after' : 'before')
        const first = await started.ask()
        await usher.app.background.wake('jobs')
        died = store.restart()
        if (died) deaths += 1
        usher.clock.offset += lease
        const { body } = first.status === 202 ? first : await started.ask()
        await usher.app.background.wake('jobs')
        await jobEnd(usher, body.job)
        await started.check()
      }
      assert.ok(deaths > 2, `${deaths}`)
    })
  }
})
