import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it, mock } from 'node:test'
import mongoose from 'mongoose'
import type { Store } from '../../src/store/store.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, type House } from './house.ts'
import { jobEnd } from './jobs.ts'
import { type Answer, group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())
const { store } = usher

interface Populated {
  readonly house: House
  /** Its internal id. */
  readonly org: string
  readonly users: readonly string[]
  /** Users of whom nothing else is to be told; the second one is suspended. */
  readonly more: readonly string[]
  readonly group: string
}

/** People of every kind: pushed, signed in, changed, deleted, in groups of groups, with roles and a limit of seats. */
async function populate(): Promise<Populated> {
  const house = await buildHouse(usher, provider, { organization: { seatLimit: 20 } })
  const { scim, organization, connection } = house
  await organization.admin('PUT', '/roles/editor', {})
  const users: string[] = []
  for (const name of ['ann', 'bob', 'cleo', 'dan']) {
    const more = { externalId: `x-${name}`, displayName: name, emails: [{ value: house.email(name), primary: true }] }
    users.push((await scim.must('POST', '/Users', user(house.email(name), more))).id)
  }
  const members = users.slice(0, 3).map((value) => ({ value }))
  const team = await scim.must('POST', '/Groups', group('Team', { members }))
  await scim.must('POST', '/Groups', group('All', { members: [{ value: team.id }] }))
  await connection.jit({
    groups: { mode: 'sync', claim: 'groups', mapping: [{ value: 'team', group: team.id }] },
    roles: { mode: 'sync', claim: 'roles', mapping: [{ value: 'editor', role: 'editor' }] },
  })
  for (const groups of [['team'], [], ['team']]) {
    await connection.login(house.person('ann', { groups, roles: ['editor'] }))
    await connection.login(house.person('zoe', { groups }))
  }
  await organization.admin('PUT', `/users/${users[1]}/roles/editor`)
  const more: string[] = []
  for (let n = 0; n < 4; n += 1) more.push((await scim.must('POST', '/Users', user(house.email(`more-${n}`)))).id)
  await organization.admin('POST', `/users/${more[1]}/suspend`, {})
  await scim.must('PATCH', `/Users/${users[2]}`, patchOp({ op: 'replace', path: 'title', value: 'Chief' }))
  await scim.must('PATCH', `/Groups/${team.id}`, patchOp({ op: 'remove', path: `members[value eq "${users[2]}"]` }))
  await scim.must('DELETE', `/Users/${users[3]}`)
  await organization.admin('GET', '/changes')
  const found = await store.organizations.findOne({ slug: organization.slug })
  return { house, org: found!._id, users, more, group: team.id }
}

async function verify({ house }: Populated): Promise<Answer['body']> {
  const { job } = await house.organization.admin('POST', '/verification')
  const { result, progress } = await jobEnd(usher, job)
  assert.equal(progress.done, progress.total)
  return result
}

const rulesOf = ({ violations }: Answer['body']) => violations.map(({ rule }: { rule: string }) => rule)
const toldBy = ({ violations }: Answer['body']): readonly string[] =>
  violations.map(({ rule, subject }: { rule: string; subject: string }) => `${rule}: ${subject}`).sort()

const nobody = randomUUID()

/** What somebody with the password of the database can do, and what is told of it. */
const damages: Readonly<Record<string, (at: Populated) => Promise<readonly string[]>>> = {
  async 'a comparison form that was changed'({ org, users: [_id] }) {
    await store.users.updateOne(org, { _id }, { $set: { 'search.displayName': 'somebody' } })
    return [`comparison_form: User ${_id}`]
  },
  async 'a reservation that was put in'({ org, group: _id }) {
    await store.groups.updateOne(org, { _id }, { $set: { keys: ['Group|x|y'] } })
    return [`comparison_form: Group ${_id}`]
  },
  async 'a grant that nobody gave'({ org, users: [, _id] }) {
    await store.users.updateOne(org, { _id }, { $set: { 'grants.0.sources': [] } })
    return [`comparison_form: User ${_id}`, `provenance: User ${_id}`]
  },
  async 'a value that nobody gave'({ org, users: [, , _id] }) {
    await store.users.updateOne(org, { _id }, { $pull: { sources: { path: 'title' } } })
    return [`provenance: User ${_id}`]
  },
  async 'a form of an earlier release'({ org, more: [_id] }) {
    await store.users.updateOne(org, { _id }, { $set: { form: 1 } })
    return [`comparison_form: User ${_id}`]
  },
  async 'a hold that was taken away'({ org, more: [, _id] }) {
    await store.users.updateOne(org, { _id }, { $set: { holds: [] } })
    return [`comparison_form: User ${_id}`]
  },
  async 'a version that was raised'({ org, more: [, , _id] }) {
    await store.users.updateOne(org, { _id }, { $inc: { version: 1 } })
    return [`comparison_form: User ${_id}`, `versions: User ${_id}`]
  },
  async 'a user that was removed'({ org, more: [, , , _id] }) {
    await store.users.deleteOne(org, { _id })
    return [`versions: User ${_id}`]
  },
  async 'a membership of nobody'({ org, group: id }) {
    const sources = [{ source: 'admin:operator', at: new Date() }] as const
    await store.memberships.insertOne(org, { org, group: id, member: nobody, kind: 'User', sources })
    return [`memberships: membership of ${nobody} in ${id}`]
  },
  async 'a membership that nobody gave'({ org, group: id, users: [member] }) {
    await store.memberships.updateOne(org, { group: id, member }, { $set: { sources: [] } })
    return [`provenance: membership of ${member} in ${id}`]
  },
  async 'a link to nobody'({ org }) {
    const [link] = await store.identities.find(org, { subject: 'zoe-subject' })
    await store.identities.updateOne(org, { _id: link!._id }, { $set: { user: nobody } })
    return [`links: link ${link!._id}`]
  },
  async 'a counter of seats that was changed'({ org }) {
    await store.seats.updateOne(org, { _id: org }, { $inc: { used: 7 } })
    return ['seats: seats']
  },
}

describe('a verification', () => {
  it('P-6 finds nothing where nothing is wrong, and writes nothing', async () => {
    const at = await populate()
    const before = await usher.call('GET', `/scim/v2/${at.house.organization.slug}/Users`, {
      token: at.house.scim.token,
    })
    const { feed, looked, ...rest } = await verify(at)
    assert.deepEqual(rest, { ok: true, organization: at.house.organization.slug, violated: 0, violations: [] })
    assert.deepEqual([looked.users, looked.groups, looked.memberships, looked.links], [8, 2, 4, 2])
    const changes = (await at.house.organization.admin('GET', '/changes?limit=200')).items
    assert.deepEqual([looked.changes, feed.seq], [changes.length, changes.length])
    assert.match(feed.chain, /^[\w-]{43}$/)
    const same = await usher.call('GET', `/scim/v2/${at.house.organization.slug}/Users`, { token: at.house.scim.token })
    assert.deepEqual(same.body, before.body)
  })

  it('is the operator’s', async () => {
    const { house } = await populate()
    const { token } = await house.organization.admin('POST', '/api-keys', { name: 'admin', scopes: ['admin'] })
    assert.equal((await house.organization.ask('POST', '/verification', undefined, token)).status, 403)
  })

  it('names whatever was damaged, by rule and subject, and nothing else', async () => {
    const at = await populate()
    const expected: string[] = []
    for (const damage of Object.values(damages)) expected.push(...(await damage(at)))
    const result = await verify(at)
    assert.deepEqual(toldBy(result), expected.sort())
    assert.deepEqual([result.ok, result.violated], [false, expected.length])
  })

  it('answers every read by an index, in its order', async () => {
    const at = await populate()
    const calls = watch(store)
    await verify(at)
    assert.ok(calls.length >= 12)
    for (const { name, query, options } of calls) {
      const { queryPlanner } = (await store[name].explain(at.org, query, options)) as { queryPlanner: unknown }
      const plan = JSON.stringify(queryPlanner)
      const stages = [...plan.slice(0, plan.indexOf('rejectedPlans')).matchAll(/"stage":"(\w+)"/g)].map(([, s]) => s)
      for (const stage of ['COLLSCAN', 'SORT']) {
        assert.ok(!stages.includes(stage), `${name} ${JSON.stringify(query)}: ${stages}`)
      }
    }
  })
})

describe('the records of changes', () => {
  it('row 137 that were edited or removed are told by organization and number, the newest one too', async () => {
    const at = await populate()
    const { changes, feeds } = store
    const { seq: newest } = (await feeds.findOne(at.org, {}))!
    const edits = {
      3: { actor: 'admin:x' },
      5: { at: new Date(0) },
      7: { 'operations.0.path': '/x' },
      9: { chain: 'x' },
    }
    for (const [seq, edit] of Object.entries(edits)) {
      await changes.updateOne(at.org, { seq: Number(seq) }, { $set: edit })
    }
    for (const seq of [1, newest]) await changes.deleteOne(at.org, { seq })
    const result = await verify(at)
    assert.equal(result.organization, at.house.organization.slug)
    // What carries another hash is also not what the next one follows.
    const edited = [3, 5, 7, 9, 10].map((seq) => `chain: change ${seq}`)
    const removed = [1, newest].map((seq) => `numbers: change ${seq}`)
    const ofFeed = toldBy(result).filter((line) => line.includes('change '))
    assert.deepEqual(ofFeed, [...edited, ...removed].sort())
  })

  it('row 137 that retention has removed are not missed, and the rest is still chained', async () => {
    const at = await populate()
    const { admin } = at.house.organization
    usher.clock.offset = 3 * 86_400_000
    try {
      await admin('PATCH', '', { retention: { changeDays: 1 } })
      await at.house.scim.must('POST', '/Users', user(at.house.email('late')))
      await admin('GET', '/changes?limit=1')
      await store.organizations.updateOne({ _id: at.org }, { $set: { careDueAt: new Date(0) } })
      await usher.app.background.wake('care')
      await usher.app.background.wake('jobs')
      const removed = (await store.organizations.findOne({ _id: at.org }))?.changesRemovedTo ?? 0
      assert.ok(removed > 5, `${removed}`)
      const clean = await verify(at)
      assert.deepEqual(clean.violations, [])
      await store.changes.updateOne(at.org, { seq: removed + 1 }, { $set: { actor: 'admin:nobody' } })
      assert.deepEqual(rulesOf(await verify(at)), ['chain'])
    } finally {
      usher.clock.offset = 0
    }
  })

  it('row 137 and the collection of credentials: whoever has its hashes has no token', async () => {
    const { house, org } = await populate()
    for (const { _id, prefix } of await store.credentials.find({ org })) {
      for (const token of [_id, `${prefix}${_id}`]) {
        const { status } = await usher.call('GET', `/scim/v2/${house.organization.slug}/Users`, { token })
        assert.equal(status, 401)
      }
    }
  })
})

describe('two users of one name', () => {
  it('are found where the index that forbids them is gone, which is told as well', async () => {
    const at = await populate()
    const client = new mongoose.mongo.MongoClient(usher.home.database)
    await client.db().collection('users').dropIndex('org_1_search.userName_1')
    await client.close()
    const [ann] = await store.users.find(at.org, { _id: at.users[0] })
    const { keys: _, externalIds: __, ...rest } = ann!
    await store.users.insertOne(at.org, { ...rest, _id: randomUUID(), externalIds: [] })
    const rules = new Set(rulesOf(await verify(at)))
    assert.ok(rules.has('indexes') && rules.has('user_names') && rules.has('versions'), [...rules].join())
  })
})

const names = ['users', 'groups', 'resources', 'memberships', 'identities', 'changes', 'departures'] as const

/** Every read of a verification, with what it asked. */
function watch(of: Store) {
  const calls: { name: (typeof names)[number]; query: Readonly<Record<string, unknown>>; options: object }[] = []
  for (const name of names) {
    for (const method of ['find', 'stream'] as const) {
      const original = of[name][method].bind(of[name]) as (...input: unknown[]) => unknown
      mock.method(of[name], method, (...input: [string, Readonly<Record<string, unknown>>, object?]) => {
        const { session: _, ...options } = (input[2] ?? {}) as { session?: unknown }
        calls.push({ name, query: input[1], options })
        return original(...input)
      })
    }
  }
  after(() => mock.restoreAll())
  return calls
}
