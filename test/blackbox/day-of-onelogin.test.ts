import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { enterpriseUrn, type Json } from './patching.ts'
import { isEmpty, isOne, type Recorded, startJob, stateOf } from './recording.ts'
import { patchOp, startUsher } from './usher.ts'

const usher = await startUsher()
const headers = { 'content-type': 'application/json', accept: 'application/json' }
const job = () => startJob(usher, { dialect: 'onelogin' }, headers)
const coreUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
/** Connectors of earlier drafts still send these. */
const former = { core: 'urn:scim:schemas:core:2.0', enterprise: 'urn:scim:schemas:extension:enterprise:2.0' }

const testConnection: readonly Recorded[] = [
  { request: ['GET', '/Users?filter=userName eq "onelogin-test-user-0f3c"&'], status: 200, check: isEmpty },
  { request: ['GET', '/Users?'], status: 200 },
  { request: ['GET', '/Groups?&'], status: 200 },
]

/** What the SCIM JSON template makes of a person. */
const person = (name: string, more: Json = {}): Json => ({
  schemas: [coreUrn, enterpriseUrn],
  id: null,
  userName: `${name}@example.com`,
  externalId: `ol-${name}`,
  name: { givenName: name, familyName: 'Lee', formatted: `${name} Lee` },
  emails: [{ value: `${name}@example.com`, type: 'work', primary: true }],
  active: true,
  [enterpriseUrn]: { department: 'Tools' },
  ...more,
})

const initialCycle: readonly Recorded[] = [
  { request: ['GET', '/Users?filter=userName eq "ann@example.com"'], status: 200, check: isEmpty },
  { request: ['POST', '/Users', person('ann')], status: 201, note: 'ann' },
  {
    request: [
      'POST',
      '/Users',
      {
        schemas: [former.core, former.enterprise],
        userName: 'bob@example.com',
        emails: { value: 'bob@example.com', type: 'work' },
        [former.enterprise]: { department: 'Tools' },
      },
    ],
    status: 201,
    note: 'bob',
    check: (body) => {
      assert.deepEqual(body.emails, [{ value: 'bob@example.com', type: 'work' }])
      assert.deepEqual(body[enterpriseUrn], { department: 'Tools' })
    },
  },
]

/** People are changed by PUT. */
const updates: readonly Recorded[] = [
  { request: ['GET', '/Users?filter=userName eq "ann@example.com"&'], status: 200, note: 'ann', check: isOne },
  {
    request: [
      'PUT',
      '/Users/{ann}?',
      person('ann', { id: '{ann}', title: 'Engineer', [enterpriseUrn]: { department: 'Machines' } }),
    ],
    status: 200,
    check: (body) => assert.deepEqual([body.title, body[enterpriseUrn].department], ['Engineer', 'Machines']),
  },
]

const groupPush: readonly Recorded[] = [
  { request: ['GET', '/Groups?filter=displayName eq "Crew"'], status: 200, check: isEmpty },
  { request: ['POST', '/Groups', { schemas: [groupUrn], displayName: 'Crew' }], status: 201, note: 'crew' },
]

/** Groups are changed by PATCH; a PUT does not name the members, and they stay. */
const groupUpdates: readonly Recorded[] = [
  { request: ['GET', '/Groups?filter=displayName eq "Crew"'], status: 200, note: 'crew', check: isOne },
  {
    request: ['PATCH', '/Groups/{crew}', patchOp({ op: 'add', path: 'members', value: [{ value: '{ann}' }] })],
    status: 200,
    check: ({ members }) => assert.equal(members[0].display, 'ann@example.com'),
  },
  {
    request: ['PUT', '/Groups/{crew}', { schemas: [groupUrn], displayName: 'Crew' }],
    status: 200,
    check: ({ members }) => assert.equal(members.length, 1),
  },
  {
    request: ['PATCH', '/Groups/{crew}', patchOp({ op: 'remove', path: 'members[value eq "{bob}"]' })],
    status: 200,
    check: ({ members }) => assert.equal(members.length, 1),
  },
]

const deactivation: readonly Recorded[] = [
  { request: ['PUT', '/Users/{ann}', person('ann', { active: false })], status: 200 },
  { request: ['GET', '/Users/{ann}'], status: 200, check: ({ active }) => assert.equal(active, false) },
]

const removal: readonly Recorded[] = [
  { request: ['DELETE', '/Users/{ann}'], status: 204 },
  { request: ['GET', '/Users/{ann}'], status: 404 },
  { request: ['GET', '/Users?filter=userName eq "ann@example.com"'], status: 200, check: isEmpty },
  {
    request: ['GET', '/Groups/{crew}'],
    status: 200,
    check: (body) => assert.equal('members' in body, false),
  },
  { request: ['DELETE', '/Groups/{crew}'], status: 204 },
]

/** Requests in the shapes of OneLogin's SCIM provisioner. */
describe('a day of OneLogin', () => {
  it('R22 R32 R75 C7 the test of the connection finds nobody, in JSON, with a trailing ? and &', async () => {
    const { runTwice, client } = await job()
    await runTwice(testConnection)
    for (const path of ['/Users?', '/Users/nobody', '/ServiceProviderConfig']) {
      const answer = await client.call('GET', path, undefined, { accept: 'application/scim+json' })
      assert.equal(answer.headers.get('content-type'), 'application/json', path)
    }
  })

  it('R50 R63 R88 the whole life of people and a group', async () => {
    const { run } = await job()
    await run(testConnection, initialCycle, updates, groupPush, groupUpdates, deactivation, removal)
  })

  it('R285 every step that is played again changes nothing: no version, no change record', async () => {
    const { organization, client, run, runTwice } = await job()
    await run(initialCycle, groupPush)
    for (const step of [updates, groupUpdates, deactivation, updates]) await runTwice(step)
    await run(removal)
    const before = await stateOf(organization, client)
    const gone = removal.filter(({ request: [method] }) => method === 'DELETE')
    await run(gone.map((one) => ({ ...one, status: 404 })))
    assert.deepEqual(await stateOf(organization, client), before)
  })

  it('R71 a creation that is played again is 409 uniqueness and changes nothing', async () => {
    const { organization, client, run } = await job()
    await run(initialCycle)
    const before = await stateOf(organization, client)
    const repeated = initialCycle.filter(({ status }) => status === 201)
    await run(repeated.map(({ request }) => ({ request, status: 409 })))
    assert.deepEqual(await stateOf(organization, client), before)
  })
})
