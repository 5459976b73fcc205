import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { UsherProcess } from '../faults/usher-process.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { untilAnswered } from './asking.ts'
import { buildHouse, type House, verdict } from './house.ts'
import { type Answer, adminToken, group, patchOp, type Service, serviceAt, startUsher, user } from './usher.ts'

const usher = await startUsher()
/** Another process of the same installation. */
const second = await startUsher({}, usher.home)
const provider = await TestProvider.start()
after(() => provider.close())

/** The same login, handed to either process. */
async function loginAt(where: Service, house: House, claims: Readonly<Record<string, unknown>>): Promise<Answer> {
  return handIn(where, house, await house.connection.token(claims))
}

/** Hands in a token that is signed already; one that could not be served is asked about again. */
async function handIn(where: Service, house: House, idToken: string): Promise<Answer> {
  const path = `/api/v1/organizations/${house.organization.slug}/connections/${house.connection.id}/logins`
  return untilAnswered(() => where.call('POST', path, { token: adminToken, body: { idToken } }))
}

function count(answers: readonly Answer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[verdict(answer)] = (counts[verdict(answer)] ?? 0) + 1
  return counts
}

const many = (size: number) => Array.from({ length: size }, (_, index) => index)

describe('f22 O9 the first login under concurrency', () => {
  it('f22 row 113: 500 first logins of one person at four processes: one user, one identity, 500 equal answers', async (t) => {
    const house = await buildHouse(usher, provider)
    const team = await house.scim.must('POST', '/Groups', group('Team'))
    await house.connection.jit({
      groups: { mode: 'sync', mapping: [{ value: 'team', group: team.id }] },
      roles: { mode: 'sync', claim: 'groups', mapping: [{ value: 'team', role: 'member' }] },
    })
    const settings = {
      MONGODB_URI: usher.home.database,
      USHER_DATA_DIR: usher.home.dataDir,
      USHER_ADMIN_TOKEN: adminToken,
    }
    const others = await Promise.all(many(3).map(() => UsherProcess.ready(settings, t)))
    const doors = [usher, ...others.map(({ url }) => serviceAt(url))]
    const claims = house.person('ann', { groups: ['team'] })
    const tokens = await Promise.all(many(500).map(() => house.connection.token(claims)))

    const answers = await Promise.all(tokens.map((token, index) => handIn(doors[index % doors.length]!, house, token)))
    assert.deepEqual(count(answers), { created: 1, unchanged: 499 })
    const { totalResults, Resources } = await house.users()
    assert.equal(totalResults, 1)
    const [{ id, userName }] = Resources
    for (const { body } of answers) {
      assert.deepEqual([body.user.id, body.user.userName, body.user.meta.version], [id, userName, 'W/"1"'])
      assert.deepEqual([body.roles, body.groups], [['member'], [{ value: team.id, display: 'Team' }]])
    }
    assert.equal((await house.provenance(id)).identities.length, 1)
    assert.equal((await house.scim.must('GET', `/Groups/${team.id}`)).members.length, 1)
    const changes = await house.changes()
    assert.deepEqual(changes.map(({ action, resource }) => `${resource.type} ${action} ${resource.version}`).sort(), [
      'Group create 1',
      'Group patch null',
      'User create 1',
    ])
    assert.equal(new Set(answers.map(({ body }) => body.decisionId)).size, 500)
  })

  for (const onExisting of ['conflict', 'adopt'] as const) {
    it(`f22 row 114 they race a SCIM POST of the same person (${onExisting}): one user, linked by the externalId`, async () => {
      const house = await buildHouse(usher, provider, { client: { onExisting } })
      const body = user(house.email('ann'), { externalId: 'ann-subject', title: 'Engineer' })
      const [pushed, ...answers] = await Promise.all([
        untilAnswered(() => house.scim.call('POST', '/Users', body)),
        ...many(40).map((index) => loginAt(index % 2 === 0 ? usher : second, house, house.person('ann'))),
      ])
      const counts = count(answers)
      assert.equal((counts.created ?? 0) + (counts.linked ?? 0), 1, JSON.stringify(counts))
      for (const { status } of answers) assert.equal(status, 200)
      if (onExisting === 'conflict') assert.equal(pushed!.status, counts.created === 1 ? 409 : 201)
      else assert.equal(pushed!.status, 201)
      const { totalResults, Resources } = await house.users()
      assert.equal(totalResults, 1)
      assert.equal((await house.provenance(Resources[0].id)).identities.length, 1)
      if (pushed!.status === 201) assert.equal(pushed!.body.id, Resources[0].id)
    })
  }

  it('K4 two people of one address at once: one of them is linked', async () => {
    const house = await buildHouse(usher, provider)
    await house.scim.must('POST', '/Users', user('ann', { emails: [{ value: house.email('ann') }] }))
    const answers = await Promise.all(
      many(10).map((index) =>
        loginAt(index % 2 === 0 ? usher : second, house, house.person('ann', { sub: `s${index}` })),
      ),
    )
    assert.deepEqual(count(answers), { linked: 1, linked_to_other_subject: 9 })
  })

  it('f2 two connections that link one user at once are both remembered', async () => {
    const house = await buildHouse(usher, provider)
    const jit = { attributes: [] }
    const connections = await Promise.all(many(6).map(() => house.organization.connection(provider, { jit })))
    const { id } = await house.scim.must('POST', '/Users', user('ann', { externalId: 'ann-subject' }))
    const answers = await Promise.all(connections.map((connection) => connection.login(house.person('ann'))))
    assert.deepEqual(count(answers), { linked: 6 })
    const { managedBy, identities } = (await house.user(id))['urn:usher:scim:schemas:provisioning:1.0:User']
    assert.equal(identities.length, 6)
    const sources = managedBy.map(({ source }: { source: string }) => source)
    for (const connection of connections) assert.ok(sources.includes(`login:${connection.id}`), sources.join(' '))
  })

  it('row 111 two people who use one invitation at once: one of them gets in', async () => {
    const house = await buildHouse(usher, provider)
    await house.organization.admin('POST', '/invitations', { email: 'guest@x.example' })
    const answers = await Promise.all(
      many(6).map((index) =>
        loginAt(index % 2 === 0 ? usher : second, house, {
          ...house.person('guest', { sub: `s${index}`, email: 'guest@x.example' }),
        }),
      ),
    )
    const counts = count(answers)
    assert.equal(counts.created, 1, JSON.stringify(counts))
    assert.equal((await house.users()).totalResults, 1)
  })
})

describe('f21 seats under concurrency', () => {
  it('f21 50 first logins at once at a limit of 10 give 10 users; the others are refused', async () => {
    const house = await buildHouse(usher, provider, { organization: { seatLimit: 10 } })
    const answers = await Promise.all(
      many(50).map((index) => loginAt(index % 2 === 0 ? usher : second, house, house.person(`p${index}`))),
    )
    assert.deepEqual(count(answers), { created: 10, seat_limit_reached: 40 })
    assert.equal((await house.users()).totalResults, 10)
    assert.equal((await house.organization.admin('GET', '/decisions?limit=200')).items.length, 50)
    for (const answer of answers.filter(({ status }) => status === 403)) {
      const decision = await house.decision(answer)
      assert.deepEqual([decision.operations, decision.steps.at(-1).code], [[], 'seat_limit_reached'])
    }
  })
})

describe('logins against SCIM', () => {
  it('R48 O10 row 74 logins and PATCHes of one user at once: nothing is lost, and the changes have ascending versions', async () => {
    const house = await buildHouse(usher, provider)
    const { id } = await house.scim.must('POST', '/Users', user(house.email('ann'), { externalId: 'ann-subject' }))
    await house.connection.login(house.person('ann'))
    const writes = many(20).flatMap((index) => [
      loginAt(index % 2 === 0 ? usher : second, house, house.person('ann', { nickname: `n${index}` })),
      untilAnswered(() =>
        house.scim.call(
          'PATCH',
          `/Users/${id}`,
          patchOp({ op: 'add', path: 'phoneNumbers', value: [{ value: `tel:+4670${index}`, type: 'other' }] }),
        ),
      ),
    ])
    for (const answer of await Promise.all(writes)) assert.equal(answer.status, 200, answer.text)
    const after = await house.user(id)
    assert.equal(after.phoneNumbers.length, 20)
    const versions = (await house.changes()).map(({ resource }) => resource.version)
    assert.deepEqual(
      versions,
      many(versions.length).map((index) => index + 1),
    )
    assert.equal(after.meta.version, `W/"${versions.length}"`)
  })

  it('L1 row 116 a deactivation that comes between is never undone by a login', async () => {
    for (const round of many(4)) {
      const house = await buildHouse(usher, provider)
      const { id } = await house.scim.must('POST', '/Users', user(house.email('ann'), { externalId: 'ann-subject' }))
      await Promise.all([
        house.setActive(id, false),
        ...many(6).map((index) =>
          loginAt(index % 2 === 0 ? usher : second, house, house.person('ann', { nickname: `r${round}n${index}` })),
        ),
      ])
      assert.equal((await house.user(id)).active, false)
      assert.equal(verdict(await house.connection.login(house.person('ann'))), 'user_deactivated_by_scim')
    }
  })

  it('L5 row 117 a deletion between logins stays: nobody is made anew', async () => {
    const house = await buildHouse(usher, provider)
    const { body } = await house.connection.login(house.person('ann'))
    const [, ...answers] = await Promise.all([
      untilAnswered(() => house.scim.call('DELETE', `/Users/${body.user.id}`)),
      ...many(10).map((index) =>
        loginAt(index % 2 === 0 ? usher : second, house, house.person('ann', { nickname: `n${index}` })),
      ),
    ])
    for (const answer of answers) assert.match(verdict(answer), /updated|unchanged|user_deleted/)
    assert.equal((await house.users()).totalResults, 0)
    assert.equal(verdict(await house.connection.login(house.person('ann'))), 'user_deleted')
  })

  it('O10 many first logins into one group: every membership and every change record is there once', async () => {
    const house = await buildHouse(usher, provider)
    const { id } = await house.scim.must('POST', '/Groups', group('All'))
    await house.connection.jit({ groups: { mode: 'assign', assign: ['All'] } })
    const answers = await Promise.all(
      many(30).map((index) => loginAt(index % 2 === 0 ? usher : second, house, house.person(`p${index}`))),
    )
    assert.deepEqual(count(answers), { created: 30 })
    assert.equal((await house.scim.must('GET', `/Groups/${id}`)).members.length, 30)
    const changes = await house.changes()
    assert.equal(changes.filter(({ resource }) => resource.type === 'User').length, 30)
    assert.equal(changes.filter(({ resource }) => resource.id === id).length, 31)
  })
})

describe('what an administrator decides, under concurrency', () => {
  it('f18 one person refused at two processes at once: one open item that counts every login', async () => {
    const house = await buildHouse(usher, provider)
    const emails = [{ value: house.email('ann'), type: 'work' }]
    for (const name of ['one', 'two']) await house.scim.must('POST', '/Users', user(name, { emails }))
    const answers = await Promise.all(
      many(12).map((index) => loginAt(index % 2 === 0 ? usher : second, house, house.person('ann'))),
    )
    assert.deepEqual(count(answers), { match_ambiguous: 12 })
    const { items } = await house.organization.admin('GET', '/inbox')
    assert.deepEqual(
      items.map((item: Answer['body']) => [item.kind, item.count]),
      [['match_ambiguous', 12]],
    )
    assert.equal((await house.organization.admin('GET', '/decisions')).items.length, 12)
  })

  it('f11 O2 removals at two processes at once do not exceed the share together', async () => {
    const house = await buildHouse(usher, provider)
    const { id } = await house.scim.must('POST', '/Groups', group('All'))
    await house.connection.jit({ groups: { mode: 'sync', allow: ['All'] } })
    const everybody = (groups: readonly string[]) =>
      Promise.all(
        many(20).map((index) =>
          loginAt(index % 2 === 0 ? usher : second, house, house.person(`p${index}`, { groups })),
        ),
      )
    await everybody(['All'])
    assert.deepEqual(count(await everybody([])), { updated: 5, unchanged: 15 })
    assert.equal((await house.scim.must('GET', `/Groups/${id}`)).members.length, 15)
    assert.equal((await house.organization.admin('GET', '/inbox?kind=removal_held&status=open')).items.length, 15)
  })
})
