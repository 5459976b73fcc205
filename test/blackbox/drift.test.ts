import assert from 'node:assert/strict'
import { after, describe, it, mock } from 'node:test'
import mongoose from 'mongoose'
import { TestProvider } from '../provider/test-provider.ts'
import { asOperator, buildHouse, verdict } from './house.ts'
import { unlessAlone } from './neighbour.ts'
import { type Answer, adminToken, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

type Json = Answer['body']

const day = 86_400_000

describe('f24 drift', () => {
  const title = { attribute: 'title', claim: 'title' }

  /** Ann, of whom SCIM, the login and an administrator say different things. */
  async function disagreeing() {
    const house = await buildHouse(usher, provider, {
      jit: { attributes: [title, { attribute: 'nickName', claim: 'nickname', sync: 'IF_EMPTY' }] },
    })
    await house.connection.login(house.person('quiet', { title: 'Clerk' }))
    const { id } = (await house.connection.login(house.person('ann', { title: 'Clerk', nickname: 'Annie' }))).body.user
    await house.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'title', value: 'Boss' }))
    await asOperator(
      usher,
      house.organization,
      'PATCH',
      `/Users/${id}`,
      patchOp({ op: 'replace', path: 'nickName', value: 'Nan' }),
    )
    const drift = async (query = '') => (await house.organization.admin('GET', `/drift?${query}`)).items
    return { house, id: id as string, drift, scim: `scim:${house.scim.id}`, login: `login:${house.connection.id}` }
  }
  const brief = (items: readonly Json[]) =>
    items.map(({ attribute, source, value, shadowed }) => [
      attribute,
      source,
      value,
      shadowed.map((each: Json) => [each.source, each.value]),
    ])

  it('f24 f3 what each source says, and whose value counts; users whose sources agree are not in it', async () => {
    const { house, id, drift, scim, login } = await disagreeing()
    const expected = [
      ['nickName', 'admin:operator', 'Nan', [[login, 'Annie']]],
      ['title', scim, 'Boss', [[login, 'Clerk']]],
    ]
    assert.deepEqual(brief(await drift()).sort(), expected)
    // The next login says what it said, and it stays so.
    const version = (await house.user(id)).meta.version
    await house.connection.login(house.person('ann', { title: 'Clerk', nickname: 'Annie' }))
    assert.deepEqual(brief(await drift()).sort(), expected)
    assert.equal((await house.user(id)).meta.version, version)
    // Whoever comes round is in it no more.
    await house.connection.login(house.person('ann', { title: 'Boss', nickname: 'Nan' }))
    assert.deepEqual(await drift(), [])
  })

  it('f24 f3 where the login has authority, the value of the SCIM client is the one that is shadowed', async () => {
    const { house, id, drift, scim, login } = await disagreeing()
    await house.connection.jit({ attributes: [{ ...title, authority: 'login' }] })
    await house.connection.login(house.person('ann', { title: 'Clerk' }))
    assert.deepEqual(brief(await drift('attribute=title')), [['title', login, 'Clerk', [[scim, 'Boss']]]])
    // Another attribute says nothing about this one, the same value does.
    await house.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'userType', value: 'x' }))
    assert.equal((await drift('attribute=title')).length, 1)
    await house.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'title', value: 'Clerk' }))
    assert.deepEqual(await drift('attribute=title'), [])
  })

  it('f24 is filtered by attribute and source, paged, and exported as lines', async () => {
    const { house, drift, scim, login } = await disagreeing()
    assert.equal((await drift('attribute=TITLE')).length, 1)
    assert.equal((await drift('attribute=name')).length, 0)
    assert.deepEqual(
      (await drift(`source=${scim}`)).map(({ attribute }: Json) => attribute),
      ['title'],
    )
    assert.equal((await drift(`source=${login}`)).length, 2)
    const first = await house.organization.admin('GET', '/drift?limit=1')
    const second = await house.organization.admin(
      'GET',
      `/drift?limit=1&cursor=${encodeURIComponent(first.nextCursor)}`,
    )
    assert.equal(second.nextCursor, undefined)
    const path = `/api/v1/organizations/${house.organization.slug}/drift`
    const headers = { accept: 'application/x-ndjson' }
    const lines = await usher.call('GET', path, { token: adminToken, headers })
    assert.equal(lines.headers.get('content-type'), 'application/x-ndjson')
    const items = lines.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(items, [...first.items, ...second.items])
    const wrong = await usher.call('GET', `${path}?cursor=x`, { token: adminToken, headers })
    assert.deepEqual([wrong.status, wrong.body.code], [400, 'invalid_cursor'])
  })
})

describe('O3 what is kept, and for how long', () => {
  it('O3 deleting a user erases the values in its decisions, also of refusals from before; codes and types stay', async () => {
    const house = await buildHouse(usher, provider)
    await house.organization.admin('PATCH', '', { seatLimit: 0 })
    const refused = await house.connection.login(house.person('ann'))
    assert.equal(verdict(refused), 'seat_limit_reached')
    await house.organization.admin('PATCH', '', { seatLimit: null })
    const created = await house.connection.login(house.person('ann'))
    const other = await house.connection.login(house.person('bob'))
    await house.scim.must('DELETE', `/Users/${created.body.user.id}`)
    for (const [answer, outcome, code] of [
      [refused, 'refused', 'seat_limit_reached'],
      [created, 'created', null],
    ] as const) {
      const decision = await house.decision(answer)
      assert.deepEqual([decision.outcome, decision.code, decision.claims.email], [outcome, code, { type: 'string' }])
      assert.deepEqual(decision.steps.map(({ step }: Json) => step).slice(0, 3), ['connection', 'identity', 'claims'])
      assert.ok(!JSON.stringify(decision).includes(house.email('ann')), JSON.stringify(decision))
    }
    const kept = await house.decision(other)
    assert.equal(kept.claims.email.value, house.email('bob'))
    assert.equal(kept.erasedAt, undefined)
  })

  it('O3 f19 a merge erases nothing; with the survivor goes what was recorded of both', async () => {
    const house = await buildHouse(usher, provider, { jit: { matching: [] } })
    const pushed = await house.scim.must('POST', '/Users', user('ann'))
    const login = await house.connection.login(house.person('ann'))
    await house.organization.admin('POST', `/users/${pushed.id}/merge`, { from: login.body.user.id })
    assert.equal((await house.decision(login)).claims.email.value, house.email('ann'))
    await house.scim.must('DELETE', `/Users/${pushed.id}`)
    assert.deepEqual((await house.decision(login)).claims.email, { type: 'string' })
  })

  it('f14 lifting a tombstone is in the changes with its actor', async () => {
    const house = await buildHouse(usher, provider)
    const { id } = (await house.connection.login(house.person('ann'))).body.user
    await house.scim.must('DELETE', `/Users/${id}`)
    const [tombstone] = (await house.organization.admin('GET', '/tombstones')).items
    await house.organization.admin('DELETE', `/tombstones/${tombstone.id}`)
    const lifted = (await house.changes()).at(-1)
    assert.deepEqual([lifted.action, lifted.actor, lifted.resource.id], ['lift-tombstone', 'admin:operator', id])
  })

  it('f14 O3 decisions and tombstones are kept for as long as the organization says', async () => {
    const house = await buildHouse(usher, provider)
    const defaults = { decisionDays: 90, tombstoneDays: 400, changeDays: null }
    assert.deepEqual((await house.organization.admin('GET', '')).retention, defaults)
    const patch = (retention: Json) => house.organization.admin('PATCH', '', { retention })
    assert.deepEqual((await patch({ tombstoneDays: 10 })).retention, { ...defaults, tombstoneDays: 10 })
    const { id } = (await house.connection.login(house.person('ann'))).body.user
    await house.scim.must('DELETE', `/Users/${id}`)
    const [{ deletedAt, expiresAt }] = (await house.organization.admin('GET', '/tombstones')).items
    assert.equal(Date.parse(expiresAt) - Date.parse(deletedAt), 10 * day)
    assert.deepEqual((await patch({ tombstoneDays: null })).retention, defaults)
    assert.equal((await house.organization.ask('PATCH', '', { retention: { decisionDays: 0 } })).status, 400)
  })
})

describe('the reports cost what they look through', () => {
  it('f19 f20 f24 every query of a report is answered by an index, and users without drift are not looked at', {
    skip: unlessAlone('it listens to all reads of the database'),
  }, async () => {
    const house = await buildHouse(usher, provider, { jit: { attributes: [{ attribute: 'title', claim: 'title' }] } })
    const people = Array.from({ length: 60 }, (_, at) =>
      user(`u-${at}`, { displayName: `U ${at}`, emails: [{ value: `u-${at}@a.example` }], externalId: `x-${at}` }),
    )
    await house.scim.must('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: people.map((data, at) => ({ method: 'POST', path: '/Users', bulkId: `b${at}`, data })),
    })
    const { id } = (await house.connection.login(house.person('ann', { title: 'Clerk' }))).body.user
    await house.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'title', value: 'Boss' }))
    for (const [path, collection, most] of [
      ['/drift', 'users', 1],
      ['/stale-users?days=1', 'identities', 0],
      ['/duplicates', 'users', 61],
    ] as const) {
      const reads = (['users', 'identities'] as const).flatMap((name) =>
        (['find', 'aggregate'] as const).map((method) => ({
          name,
          method,
          listener: mock.method(usher.store[name], method).mock,
        })),
      )
      await house.organization.admin('GET', path)
      const calls = reads.flatMap(({ name, method, listener }) =>
        listener.calls.map((call) => ({ name, method, given: [...call.arguments] as Json[] })),
      )
      for (const { listener } of reads) listener.restore()
      assert.ok(calls.length > 0)
      for (const { name, method, given } of calls) {
        const [org, query, more] = given
        const plan =
          method === 'find'
            ? await usher.store[name].explain(org, query, more)
            : await explainAggregate(name, [{ $match: { ...query, org } }, ...more])
        const text = JSON.stringify(plan)
        assert.ok(!text.includes('COLLSCAN'), `${path}: ${JSON.stringify(query)} ${text}`)
        assert.ok(!/"indexesUsed":\[\]/.test(text), `${path}: a join without an index: ${text}`)
        const first = method === 'find' && name === collection ? (plan as Json).executionStats : null
        if (first !== null) assert.ok(first.totalDocsExamined <= most, `${path}: ${text}`)
        for (const [, examined] of text.matchAll(/"totalDocsExamined":"?(\d+)/g))
          assert.ok(Number(examined) <= 200, text)
      }
    }
  })
})

async function explainAggregate(collection: string, pipeline: readonly Json[]) {
  const client = await mongoose.mongo.MongoClient.connect(usher.home.database)
  try {
    return await client
      .db()
      .command({ explain: { aggregate: collection, pipeline, cursor: {} }, verbosity: 'executionStats' })
  } finally {
    await client.close()
  }
}
