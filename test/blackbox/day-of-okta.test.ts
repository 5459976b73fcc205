import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Json } from './patching.ts'
import { isEmpty, type Recorded, startJob, stateOf } from './recording.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const coreUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const headers = { 'content-type': 'application/scim+json; charset=utf-8', accept: 'application/scim+json' }

const isPage = (body: Json) => {
  for (const name of ['totalResults', 'startIndex', 'itemsPerPage']) assert.ok(Number.isInteger(body[name]), name)
  assert.ok(Array.isArray(body.Resources))
}
const patch = (path: string, ...operations: readonly Json[]): Recorded => ({
  request: ['PATCH', path, patchOp(...operations)],
  status: 200,
})

const imports: readonly Recorded[] = [
  { request: ['GET', '/Users?startIndex=1&count=1'], status: 200, check: isPage },
  { request: ['GET', '/Users?startIndex=1&count=100'], status: 200, check: isPage },
  { request: ['GET', '/Groups?startIndex=1&count=100'], status: 200, check: isPage },
]

const profile = (login: string, id: string): Json => ({
  schemas: [coreUrn],
  userName: login,
  name: { givenName: 'Ann', familyName: 'Lee' },
  emails: [{ primary: true, value: login, type: 'work' }],
  displayName: 'Ann Lee',
  locale: 'en-US',
  externalId: id,
  groups: [],
  password: 'k1b3fQx9',
  active: true,
})

const assignment: readonly Recorded[] = [
  {
    request: ['GET', '/Users?filter=userName eq "ann@example.com"&startIndex=1&count=100'],
    status: 200,
    check: isEmpty,
  },
  {
    request: ['POST', '/Users', profile('ann@example.com', '00u1')],
    status: 201,
    note: 'ann',
    check: (body) => {
      assert.equal('password' in body, false)
      assert.equal(body.active, true)
    },
  },
  { request: ['POST', '/Users', profile('bob@example.com', '00u2')], status: 201, note: 'bob' },
  {
    request: ['GET', '/Users?filter=userName eq "ANN@EXAMPLE.COM"&startIndex=1&count=100'],
    status: 200,
    check: (body) => assert.equal(body.totalResults, 1),
  },
]

const groupPush: readonly Recorded[] = [
  { request: ['GET', '/Groups?filter=displayName eq "Crew"&startIndex=1&count=100'], status: 200, check: isEmpty },
  {
    request: ['POST', '/Groups', { schemas: [groupUrn], displayName: 'Crew', members: null }],
    status: 201,
    note: 'crew',
  },
]

const groupUpdates: readonly Recorded[] = [
  { request: ['GET', '/Groups/{crew}'], status: 200 },
  patch('/Groups/{crew}', { op: 'replace', value: { id: '{crew}', displayName: 'Ship Crew' } }),
  patch('/Groups/{crew}', { op: 'replace', path: 'members', value: [{ value: '{ann}' }, { value: '{bob}' }] }),
  patch(
    '/Groups/{crew}',
    { op: 'remove', path: 'members[value eq "{bob}"]' },
    { op: 'add', path: 'members', value: [{ value: '{ann}', display: 'ann@example.com' }] },
  ),
  {
    request: ['PUT', '/Groups/{crew}', { schemas: [groupUrn], id: '{crew}', displayName: 'Ship Crew' }],
    status: 200,
    check: (body) => assert.equal(body.members.length, 1),
  },
]

const deactivation: readonly Recorded[] = [
  patch('/Users/{ann}', { op: 'replace', value: { active: false } }),
  { request: ['GET', '/Users/{ann}'], status: 200, check: (body) => assert.equal(body.active, false) },
]

const reactivation: readonly Recorded[] = [
  patch('/Users/{ann}', { op: 'replace', value: { active: true, password: 'x9Pq' } }),
  { request: ['GET', '/Users/{ann}'], status: 200, check: (body) => assert.equal(body.active, true) },
]

/** Requests in the shapes of Okta's SCIM clients: apps of its network PATCH a little, apps of its wizard PUT everything. */
describe('a day of Okta', () => {
  const house = () => startJob(usher, { dialect: 'okta' }, headers)

  it('R76 R144 imports, assignments, group pushes, deactivation and back', async () => {
    const { run, client, notes } = await house()
    await run(imports)
    await run(assignment)
    await run(imports)
    await run(groupPush)
    await run(groupUpdates)
    const crew = await client.must('GET', `/Groups/${notes.get('crew')}`)
    assert.equal(crew.displayName, 'Ship Crew')
    assert.deepEqual(
      crew.members.map(({ value }: Json) => value),
      [notes.get('ann')],
    )
    await run(deactivation)
    await run(reactivation)
    await run([
      patch('/Groups/{crew}', { op: 'replace', path: 'members', value: [] }),
      {
        request: ['GET', '/Groups/{crew}'],
        status: 200,
        check: (body) => assert.equal('members' in body, false),
      },
      { request: ['DELETE', '/Groups/{crew}'], status: 204 },
      { request: ['GET', '/Groups/{crew}'], status: 404 },
    ])
  })

  it('R89 R90 R285 a profile is read, changed and put back, and what is put again changes nothing', async () => {
    const { organization, run, client, notes } = await house()
    await run(assignment)
    await run(groupPush)
    await run(groupUpdates)
    const path = `/Users/${notes.get('ann')}`
    const read = await client.must('GET', path)
    assert.equal(read.groups.length, 1)
    const before = await stateOf(organization, client)
    await client.must('PUT', path, { ...read, password: 'k1b3fQx9' }, headers)
    assert.deepEqual(await stateOf(organization, client), before)

    const changed = { ...read, title: 'Engineer', name: { ...read.name, familyName: 'Kim' } }
    const answer = await client.must('PUT', path, changed, headers)
    assert.deepEqual([answer.title, answer.name.familyName], ['Engineer', 'Kim'])
    const after = await stateOf(organization, client)
    await client.must('PUT', path, changed, headers)
    assert.deepEqual(await stateOf(organization, client), after)
  })

  it('R285 every step that is played again changes nothing: no version, no change record', async () => {
    const { organization, run, client } = await house()
    await run(assignment)
    await run(groupPush)
    for (const step of [deactivation, reactivation]) {
      await run(step)
      const before = await stateOf(organization, client)
      await run([...imports, ...step])
      assert.deepEqual(await stateOf(organization, client), before)
    }
    const push = groupUpdates.filter(({ request: [, , body] }) => !JSON.stringify(body ?? {}).includes('{bob}'))
    await run(groupUpdates)
    const before = await stateOf(organization, client)
    await run(push)
    assert.deepEqual(await stateOf(organization, client), before)
  })

  it('R26 errors have detail and schemas, with and without credentials', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient({ dialect: 'okta' })
    for (const answer of [
      await client.call('GET', '/Users/00u-unknown'),
      await client.call('GET', '/Users', undefined, { authorization: 'Bearer wrong' }),
    ]) {
      assert.ok(answer.status === 404 || answer.status === 401)
      assert.deepEqual(answer.body.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error'])
      assert.equal(typeof answer.body.detail, 'string')
    }
  })

  it('R90 what another source gave stays nobody’s but its own after Okta has put it back', async () => {
    const organization = await usher.organization()
    const okta = await organization.scimClient({ dialect: 'okta' })
    const ann = await okta.must('POST', '/Users', user('ann'))
    await organization.admin('PUT', '/roles/editor', {})
    await organization.admin('PUT', `/users/${ann.id}/roles/editor`, {})
    const team = await okta.must('POST', '/Groups', group('By hand', { members: [{ value: ann.id }] }))
    const read = await okta.must('GET', `/Users/${ann.id}`)
    assert.deepEqual(read.roles.map(({ value }: Json) => value).sort(), ['editor', 'member'])
    await okta.must('PUT', `/Users/${ann.id}`, read)
    const { roles, groups } = await organization.admin('GET', `/users/${ann.id}/provenance`)
    const sourcesOf = (role: string) => roles.find(({ value }: Json) => value === role).sources
    assert.deepEqual(sourcesOf('editor'), ['admin:operator'])
    assert.deepEqual(sourcesOf('member'), ['default'])
    assert.deepEqual(groups[0].value, team.id)
  })
})
