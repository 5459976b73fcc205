import assert from 'node:assert/strict'
import { after, describe, it, mock } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, verdict, warningCodes } from './house.ts'
import { answer, inbox, keyFor, only } from './inboxes.ts'
import { unlessAlone } from './neighbour.ts'
import { type Answer, group, patchOp, startUsher, user } from './usher.ts'

type Body = Answer['body']

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

describe('f11 O2 removals beyond the share are held', () => {
  async function crowd(size: number, removalShare: number) {
    const home = await buildHouse(usher, provider)
    const { id } = await home.scim.must('POST', '/Groups', group('All'))
    await home.connection.jit({ limits: { removalShare }, groups: { mode: 'sync', allow: ['All'] } })
    const people = Array.from({ length: size }, (_, index) => `p${index}`)
    const login = (name: string, groups: readonly string[]) => home.connection.login(home.person(name, { groups }))
    await Promise.all(people.map((name) => login(name, ['All'])))
    const count = async () => (await home.scim.must('GET', `/Groups/${id}`)).members?.length ?? 0
    return { ...home, people, login, count }
  }

  it('f11 O2 of 20 members a quarter may go within the hour; the next is held, reported, and goes later', async () => {
    const home = await crowd(20, 0.25)
    for (const name of home.people.slice(0, 5)) assert.deepEqual(warningCodes(await home.login(name, [])), [])
    const held = await home.login('p6', [])
    assert.deepEqual([verdict(held), warningCodes(held)], ['unchanged', ['removal_held']])
    assert.equal(held.body.groups.length, 1)
    assert.equal(await home.count(), 15)
    usher.clock.offset = 3_700_000
    const iat = Math.floor(Date.now() / 1000) + 3_700
    const later = await home.connection.login(home.person('p6', { groups: [], iat, exp: iat + 300 }))
    usher.clock.offset = 0
    assert.equal(verdict(later), 'updated')
  })

  it('f11 O2 a group with fewer than 20 such members is exempt; a share of 0 holds every removal', async () => {
    const free = await crowd(4, 0.25)
    for (const name of free.people) assert.deepEqual(warningCodes(await free.login(name, [])), [])
    assert.equal(await free.count(), 0)
    const none = await crowd(2, 0)
    assert.deepEqual(warningCodes(await none.login('p0', [])), ['removal_held'])
    assert.equal(await none.count(), 2)
  })

  it('f11 O2 the share is one of the members at the start of the hour; who comes later does not widen it, and logins at the same moment cannot exceed it together', async () => {
    const home = await crowd(20, 0.25)
    await home.login('p0', [])
    const late = Array.from({ length: 12 }, (_, index) => `q${index}`)
    await Promise.all(late.map((name) => home.login(name, ['All'])))
    const leaving = await Promise.all(['p1', 'p2', 'p3', 'p4', 'p5', ...late].map((name) => home.login(name, [])))
    assert.equal(leaving.filter((answer) => verdict(answer) === 'updated').length, 4)
    assert.equal(leaving.filter((answer) => warningCodes(answer).includes('removal_held')).length, 13)
    assert.equal(await home.count(), 20 + 12 - 5)
    assert.equal((await inbox(home, 'kind=removal_held&limit=1000')).length, 13)
  })

  it('f11 O2 a simulation counts nothing', async () => {
    const home = await crowd(20, 0.05)
    const path = `/connections/${home.connection.id}/simulations`
    for (const name of ['p1', 'p2']) {
      const claims = home.person(name, { groups: [] })
      assert.equal((await home.organization.admin('POST', path, { claims })).outcome, 'updated')
    }
    assert.deepEqual(warningCodes(await home.login('p1', [])), [])
    assert.deepEqual(warningCodes(await home.login('p2', [])), ['removal_held'])
  })
})

describe('f11 O2 a held removal waits for an administrator', () => {
  const sync = { limits: { removalShare: 0 }, groups: { mode: 'sync', allow: ['Crew', 'Staff'] } }

  async function crew() {
    const home = await buildHouse(usher, provider)
    const signIn = (name: string, more = {}) => home.connection.login(home.person(name, more))
    const scim = async (name: string) => (await home.scim.must('POST', '/Groups', group(name))).id
    const [crewId, staffId] = [await scim('Crew'), await scim('Staff')]
    await home.connection.jit(sync)
    const { body } = await signIn('ann', { groups: ['Crew', 'Staff'] })
    const of = async () => ((await home.user(body.user.id)).groups ?? []).map(({ display }: Body) => display).sort()
    return { ...home, signIn, crewId, staffId, id: body.user.id as string, of }
  }

  it('f18 f11 is one item until the claim names the group again or an administrator answers; a missing claim says nothing', {
    skip: unlessAlone('it counts all calls of the database'),
  }, async () => {
    const home = await crew()
    for (const groups of [['Staff'], [], []]) {
      const held = await home.signIn('ann', { groups })
      assert.deepEqual([verdict(held), warningCodes(held)], ['unchanged', ['removal_held']])
    }
    const item = await only(home, `kind=removal_held&connection=${home.connection.id}&user=${home.id}&status=open`)
    assert.deepEqual([item.count, item.person.user, item.answers], [3, home.id, ['release', 'discard']])
    assert.deepEqual(item.groups.map(({ display }: Body) => display).sort(), ['Crew', 'Staff'])
    await home.signIn('ann', { groups: ['Staff'] })
    assert.deepEqual((await only(home)).groups, [{ value: home.crewId, display: 'Crew' }])
    await home.signIn('ann')
    assert.equal((await only(home)).status, 'open')
    await home.signIn('ann', { groups: ['Crew', 'Staff'] })
    const settled = await only(home)
    assert.deepEqual([settled.status, settled.answer.action], ['answered', 'settled'])
    const { find } = usher.store.inbox
    const look = mock.method(usher.store.inbox, 'find', find)
    await home.signIn('ann', { groups: ['Crew', 'Staff'] })
    assert.equal(look.mock.callCount(), 0)
    look.mock.restore()
  })

  it('f18 f6 a release takes what the connection gave in the name of the administrator, and leaves what others give', async () => {
    const home = await crew()
    await home.scim.must(
      'PATCH',
      `/Groups/${home.staffId}`,
      patchOp({ op: 'add', path: 'members', value: [{ value: home.id }] }),
    )
    await home.signIn('ann', { groups: [] })
    const key = await keyFor(home, 'admin')
    const item = await only(home)
    assert.equal((await answer(home, item, 'dismiss')).body.code, 'invalid_request')
    const answers = await Promise.all([1, 2].map(() => answer(home, item, 'release', {}, key.token)))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409])
    assert.deepEqual(await home.of(), ['Staff'])
    const changes = (await home.changes()).filter(({ actor }) => actor === `admin:${key.id}`)
    assert.deepEqual(
      changes.map(({ resource, action }) => [resource.type, resource.id, action]),
      [
        ['Group', home.crewId, 'patch'],
        ['InboxItem', item.id, 'release'],
      ],
    )
    assert.deepEqual(warningCodes(await home.signIn('ann', { groups: [] })), [])
    assert.equal((await only(home)).status, 'answered')
  })

  it('f18 a discard makes the membership one by hand: later logins neither take it nor ask again', async () => {
    const home = await crew()
    await home.signIn('ann', { groups: ['Staff'] })
    assert.equal((await answer(home, await only(home), 'discard')).status, 200)
    const { groups } = await home.provenance(home.id)
    assert.deepEqual(groups.find(({ display }: Body) => display === 'Crew').sources, ['admin:operator'])
    await home.connection.jit({ ...sync, limits: {} })
    assert.deepEqual(warningCodes(await home.signIn('ann', { groups: [] })), [])
    assert.deepEqual(await home.of(), ['Crew'])
  })

  it('G1 f13 a group that carries a privileged role is kept by hand only by whoever may give the role, and not taken from its last holder', async () => {
    const home = await crew()
    await home.organization.admin('PUT', '/roles/admin', { privileged: true, groups: [home.crewId] })
    await home.signIn('ann', { groups: ['Staff'] })
    const [item] = await inbox(home, 'status=open')
    assert.equal(item, undefined, 'the last holder keeps the role, and nobody has to decide')
    const { id: other } = await home.scim.must('POST', '/Users', user('bob'))
    await home.organization.admin('PUT', `/users/${other}/roles/admin`)
    await home.signIn('ann', { groups: ['Staff'] })
    const held = await only(home)
    const { token } = await keyFor(home, 'admin')
    assert.equal((await answer(home, held, 'discard', {}, token)).body.code, 'privileged_grant_refused')
    await home.organization.admin('DELETE', `/users/${other}/roles/admin`)
    assert.equal((await answer(home, held, 'release', {}, token)).body.code, 'last_admin_kept')
    assert.equal((await only(home)).status, 'open')
  })
})
