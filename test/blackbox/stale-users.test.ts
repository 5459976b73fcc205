import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { asOperator, buildHouse, type House, verdict } from './house.ts'
import { type Answer, adminToken, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

type Json = Answer['body']

const day = 86_400_000
const job = 'job:stale-users'

/** Moves the clock of Usher so many days ahead of the start of the test. */
function daysLater(days: number) {
  usher.clock.offset = days * day
}

/** The claims of a person at the time of the clock. */
function now(house: House, name: string, more: Json = {}) {
  const iat = Math.floor((Date.now() + usher.clock.offset) / 1000)
  return house.person(name, { iat, exp: iat + 300, ...more })
}

const signIn = async (house: House, name: string, more?: Json) => house.connection.login(now(house, name, more))

/** Runs what is due, as the clock does otherwise. */
async function care() {
  await usher.app.background.wake('care')
  await usher.app.background.wake('jobs')
}

const names = ({ items }: Json) => items.map(({ userName }: Json) => userName.split('@')[0])

describe('f20 stale users', () => {
  it('f20 the report lists whom only logins know and nobody saw for so long, the longest first, with their age', async () => {
    const house = await buildHouse(usher, provider)
    try {
      const report = (query: string) => house.organization.admin('GET', `/stale-users?${query}`)
      await house.scim.must('POST', '/Users', user(house.email('pushed'), { externalId: 'pushed-subject' }))
      for (const name of ['pushed', 'ann', 'granted', 'held']) await signIn(house, name)
      const idOf = async (name: string) => (await house.users(`userName eq "${house.email(name)}"`)).Resources[0].id
      await house.organization.admin('PUT', `/users/${await idOf('granted')}/roles/member`)
      await house.organization.admin('POST', `/users/${await idOf('held')}/suspend`)
      daysLater(10)
      await signIn(house, 'bob')
      daysLater(15)
      await signIn(house, 'cat')
      assert.deepEqual(names(await report('days=4')), ['ann', 'bob'])
      assert.deepEqual(names(await report('days=9')), ['ann'])
      const { items } = await report('days=4')
      assert.deepEqual(
        items.map(({ days }: Json) => days),
        [15, 5],
      )
      const first = await report('days=4&limit=1')
      const second = await report(`days=4&limit=1&cursor=${encodeURIComponent(first.nextCursor)}`)
      assert.deepEqual([names(first), names(second), second.nextCursor], [['ann'], ['bob'], undefined])
      const wrong = await house.organization.ask(
        'GET',
        `/stale-users?cursor=${Buffer.from('x:y|').toString('base64url')}`,
      )
      assert.deepEqual([wrong.status, wrong.body.code], [400, 'invalid_cursor'])
      // A second link that is in use is a sign of life.
      const other = await house.organization.connection(provider)
      assert.equal((await other.login(now(house, 'ann', { sub: 'ann-2' }))).body.outcome, 'linked')
      assert.deepEqual(names(await report('days=4')), ['bob'])
    } finally {
      daysLater(0)
    }
  })

  it('f20 the job suspends and later deletes by the setting, as the dry run says; nobody else is touched', async () => {
    const house = await buildHouse(usher, provider)
    try {
      await house.organization.admin('PUT', '/roles/root', { privileged: true })
      const [ann, root, pushed] = await Promise.all(
        ['ann', 'root', 'pushed'].map(async (name) => (await signIn(house, name)).body.user.id),
      )
      await house.scim.must('PATCH', `/Users/${pushed}`, patchOp({ op: 'add', path: 'title', value: 'Boss' }))
      const { id: group } = await house.scim.must('POST', '/Groups', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: 'Roots',
      })
      await house.organization.admin('PUT', '/roles/root', { privileged: true, groups: [group] })
      await asOperator(
        usher,
        house.organization,
        'PATCH',
        `/Groups/${group}`,
        patchOp({ op: 'add', path: 'members', value: [{ value: root }] }),
      )
      const dryRun = async (query = '') => {
        const { items } = await house.organization.admin('GET', `/stale-users/dry-run?${query}`)
        return items.map(({ id, action }: Json) => [id, action])
      }
      daysLater(40)
      assert.deepEqual(await dryRun(), [])
      assert.equal((await dryRun('suspendAfterDays=30')).length, 2)
      await care()
      assert.equal((await house.user(ann)).active, true)

      const setting = { suspendAfterDays: 30, deleteAfterDays: 50 }
      await house.organization.admin('PATCH', '', { staleUsers: setting })
      assert.deepEqual(new Map(await dryRun()), new Map([ann, root].map((id) => [id, 'suspend'])))
      await care()
      const extension = (await house.user(ann))['urn:usher:scim:schemas:provisioning:1.0:User']
      assert.deepEqual([extension.state, extension.reason], ['suspended', 'Nobody has signed in for 30 days.'])
      assert.equal((await house.user(root)).active, true, 'the last holder of a privileged role')
      assert.equal((await house.user(pushed)).active, true)
      assert.equal(verdict(await signIn(house, 'ann')), 'user_suspended')
      const suspension = (await house.changes()).at(-1)
      assert.deepEqual([suspension.actor, suspension.action, suspension.resource.id], [job, 'suspend', ann])
      const run = await usher.call('GET', `/api/v1/jobs/${suspension.requestId.slice('job-'.length)}`, {
        token: adminToken,
      })
      assert.deepEqual(run.body.result, { suspended: 1, deleted: 0, kept: 1 })

      // The time between the two is always granted.
      daysLater(55)
      await care()
      assert.equal((await house.user(ann)).active, false)
      daysLater(61)
      const last = [
        [ann, 'delete'],
        [root, 'suspend'],
      ] as const
      assert.deepEqual(new Map(await dryRun()), new Map(last))
      await care()
      assert.equal((await house.scim.call('GET', `/Users/${ann}`)).status, 404)
      const { items } = await house.organization.admin('GET', `/tombstones?user=${ann}`)
      assert.equal(items[0].actor, job)
      assert.equal(verdict(await signIn(house, 'ann')), 'user_deleted')
    } finally {
      daysLater(0)
    }
  })

  it('f20 f15 an administrator lifts the suspension for a whole period, a login where `reactivate` says so', async () => {
    const house = await buildHouse(usher, provider)
    try {
      const [ann, bob] = [(await signIn(house, 'ann')).body.user.id, (await signIn(house, 'bob')).body.user.id]
      await house.organization.admin('PATCH', '', { staleUsers: { suspendAfterDays: 30 } })
      daysLater(31)
      await care()
      assert.deepEqual([(await house.user(ann)).active, (await house.user(bob)).active], [false, false])
      await house.organization.admin('POST', `/users/${ann}/activate`)
      assert.equal(verdict(await signIn(house, 'bob')), 'user_suspended')
      await house.connection.jit({ reactivate: { suspended: true } })
      assert.equal(verdict(await signIn(house, 'bob')), 'updated')
      daysLater(33)
      await care()
      assert.deepEqual([(await house.user(ann)).active, (await house.user(bob)).active], [true, true])
      daysLater(62)
      await care()
      assert.deepEqual([(await house.user(ann)).active, (await house.user(bob)).active], [false, false])
    } finally {
      daysLater(0)
    }
  })

  it('f20 it is off unless it is set, null puts it back, and nobody is deleted before being suspended', async () => {
    const { organization } = await buildHouse(usher, provider)
    const off = { suspendAfterDays: null, deleteAfterDays: null }
    assert.deepEqual((await organization.admin('GET', '')).staleUsers, off)
    const wrong = { suspendAfterDays: 30, deleteAfterDays: 30 }
    for (const body of [{ staleUsers: wrong }, { staleUsers: { suspendAfterDays: 0 } }, { staleUsers: { days: 3 } }]) {
      const refused = await organization.ask('PATCH', '', body)
      assert.deepEqual([refused.status, refused.body.code], [400, 'validation_failed'])
    }
    await organization.admin('PATCH', '', { staleUsers: { suspendAfterDays: 30 } })
    const both = await organization.admin('PATCH', '', { staleUsers: { deleteAfterDays: 60 } })
    assert.deepEqual(both.staleUsers, { suspendAfterDays: 30, deleteAfterDays: 60 })
    assert.deepEqual((await organization.admin('PATCH', '', { staleUsers: null })).staleUsers, off)
    const tried = await organization.ask('GET', '/stale-users/dry-run?suspendAfterDays=9&deleteAfterDays=3')
    assert.equal(tried.status, 400)
  })
})

describe('O3 old change records', () => {
  it('O3 O10 old change records go where that is set; the feed says so, and versions stay', async () => {
    const house = await buildHouse(usher, provider)
    try {
      const { id } = await house.scim.must('POST', '/Users', user('ann'))
      const group = await house.scim.must('POST', '/Groups', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: 'G',
        members: [{ value: id }],
      })
      for (const title of ['a', 'b'])
        await house.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'title', value: title }))
      const { nextCursor } = await house.organization.admin('GET', '/changes?limit=1')
      const version = (await house.scim.must('GET', `/Groups/${group.id}`)).meta.version
      await house.organization.admin('PATCH', '', { retention: { changeDays: 5 } })
      daysLater(4)
      await care()
      assert.equal((await house.changes()).length, 4)
      daysLater(6)
      await house.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'title', value: 'c' }))
      await house.changes()
      await care()
      const left = await house.changes()
      assert.deepEqual(
        left.map(({ resource }) => resource.version),
        [4],
      )
      const expired = await house.organization.ask('GET', `/changes?cursor=${nextCursor}`)
      assert.deepEqual([expired.status, expired.body.code], [400, 'expired_cursor'])
      assert.equal((await house.scim.must('GET', `/Groups/${group.id}`)).meta.version, version)
    } finally {
      daysLater(0)
    }
  })
})
