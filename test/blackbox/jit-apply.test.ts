import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, type House, verdict } from './house.ts'
import { jobEnd } from './jobs.ts'
import { type Answer, group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

type Json = Answer['body']

async function stage(jit: object) {
  const house = await buildHouse(usher, provider, { jit: { ...jit } })
  const path = `/connections/${house.connection.id}/jit`
  const apply = async (body?: object) => {
    const { job } = await house.organization.admin('POST', `${path}/apply`, body)
    return (await jobEnd(usher, job)).result
  }
  const login = (name: string, more = {}) => house.connection.login(house.person(name, more))
  return { ...house, path, apply, login }
}

const groupsOf = async (house: House, id: string) =>
  ((await house.user(id)).groups ?? []).map(({ display }: Json) => display).sort()
const numbers = ({ samples: _, dryRun: __, ...report }: Json) => report
const nothing = {
  users: 0,
  changed: 0,
  created: 0,
  refused: 0,
  losingRoles: 0,
  losingGroups: 0,
  privilegedLosses: 0,
  unknown: 0,
  held: 0,
  failed: 0,
}

/** Groups A and B, of which the value `a` led to the first, and Ann and Bob in it. */
async function mappedToA(more: object = {}) {
  const to = (target: string) => ({ ...more, groups: { mode: 'sync', mapping: [{ value: 'a', group: target }] } })
  const house = await stage({})
  for (const name of ['A', 'B']) await house.scim.must('POST', '/Groups', group(name))
  await house.connection.jit(to('A'))
  const ids: string[] = []
  for (const name of ['ann', 'bob']) ids.push((await house.login(name, { groups: ['a'] })).body.user.id)
  await house.scim.must(
    'PATCH',
    `/Groups/${await groupId(house, 'A')}`,
    patchOp({ op: 'add', path: 'members', value: [{ value: ids[1] }] }),
  )
  return { ...house, ids, to }
}

async function groupId({ scim }: House, name: string): Promise<string> {
  const { Resources } = await scim.must('GET', `/Groups?filter=${encodeURIComponent(`displayName eq "${name}"`)}`)
  return Resources[0].id
}

describe('a mapping that is changed', () => {
  it('f6 f8 the next login leaves the old target, unless another source gives it', async () => {
    const house = await mappedToA()
    await house.connection.jit(house.to('B'))
    for (const name of ['ann', 'bob']) assert.equal(verdict(await house.login(name, { groups: ['a'] })), 'updated')
    assert.deepEqual(await groupsOf(house, house.ids[0]!), ['B'])
    assert.deepEqual(await groupsOf(house, house.ids[1]!), ['A', 'B'])
  })

  it('f8 O4 applied without waiting for logins: the same outcome, in the name of the connection, caused by the administrator', async () => {
    const house = await mappedToA()
    await house.connection.jit(house.to('B'))
    const before = [await house.users(), await house.changes(), await house.organization.admin('GET', '/decisions')]
    const expected = { ...nothing, users: 2, changed: 2, losingGroups: 2 }
    assert.deepEqual(numbers(await house.apply({ dryRun: true })), expected)
    assert.deepEqual(
      [await house.users(), await house.changes(), await house.organization.admin('GET', '/decisions')],
      before,
    )

    const result = await house.apply()
    assert.deepEqual(numbers(result), expected)
    assert.equal(result.samples.length, 2)
    assert.deepEqual(await groupsOf(house, house.ids[0]!), ['B'])
    assert.deepEqual(await groupsOf(house, house.ids[1]!), ['A', 'B'])
    const { groups, identities } = await house.provenance(house.ids[0]!)
    assert.deepEqual(groups[0].sources, [`login:${house.connection.id}`])
    assert.equal(identities[0].lastLogin, before[2].items.at(-1).at)
    const fresh = (await house.changes()).slice(before[1].length)
    assert.ok(fresh.length > 0)
    for (const change of fresh) {
      assert.deepEqual([change.actor, change.source], ['admin:operator', `login:${house.connection.id}`])
      assert.equal(change.decisionId, undefined)
    }
    assert.deepEqual(await house.organization.admin('GET', '/decisions'), before[2])
    assert.deepEqual(numbers(await house.apply()), { ...nothing, users: 2 })
    assert.equal(verdict(await house.login('ann', { groups: ['a'] })), 'unchanged')
  })
})

describe('settings that are applied', () => {
  it('f3 f12 what a SCIM client wrote stays, and whose last login does not say what is asked is left as they are', async () => {
    const house = await stage({ attributes: [{ attribute: 'nickName', claim: 'given_name' }] })
    const ann = (await house.login('ann', { title: 'Engineer' })).body.user.id
    const bob = (await house.login('bob')).body.user.id
    await house.scim.must('PATCH', `/Users/${ann}`, patchOp({ op: 'replace', path: 'nickName', value: 'Annie' }))
    await house.connection.jit({
      attributeSyncMethod: 'OVERRIDE_ALL',
      attributes: [
        { attribute: 'nickName', template: '{given_name|lower}.{given_name}' },
        { attribute: 'title', claim: 'title' },
      ],
    })
    // of Ann's title only the type was recorded; Bob had none
    assert.deepEqual(numbers(await house.apply()), { ...nothing, users: 2, changed: 1, unknown: 1 })
    assert.equal((await house.user(ann)).nickName, 'Annie')
    assert.equal((await house.user(bob)).nickName, 'bob.bob')
  })

  it('L1 f14 nobody is made active, created or linked by it', async () => {
    const house = await stage({ domains: 'verified' })
    const ann = (await house.login('ann')).body.user.id
    assert.equal(verdict(await house.login('guest', { email: 'guest@x.example' })), 'domain_not_allowed')
    await house.setActive(ann, false)
    const reactivate = { suspended: true, deactivatedByScim: true, deactivatedByAdmin: true }
    await house.connection.jit({ domains: 'any', reactivate, attributes: [{ attribute: 'title', value: 'X' }] })
    const before = await house.users()
    assert.deepEqual(numbers(await house.apply()), { ...nothing, users: 1, refused: 1 })
    assert.deepEqual(await house.users(), before)
  })

  it('f11 O2 removals beyond the share are held, and f13 the last holder of a privileged role keeps it', async () => {
    const house = await mappedToA({ limits: { removalShare: 0 } })
    await house.connection.jit(house.to('B'))
    assert.deepEqual(numbers(await house.apply()), { ...nothing, users: 2, changed: 2, held: 2 })
    assert.deepEqual(await groupsOf(house, house.ids[0]!), ['A', 'B'])

    const last = await mappedToA({ limits: { removalShare: 1 } })
    await last.organization.admin('PUT', '/roles/root', { privileged: true, groups: [await groupId(last, 'A')] })
    await last.scim.must('DELETE', `/Users/${last.ids[1]}`)
    await last.connection.jit(last.to('B'))
    assert.deepEqual(numbers(await last.apply()), { ...nothing, users: 1, changed: 1 })
    assert.deepEqual(await groupsOf(last, last.ids[0]!), ['A', 'B'])
  })

  it('f6 f16 settings that lead nowhere any more take back what the connection gave, and only that', async () => {
    const house = await mappedToA()
    await house.connection.jit({ groups: { mode: 'sync' }, roles: { mode: 'sync' }, limits: { removalShare: 1 } })
    assert.deepEqual(numbers(await house.apply()), { ...nothing, users: 2, changed: 2, losingGroups: 2 })
    assert.deepEqual(await groupsOf(house, house.ids[0]!), [])
    assert.deepEqual(await groupsOf(house, house.ids[1]!), ['A'])
  })

  it('f10 a connection that writes nothing has nothing to apply; reading is not enough to ask for it', async () => {
    const house = await stage({ mode: 'observe' })
    assert.equal((await house.organization.ask('POST', `${house.path}/apply`)).status, 400)
    const { token } = await house.organization.admin('POST', '/api-keys', { name: 'k', scopes: ['read'] })
    assert.equal((await house.organization.ask('POST', `${house.path}/apply`, {}, token)).status, 403)
  })

  it('f17 settings that change while they are applied end the job, which says so', async () => {
    const house = await stage({})
    await house.login('ann')
    const connection = await house.organization.admin('GET', `/connections/${house.connection.id}`)
    const { _id: org } = (await usher.store.organizations.findOne({ slug: house.organization.slug }))!
    const job = await house.organization.admin('POST', `${house.path}/apply`, { dryRun: true })
    await jobEnd(usher, job.job)
    const stale = {
      connection: connection.id,
      version: connection.jitVersion - 1,
      actor: 'admin:operator',
      dryRun: false,
    }
    await usher.store.jobs.updateOne(org, { _id: job.job }, { $set: { state: 'pending', cursor: null, input: stale } })
    await usher.app.background.wake('jobs')
    assert.match((await jobEnd(usher, job.job, 'failed')).error, /have changed/)
  })
})

describe('f8 a preview of many people', () => {
  it('f8 is left to a job, whose result is what fewer people are answered with; each person is one step in an index', async () => {
    const house = await stage({ domains: 'any' })
    const { body } = await house.login('ann')
    await house.login('ann', { nickname: 'Annie' })
    const { _id: org } = (await usher.store.organizations.findOne({ slug: house.organization.slug }))!
    const decision = (await usher.store.decisions.findOne(org, { _id: body.decisionId }))!
    const { tokenKey: _, ...copied } = decision
    const others = Array.from({ length: 500 }, (__, index) => ({
      ...copied,
      _id: `${copied._id}-${index}`,
      reference: `${copied.reference}-${index}`,
      subject: `s-${String(index).padStart(5, '0')}`,
      claims: copied.claims.filter(({ name }) => name === 'given_name'),
    }))
    await usher.store.decisions.insertMany(org, others)
    const jit = { mode: 'link', attributes: [{ attribute: 'title', value: 'New' }] }
    const answer = await house.organization.ask('POST', `${house.path}/preview`, { jit })
    assert.equal(answer.status, 202, answer.text)
    const { result, progress, kind } = await jobEnd(usher, answer.body.job)
    assert.equal(kind, 'preview-settings')
    assert.deepEqual(progress, { done: 501, total: 501 })
    const { samples, ...report } = result
    assert.deepEqual(report, {
      users: 501,
      changed: 1,
      created: 0,
      refused: 500,
      losingRoles: 0,
      losingGroups: 0,
      privilegedLosses: 0,
    })
    assert.equal(samples.length, 10)

    const query = { connection: house.connection.id, subject: { $gt: '' } }
    const options = { sort: { subject: 1, _id: -1 }, limit: 1 } as const
    const plan = (await usher.store.decisions.explain(org, query, options)) as Json
    assert.deepEqual([plan.executionStats.totalDocsExamined, plan.executionStats.totalKeysExamined], [1, 1])
    await usher.store.decisions.deleteMany(org, { reference: { $in: others.map(({ reference }) => reference) } })
    const few = await house.organization.admin('POST', `${house.path}/preview`, { jit })
    assert.deepEqual([few.users, few.changed], [1, 1])
  })
})

describe('versions of the settings', () => {
  it('f17 O4 each says who changed what, and two of them are compared', async () => {
    const house = await stage({})
    const { connection, organization, path } = house
    await connection.jit({
      mode: 'link',
      attributes: [
        { attribute: 'title', claim: 'title' },
        { attribute: 'nickName', claim: 'n' },
      ],
    })
    const { token, id } = await organization.admin('POST', '/api-keys', { name: 'k', scopes: ['admin'] })
    await organization.ask(
      'PATCH',
      path,
      { mode: null, attributes: [{ attribute: 'title', claim: 'role' }], groups: { mode: 'append' } },
      token,
    )
    const [newest, second] = (await organization.admin('GET', `${path}/versions?limit=2`)).items
    assert.equal(newest.actor, `admin:${id}`)
    const changes = [
      { path: 'attributes[attribute eq "nickName"]', before: { attribute: 'nickName', claim: 'n' }, after: null },
      { path: 'attributes[attribute eq "title"].claim', before: 'title', after: 'role' },
      { path: 'groups', before: null, after: { mode: 'append' } },
      { path: 'mode', before: 'link', after: null },
    ]
    assert.deepEqual(newest.changes, changes)
    assert.deepEqual(
      second.changes.map((change: Json) => change.path),
      ['attributes', 'mode'],
    )
    const { version } = newest
    assert.deepEqual((await organization.admin('GET', `${path}/versions/${version}`)).changes, changes)
    assert.deepEqual(await organization.admin('GET', `${path}/versions?diff=${version}..${version - 1}`), {
      from: version,
      to: version - 1,
      changes: changes.map(({ path: place, before, after: then }) => ({ path: place, before: then, after: before })),
    })
    await organization.admin('POST', `${path}/rollback`, { version: version - 1 })
    const same = await organization.admin('GET', `${path}/versions?diff=${version - 1}..${version + 1}`)
    assert.deepEqual(same.changes, [])
    assert.equal((await organization.ask('GET', `${path}/versions?diff=1..99`)).status, 404)
    assert.equal((await organization.ask('GET', `${path}/versions?diff=newest`)).status, 400)
  })
})

describe('a person of whom nothing is recorded', () => {
  it('f8 is counted as unknown', async () => {
    const house = await stage({})
    const { body } = await house.login('ann')
    const { _id: org } = (await usher.store.organizations.findOne({ slug: house.organization.slug }))!
    await usher.store.decisions.deleteMany(org, { _id: body.decisionId })
    await house.scim.must('POST', '/Users', user('bob'))
    assert.deepEqual(numbers(await house.apply()), { ...nothing, users: 1, unknown: 1 })
  })
})
