import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requestToken } from './oauth-client.ts'
import { enterpriseUrn, type Json } from './patching.ts'
import { isEmpty, isOne, type Notes, play, type Recorded, startJob, stateOf } from './recording.ts'
import { group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const headers = { 'content-type': 'application/scim+json' }
const job = () => startJob(usher, { dialect: 'rfc' }, headers)

const patchMembers = (op: string, value: readonly Json[]): Recorded => ({
  request: ['PATCH', '/Groups/{crew}', patchOp({ op, path: 'members', value })],
  status: 200,
})
const deleted = (path: string): readonly Recorded[] => [
  { request: ['DELETE', path], status: 204 },
  { request: ['GET', path], status: 404 },
]

/** Its test makes a user and a group and deletes them; people come by PUT, members by PATCH. */
describe('a day of JumpCloud', () => {
  const person = (more: Json = {}): Json =>
    user('ann@example.com', {
      externalId: '5f1',
      name: { givenName: 'Ann', familyName: 'Lee' },
      displayName: 'Ann Lee',
      emails: [{ value: 'ann@example.com', type: 'work', primary: true }],
      active: true,
      [enterpriseUrn]: { department: 'Tools', costCenter: '7', employeeNumber: '8' },
      ...more,
    })
  const test: readonly Recorded[] = [
    { request: ['GET', '/Users?filter=userName eq "test@example.com"'], status: 200, check: isEmpty },
    { request: ['POST', '/Users', user('test@example.com', { active: true })], status: 201, note: 'test' },
    { request: ['PUT', '/Users/{test}', user('test@example.com', { active: false })], status: 200 },
    { request: ['POST', '/Groups', group('test group')], status: 201, note: 'crew' },
    patchMembers('add', [{ value: '{test}' }]),
    patchMembers('remove', [{ value: '{test}' }]),
    ...deleted('/Groups/{crew}'),
    ...deleted('/Users/{test}'),
  ]
  const changes: readonly Recorded[] = [
    { request: ['GET', '/Users?filter=userName eq "ann@example.com"'], status: 200, note: 'ann', check: isOne },
    { request: ['PUT', '/Users/{ann}', person({ title: 'Engineer' })], status: 200 },
    patchMembers('add', [{ value: '{ann}' }]),
  ]
  const deactivation: readonly Recorded[] = [
    { request: ['PUT', '/Users/{ann}', person({ active: false })], status: 200 },
    patchMembers('remove', [{ value: '{ann}' }]),
  ]

  it('R62 R73 R130 its test leaves no name taken, and a person lives from push to removal', async () => {
    const { run, client } = await job()
    await run(test, test)
    assert.equal((await client.must('GET', '/Users')).totalResults, 0)
    await run([{ request: ['POST', '/Users', person()], status: 201, note: 'ann' }])
    await run([{ request: ['POST', '/Groups', group('Crew')], status: 201, note: 'crew' }])
    await run(changes, deactivation, deleted('/Users/{ann}'), deleted('/Groups/{crew}'))
  })

  it('R285 what is sent again changes nothing', async () => {
    const { run, runTwice } = await job()
    await run([{ request: ['POST', '/Users', person()], status: 201, note: 'ann' }])
    await run([{ request: ['POST', '/Groups', group('Crew')], status: 201, note: 'crew' }])
    await runTwice(changes)
    await runTwice(deactivation)
  })
})

/** It may come with client credentials; a filter asks who is there, and PingFederate walks by cursor. */
describe('a day of Ping', () => {
  const person = (name: string, more: Json = {}): Json =>
    user(name, {
      externalId: `ping-${name}`,
      name: { givenName: name, familyName: 'Lee' },
      emails: [{ value: `${name}@example.com`, type: 'work' }],
      active: true,
      ...more,
    })
  const test: readonly Recorded[] = [
    { request: ['GET', '/Users?filter=userName eq "nobody"'], status: 200, check: isEmpty },
  ]
  const changes: readonly Recorded[] = [
    { request: ['GET', '/Users?filter=emails.value eq "ann@example.com"'], status: 200, note: 'ann', check: isOne },
    { request: ['PUT', '/Users/{ann}', person('ann', { title: 'Engineer' })], status: 200 },
    patchMembers('add', [{ value: '{ann}' }, { value: '{bob}' }]),
  ]
  const deactivation: readonly Recorded[] = [
    { request: ['PUT', '/Users/{ann}', person('ann', { active: false })], status: 200 },
    {
      request: ['PATCH', '/Groups/{crew}', patchOp({ op: 'remove', path: 'members[value eq "{ann}"]' })],
      status: 200,
    },
  ]

  it('R3 R198 R285 with an access token: everybody is found by cursor, and what is sent again changes nothing', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient({ dialect: 'rfc' })
    const form = { grant_type: 'client_credentials', client_id: client.id, client_secret: client.token }
    const { access_token: token } = (await requestToken(usher, organization.slug, form)).body
    const call: ScimClient['call'] = (method, path, body, more = {}) =>
      usher.call(method, `/scim/v2/${organization.slug}${path}`, { token, body, headers: { ...headers, ...more } })
    const ping: ScimClient = { ...client, token, call }
    const notes: Notes = new Map()
    const run = (steps: readonly Recorded[]) => play(ping, notes, headers, steps)
    await run(test)
    for (const name of ['ann', 'bob', 'cat']) {
      await run([{ request: ['POST', '/Users', person(name)], status: 201, note: name }])
    }
    await run([{ request: ['POST', '/Groups', group('Crew')], status: 201, note: 'crew' }])
    const first = await call('GET', '/Users?cursor=&count=2')
    const second = await call('GET', `/Users?cursor=${first.body.nextCursor}&count=2`)
    assert.deepEqual([first.body.Resources.length, second.body.Resources.length], [2, 1])
    assert.equal('nextCursor' in second.body, false)
    for (const steps of [changes, deactivation]) {
      await run(steps)
      const before = await stateOf(organization, client)
      await run(steps)
      assert.deepEqual(await stateOf(organization, client), before)
    }
    await run([...deleted('/Users/{ann}'), ...deleted('/Groups/{crew}')])
  })
})

/** Extensions of it differ in names only: `externalId` is Keycloak's id, people and groups come by PUT. */
describe('a day of Keycloak', () => {
  const person = (more: Json = {}): Json =>
    user('ann', {
      externalId: 'f3a1c0de-0000-4000-8000-000000000001',
      name: { givenName: 'Ann', familyName: 'Lee' },
      emails: [{ value: 'ann@example.com', primary: true }],
      active: true,
      ...more,
    })
  const crew = (...members: readonly string[]): Json =>
    group('/crew', { externalId: 'f3a1c0de-0000-4000-8000-00000000000a', members: members.map((value) => ({ value })) })
  const refresh: readonly Recorded[] = [
    { request: ['GET', '/ServiceProviderConfig'], status: 200 },
    { request: ['GET', '/Users?startIndex=1&count=100'], status: 200, note: 'ann', check: isOne },
    {
      request: ['GET', '/Users?filter=externalId eq "f3a1c0de-0000-4000-8000-000000000001"'],
      status: 200,
      check: isOne,
    },
    { request: ['PUT', '/Users/{ann}', person({ displayName: 'Ann Lee' })], status: 200 },
    { request: ['PUT', '/Groups/{crew}', crew('{ann}')], status: 200 },
  ]
  const disabled: readonly Recorded[] = [
    { request: ['PUT', '/Users/{ann}', person({ active: false })], status: 200 },
    { request: ['PUT', '/Groups/{crew}', crew()], status: 200 },
  ]

  it('R81 R88 R285 people and groups by PUT, and what is sent again changes nothing', async () => {
    const { run, runTwice, client } = await job()
    await run([{ request: ['POST', '/Users', person()], status: 201, note: 'ann' }])
    await run([{ request: ['POST', '/Groups', crew()], status: 201, note: 'crew' }])
    await runTwice(refresh)
    assert.equal((await client.must('GET', '/Groups')).Resources[0].members.length, 1)
    await runTwice(disabled)
    assert.equal('members' in (await client.must('GET', '/Groups')).Resources[0], false)
    await run(deleted('/Users/{ann}'), deleted('/Groups/{crew}'))
  })

  it('R81 a PATCH or PUT of what has gone is 404, so that it is made again', async () => {
    const { run } = await job()
    await run([{ request: ['POST', '/Users', person()], status: 201, note: 'ann' }], deleted('/Users/{ann}'))
    await run([
      { request: ['PUT', '/Users/{ann}', person()], status: 404 },
      { request: ['PATCH', '/Users/{ann}', patchOp({ op: 'replace', path: 'active', value: true })], status: 404 },
      { request: ['POST', '/Users', person()], status: 201 },
    ])
  })

  it('R63 one that leaves out `schemas` is read in the dialect okta', async () => {
    const { run } = await startJob(usher, { dialect: 'okta' }, headers)
    const { schemas: _, ...without } = person()
    await run([{ request: ['POST', '/Users', without], status: 201, note: 'ann' }])
    await run([{ request: ['PUT', '/Users/{ann}', { ...without, title: 'Engineer' }], status: 200 }])
  })
})
