import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { asOperator, buildHouse, type House, verdict } from './house.ts'
import { type Answer, group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

type Json = Answer['body']

/** A house whose logins match nobody: whoever signs in beside a push is a second user. */
async function duplicating(): Promise<House> {
  return buildHouse(usher, provider, { jit: { matching: [], attributes: [...attributes] } })
}
const attributes = [
  { attribute: 'emails[type eq "work"].value', claim: 'email' },
  { attribute: 'displayName', claim: 'name' },
  { attribute: 'nickName', claim: 'nickname' },
]

/** Ann, once pushed and once by a login. */
async function twoAnns(more: Record<string, unknown> = {}) {
  const house = await duplicating()
  const pushed = await house.scim.must(
    'POST',
    '/Users',
    user('ann', { externalId: 'ann-subject', emails: [{ value: house.email('ann'), type: 'work' }], ...more }),
  )
  const answer = await house.connection.login(house.person('ann', { name: 'Ann Berg', nickname: 'Annie' }))
  assert.equal(verdict(answer), 'created', answer.text)
  return { house, pushed: pushed.id as string, came: answer.body.user.id as string }
}

/** All pages of a report. */
async function all({ organization }: House, path: string, limit = 100): Promise<readonly Json[]> {
  const items: Json[] = []
  for (let cursor = ''; ; ) {
    const page = await organization.admin('GET', `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor}`)
    assert.ok(page.items.length <= limit)
    items.push(...page.items)
    if (page.nextCursor === undefined) return items
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`
  }
}

const merge = ({ organization }: House, survivor: string, body: Json, token?: string) =>
  organization.ask('POST', `/users/${survivor}/merge`, body, token)
const ids = ({ users }: Json) => users.map(({ id }: Json) => id)
const reasons = (pair: Json) => pair.reasons.map(({ reason, strength }: Json) => `${reason} ${strength}`)

describe('f19 probable duplicates', () => {
  it('f19 K10 a pair is shown once, with every reason and its strength; others are not', async () => {
    const { house, pushed, came } = await twoAnns({ displayName: 'ANN BERG' })
    await house.scim.must('POST', '/Users', user('bob', { emails: [{ value: house.email('bob') }] }))
    const pairs = await all(house, '/duplicates')
    assert.deepEqual(pairs.map(ids), [[pushed, came]])
    assert.equal(pairs[0].strength, 'strong')
    assert.deepEqual(reasons(pairs[0]), [
      'external_id_is_subject strong',
      'email probable',
      'user_name_is_email probable',
      'name possible',
    ])
    assert.deepEqual((await all(house, `/duplicates?user=${came}`)).map(ids), [[came, pushed]])
    assert.equal((await all(house, '/duplicates?strength=strong'))[0].reasons.length, 1)
    const missing = await house.organization.ask('GET', '/duplicates?user=nobody')
    assert.equal(missing.status, 404)
    assert.equal((await house.organization.ask('GET', '/duplicates?cursor=x')).body.code, 'invalid_cursor')
  })

  it('f19 every way to find one: a shared subject, addresses in another case, the same number of two clients', async () => {
    const house = await duplicating()
    const second = await house.organization.scimClient()
    const other = await house.organization.connection(provider, { jit: { matching: [], domains: 'any' } })
    const post = async (client: House['scim'], body: Json) => (await client.must('POST', '/Users', body)).id
    const [a, b] = [
      await post(house.scim, user('kim', { externalId: '17', emails: [{ value: 'Kim@other.example' }] })),
      await post(second, user('kim.2', { externalId: '17', emails: [{ value: 'kim@OTHER.example' }] })),
    ]
    const c = (await house.connection.login(house.person('cat'))).body.user.id
    const d = (await other.login({ ...house.person('cat'), email: undefined, preferred_username: 'cat-2' })).body.user
      .id
    const found = new Map((await all(house, '/duplicates', 1)).map((pair) => [ids(pair).join(), reasons(pair)]))
    assert.deepEqual(found.get(`${a},${b}`), ['email probable', 'external_id possible'])
    assert.deepEqual(found.get(`${c},${d}`), ['subject strong'])
    assert.equal(found.size, 2)
  })

  it('f19 what many share is no sign, and a walk in small pages shows the same as one large page', async () => {
    const house = await duplicating()
    const shared = { value: 'office@other.example' }
    const people = Array.from({ length: 23 }, (_, at) =>
      user(`u-${at}`, { emails: [shared, ...(at < 4 ? [{ value: 'twins@other.example', type: 'work' }] : [])] }),
    )
    await house.scim.must('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: people.map((data, at) => ({ method: 'POST', path: '/Users', bulkId: `b${at}`, data })),
    })
    const pairs = (await all(house, '/duplicates')).map((pair) => ids(pair).join())
    assert.equal(pairs.length, 6)
    assert.deepEqual(
      (await all(house, '/duplicates', 1)).map((pair) => ids(pair).join()),
      pairs,
    )
    assert.deepEqual(new Set(pairs).size, 6)
  })

  it('f19 another organization is never looked at, and a key needs to read', async () => {
    const { house, came } = await twoAnns()
    const foreign = await duplicating()
    await foreign.scim.must('POST', '/Users', user('ann', { emails: [{ value: house.email('ann') }] }))
    assert.deepEqual(await all(foreign, '/duplicates'), [])
    const { token } = await house.organization.admin('POST', '/api-keys', { name: 'app', scopes: ['logins'] })
    assert.equal((await house.organization.ask('GET', '/duplicates', undefined, token)).status, 403)
    assert.equal((await merge(house, came, { from: came }, token)).status, 403)
  })
})

describe('f19 a merge', () => {
  it('f19 f5 is previewed as SCIM operations, executed as one change, and keeps every source', async () => {
    const { house, pushed, came } = await twoAnns({ title: 'Boss', phoneNumbers: [{ value: '1', type: 'work' }] })
    const { organization, scim, connection } = house
    const both = await scim.must('POST', '/Groups', group('Both', { members: [{ value: pushed }] }))
    const mine = await scim.must('POST', '/Groups', group('Mine', { members: [{ value: came }] }))
    await asOperator(
      usher,
      organization,
      'PATCH',
      `/Groups/${both.id}`,
      patchOp({ op: 'add', path: 'members', value: [{ value: came }] }),
    )
    await organization.admin('PUT', '/roles/editor', {})
    await organization.admin('PUT', `/users/${came}/roles/editor`)
    const before = await house.changes()

    const preview = await organization.admin('POST', `/users/${pushed}/merge`, { from: came, dryRun: true })
    assert.equal(preview.user, null)
    assert.deepEqual(await house.changes(), before)
    const report = await organization.admin('POST', `/users/${pushed}/merge`, { from: came })
    const { user: merged, ...rest } = report
    assert.deepEqual({ ...rest, dryRun: true, user: null }, preview)
    const touched = report.operations.map(({ method, path }: Json) => `${method} ${path}`)
    assert.equal(touched[0], `PATCH /Users/${pushed}`)
    assert.deepEqual(touched.slice(1, 3).sort(), [`PATCH /Groups/${both.id}`, `PATCH /Groups/${mine.id}`].sort())
    assert.equal(touched[3], `DELETE /Users/${came}`)

    assert.deepEqual([merged.id, merged.title, merged.nickName], [pushed, 'Boss', 'Annie'])
    assert.deepEqual(merged.groups.map(({ value }: Json) => value).sort(), [both.id, mine.id].sort())
    const { attributes: sources, groups, roles, identities } = await house.provenance(pushed)
    const sourceOf = (path: string) => sources.find((entry: Json) => entry.path === path).source
    assert.deepEqual([sourceOf('title'), sourceOf('nickName')], [`scim:${scim.id}`, `login:${connection.id}`])
    assert.deepEqual(groups.find(({ display }: Json) => display === 'Both').sources.sort(), [
      'admin:operator',
      `scim:${scim.id}`,
    ])
    assert.deepEqual(roles.find(({ value }: Json) => value === 'editor').sources, ['admin:operator'])
    assert.equal(identities.length, 1)
    const fresh = (await house.changes()).slice(before.length)
    assert.equal(new Set(fresh.map(({ requestId }) => requestId)).size, 1)
    assert.ok(fresh.every(({ actor }) => actor === 'admin:operator'))
    assert.equal(fresh.find(({ action }) => action === 'delete').mergedInto, pushed)
  })

  it('f19 f14 the merged id is 404 and its tombstone names the survivor, whom later logins reach', async () => {
    const { house, pushed, came } = await twoAnns()
    await house.organization.admin('POST', `/users/${pushed}/merge`, { from: came })
    assert.equal((await house.scim.call('GET', `/Users/${came}`)).status, 404)
    assert.equal((await merge(house, pushed, { from: came })).status, 400)
    const { items } = await house.organization.admin('GET', `/tombstones?user=${came}`)
    assert.deepEqual(
      items.map(({ mergedInto }: Json) => mergedInto),
      [pushed],
    )
    const again = await house.connection.login(house.person('ann', { nickname: 'Nan' }))
    assert.deepEqual([again.body.user.id, again.body.user.nickName], [pushed, 'Nan'])
    const by = await house.users(`urn:usher:scim:schemas:provisioning:1.0:User:identities[subject eq "ann-subject"]`)
    assert.equal(by.totalResults, 1)
    // Deleted, the person stays deleted.
    await house.scim.must('DELETE', `/Users/${pushed}`)
    assert.equal(verdict(await house.connection.login(house.person('ann'))), 'user_deleted')
  })

  it('f19 the survivor can be the one that came by a login; the client of the other finds it by its externalId', async () => {
    const { house, pushed, came } = await twoAnns()
    await house.organization.admin('POST', `/users/${came}/merge`, { from: pushed })
    const found = await house.scim.must('GET', `/Users?filter=${encodeURIComponent('externalId eq "ann-subject"')}`)
    assert.deepEqual(
      found.Resources.map(({ id }: Json) => id),
      [came],
    )
  })

  it('f19 K4 two links of one connection are refused, until one is cut', async () => {
    const house = await duplicating()
    const first = (await house.connection.login(house.person('ann'))).body.user.id
    const second = (await house.connection.login({ ...house.person('ann-2'), email: house.email('ann2') })).body.user.id
    const refused = await merge(house, first, { from: second })
    assert.deepEqual([refused.status, refused.body.code], [409, 'merge_refused'])
    assert.match(refused.body.detail, new RegExp(house.connection.id))
    const [{ id }] = (await house.provenance(second)).identities
    await house.organization.admin('DELETE', `/users/${second}/identities/${id}`)
    assert.equal((await merge(house, first, { from: second })).status, 200)
  })

  it('f19 G1 G7 privileged users need who may grant the role, and the last active holder is kept', async () => {
    const { house, pushed, came } = await twoAnns()
    const { organization } = house
    await organization.admin('PUT', '/roles/root', { privileged: true })
    await organization.admin('PUT', `/users/${came}/roles/root`)
    const { token } = await organization.admin('POST', '/api-keys', { name: 'admin', scopes: ['admin'] })
    for (const [survivor, from] of [
      [pushed, came],
      [came, pushed],
    ] as const) {
      const refused = await merge(house, survivor, { from, dryRun: true }, token)
      assert.deepEqual([refused.status, refused.body.code], [403, 'privileged_grant_refused'])
    }
    await organization.admin('POST', `/users/${pushed}/suspend`)
    const kept = await merge(house, pushed, { from: came })
    assert.deepEqual([kept.status, kept.body.code], [403, 'last_admin_kept'])
    await organization.admin('POST', `/users/${pushed}/activate`)
    const merged = await organization.admin('POST', `/users/${pushed}/merge`, { from: came })
    assert.ok(merged.user.roles.some(({ value }: Json) => value === 'root'))
  })

  it('f19 f21 what holds the other holds the survivor unless it is dropped, and a seat is free again', async () => {
    for (const [holds, active] of [
      [undefined, false],
      ['drop', true],
    ] as const) {
      const { house, pushed, came } = await twoAnns()
      await house.organization.admin('PATCH', '', { seatLimit: 2 })
      await house.setActive(pushed, false)
      const report = await house.organization.admin('POST', `/users/${came}/merge`, { from: pushed, holds })
      assert.deepEqual(
        report.warnings.map(({ code }: Json) => code),
        [active ? 'hold_dropped' : 'hold_moved'],
      )
      assert.equal(report.user.active, active)
      assert.equal(verdict(await house.connection.login(house.person('bob'))), 'created')
    }
  })

  it('f19 of two that merge the same users into each other one wins, and who signs in meanwhile has one user', async () => {
    const { house, pushed, came } = await twoAnns()
    const logins = () => house.connection.login(house.person('ann', { nickname: `n${Math.random()}` }))
    const [a, b, ...answers] = await Promise.all([
      merge(house, pushed, { from: came }),
      merge(house, came, { from: pushed }),
      ...Array.from({ length: 4 }, logins),
    ])
    const statuses = [a, b].map(({ status }) => status).sort()
    assert.ok(statuses[0] === 200 && (statuses[1] === 400 || statuses[1] === 404), statuses.join())
    const survivor = a.status === 200 ? pushed : came
    for (const answer of answers) assert.ok(['updated', 'unchanged'].includes(verdict(answer)), answer.text)
    assert.equal((await house.users()).totalResults, 1)
    assert.equal((await logins()).body.user.id, survivor)
    assert.deepEqual((await house.provenance(survivor)).identities.length, 1)
  })

  it('f19 both externalIds of one client cannot stay: that is said, and a lost race is planned again', async () => {
    const house = await duplicating()
    const post = async (name: string) => (await house.scim.must('POST', '/Users', user(name, { externalId: name }))).id
    const [a, b] = [await post('a'), await post('b')]
    const writes = Array.from({ length: 4 }, (_, at) =>
      house.scim.call('PATCH', `/Users/${a}`, patchOp({ op: 'add', path: 'title', value: `t${at}` })),
    )
    const [report] = await Promise.all([house.organization.admin('POST', `/users/${a}/merge`, { from: b }), ...writes])
    assert.deepEqual(
      report.warnings.map(({ code }: Json) => code),
      ['external_id_dropped'],
    )
    for (const { status } of await Promise.all(writes)) assert.equal(status, 200)
    const versions = (await house.changes())
      .filter(({ resource }) => resource.id === a)
      .map(({ resource }) => resource.version)
    assert.deepEqual(
      versions,
      versions.map((_, at) => at + 1),
    )
  })
})
