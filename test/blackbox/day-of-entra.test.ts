import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { enterpriseUrn, type Json } from './patching.ts'
import { isEmpty, isOne, type Recorded, startJob, stateOf } from './recording.ts'
import { patchOp, startUsher } from './usher.ts'

const usher = await startUsher()
const coreUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const entraGroupUrn = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'
const headers = { 'content-type': 'application/scim+json; charset=utf-8', accept: 'application/scim+json' }
const flag = 'aadOptscim062020'

const patch = (path: string, ...operations: readonly Json[]): Recorded => ({
  request: ['PATCH', path, patchOp(...operations)],
  status: 204,
})

const testConnection: readonly Recorded[] = [
  {
    request: ['GET', '/Users?filter=userName eq "3f2b8f3a-7a5c-4c3e-9a7e-d0a6f6d3c1b2"'],
    status: 200,
    check: isEmpty,
  },
  { request: ['GET', `/Users?${flag}&filter=id eq "3f2b8f3a" and manager eq "3f2b8f3b"`], status: 200, check: isEmpty },
  {
    request: ['GET', '/Groups?excludedAttributes=members&filter=displayName eq "3f2b8f3a-7a5c"'],
    status: 200,
    check: isEmpty,
  },
]

const person = (mailNickname: string, more: Json = {}): Json => ({
  schemas: [coreUrn, enterpriseUrn],
  externalId: mailNickname,
  userName: `${mailNickname}@contoso.example`,
  active: true,
  displayName: `${mailNickname} of Contoso`,
  emails: [{ primary: true, type: 'work', value: `${mailNickname}@contoso.example` }],
  meta: { resourceType: 'User' },
  name: { formatted: `${mailNickname} of Contoso`, familyName: 'Contoso', givenName: mailNickname },
  roles: [],
  ...more,
})

const initialCycle: readonly Recorded[] = [
  { request: ['GET', '/Users?filter=userName eq "boss@contoso.example"'], status: 200, check: isEmpty },
  { request: ['POST', '/Users', person('boss', { title: 'Director' })], status: 201, note: 'boss' },
  { request: ['GET', '/Users?filter=userName eq "ann@contoso.example"'], status: 200, check: isEmpty },
  {
    request: [
      'POST',
      '/Users',
      person('ann', {
        phoneNumbers: [{ type: 'work', value: '+49 30 1' }],
        [enterpriseUrn]: { employeeNumber: '7', department: 'Tools', manager: '{boss}' },
      }),
    ],
    status: 201,
    note: 'ann',
    check: (body) => assert.equal(body[enterpriseUrn].manager.displayName, 'boss of Contoso'),
  },
  { request: ['GET', '/Groups?excludedAttributes=members&filter=displayName eq "Crew"'], status: 200, check: isEmpty },
  {
    request: [
      'POST',
      '/Groups',
      { schemas: [groupUrn, entraGroupUrn], externalId: 'g-1', displayName: 'Crew', meta: { resourceType: 'Group' } },
    ],
    status: 201,
    note: 'crew',
    check: (body) => assert.deepEqual(body.schemas, [groupUrn]),
  },
  patch('/Groups/{crew}', { op: 'Add', path: 'members', value: [{ $ref: null, value: '{ann}' }] }),
  patch('/Groups/{crew}', { op: 'Add', path: 'members', value: [{ $ref: null, value: '{boss}' }] }),
]

/** The same people found again, and everything that Entra believes to be different written once more. */
const updates: readonly Recorded[] = [
  { request: ['GET', '/Users?filter=externalId eq "ann"'], status: 200, note: 'ann', check: isOne },
  { request: ['GET', '/Users/{ann}'], status: 200 },
  patch(
    '/Users/{ann}',
    { op: 'Replace', path: 'emails[type eq "work"].value', value: 'ann.lee@contoso.example' },
    { op: 'Add', path: 'emails[type eq "home"].value', value: 'ann@home.example' },
    { op: 'Replace', path: 'phoneNumbers[type eq "mobile"].value', value: '+49 170 1' },
    { op: 'Add', path: 'addresses[type eq "work"].locality', value: 'Berlin' },
    { op: 'Replace', path: 'addresses[type eq "work"].country', value: 'Germany' },
    { op: 'Replace', path: 'name.familyName', value: 'Lee' },
    { op: 'Add', path: 'title', value: 'Engineer' },
    { op: 'Replace', path: 'active', value: 'True' },
    { op: 'Replace', path: `${enterpriseUrn}:department`, value: 'Machines' },
    { op: 'Add', path: `${enterpriseUrn}:manager`, value: '{boss}' },
    { op: 'Add', path: 'roles[primary eq "True"].value', value: 'editor' },
  ),
  patch('/Users/{ann}', {
    op: 'replace',
    value: {
      displayName: 'Ann Lee',
      'name.givenName': 'Ann',
      [`${enterpriseUrn}:employeeNumber`]: '8',
      'emails[type eq "work"].primary': true,
    },
  }),
  { request: ['PATCH', '/Users/{ann}', { schemas: patchOp().schemas, Operations: [] }], status: 204 },
  {
    request: ['GET', `/Users?${flag}&filter=id eq "{ann}" and manager eq "{boss}"`],
    status: 200,
    check: isOne,
  },
  { request: ['GET', '/Groups?excludedAttributes=members&filter=externalId eq "g-1"'], status: 200, note: 'crew' },
  {
    request: ['GET', '/Groups/{crew}?excludedAttributes=members'],
    status: 200,
    check: (body) => assert.equal('members' in body, false),
  },
  {
    request: ['GET', '/Groups?excludedAttributes=members&filter=id eq "{crew}" and members eq "{ann}"'],
    status: 200,
    check: isOne,
  },
  patch('/Groups/{crew}', { op: 'Replace', path: 'displayName', value: 'Ship Crew' }),
  patch('/Groups/{crew}', { op: 'Add', path: 'members', value: [{ $ref: null, value: '{ann}' }] }),
  patch('/Groups/{crew}', { op: 'Remove', path: 'members', value: [{ $ref: null, value: '{boss}' }] }),
]

const leaving: readonly Recorded[] = [
  patch('/Groups/{crew}', { op: 'Remove', path: 'members[value eq "{ann}"]' }),
  patch('/Users/{ann}', { op: 'Replace', path: `${enterpriseUrn}:manager`, value: '' }),
  patch('/Users/{ann}', { op: 'Replace', path: 'active', value: 'False' }),
  {
    request: ['GET', '/Users?filter=userName eq "ann@contoso.example"'],
    status: 200,
    check: (body) => assert.equal(body.Resources[0].active, false),
  },
]

const removal: readonly Recorded[] = [
  { request: ['DELETE', '/Users/{ann}'], status: 204 },
  { request: ['GET', '/Users/{ann}'], status: 404 },
  { request: ['GET', '/Users?filter=userName eq "ann@contoso.example"'], status: 200, check: isEmpty },
  { request: ['DELETE', '/Groups/{crew}'], status: 204 },
  { request: ['GET', '/Groups/{crew}?excludedAttributes=members'], status: 404 },
]

/** Requests in the shapes of Microsoft Entra ID's provisioning service, with and without its flag of 2020. */
describe('a day of Microsoft Entra ID', () => {
  const house = () => startJob(usher, { dialect: 'entra' }, headers)

  it('R75 the test of the connection finds nobody, and that is a success', async () => {
    const { run } = await house()
    await run(testConnection)
  })

  it('R112 R130 R139 R143 R146 the whole life of a person and a group', async () => {
    const { run, client, notes, organization } = await house()
    await run(initialCycle)
    await run(updates)
    const ann = await client.must('GET', `/Users/${notes.get('ann')}`)
    assert.equal(ann.displayName, 'Ann Lee')
    assert.deepEqual(ann.name, { formatted: 'ann of Contoso', familyName: 'Lee', givenName: 'Ann' })
    assert.deepEqual(ann.emails, [
      { primary: true, type: 'work', value: 'ann.lee@contoso.example' },
      { type: 'home', value: 'ann@home.example' },
    ])
    assert.deepEqual(ann.phoneNumbers, [
      { type: 'work', value: '+49 30 1' },
      { type: 'mobile', value: '+49 170 1' },
    ])
    assert.deepEqual(ann.addresses, [{ type: 'work', locality: 'Berlin', country: 'Germany' }])
    const { employeeNumber, department, manager } = ann[enterpriseUrn]
    assert.deepEqual([employeeNumber, department, manager.value], ['8', 'Machines', notes.get('boss')])
    assert.ok(ann.roles.some(({ value, primary }: Json) => value === 'editor' && primary === true))
    const crew = await client.must('GET', `/Groups/${notes.get('crew')}`)
    assert.equal(crew.displayName, 'Ship Crew')
    assert.deepEqual(
      crew.members.map(({ value }: Json) => value),
      [notes.get('ann')],
    )
    await run(leaving)
    const left = await client.must('GET', `/Users/${notes.get('ann')}`)
    assert.equal(left.active, false)
    assert.equal('manager' in left[enterpriseUrn], false)
    assert.equal('groups' in left, false)
    await run(removal)
    const before = await stateOf(organization, client)
    await run(removal.map((one) => (one.status === 204 ? { ...one, status: 404 } : one)))
    assert.deepEqual(await stateOf(organization, client), before, 'what is gone is gone once')
  })

  it('R285 every cycle that is played again changes nothing: no version, no change record', async () => {
    const { organization, run, client } = await house()
    await run(initialCycle)
    for (const cycle of [updates, leaving]) {
      await run(cycle)
      const before = await stateOf(organization, client)
      await run(cycle === leaving ? [...testConnection, ...cycle] : cycle)
      assert.deepEqual(await stateOf(organization, client), before)
    }
  })

  it('R71 a creation that is played again is 409 uniqueness and changes nothing', async () => {
    const { organization, run, client } = await house()
    await run(initialCycle)
    const before = await stateOf(organization, client)
    for (const name of ['boss', 'ann']) {
      await run([
        {
          request: ['POST', '/Users', person(name)],
          status: 409,
          check: (body) => assert.equal(body.scimType, 'uniqueness'),
        },
      ])
    }
    assert.deepEqual(await stateOf(organization, client), before)
  })

  it('R102 PATCHes of one group at once lose nobody', async () => {
    const { run, client, notes } = await house()
    await run(initialCycle)
    await run([
      patch('/Groups/{crew}', { op: 'Remove', path: 'members', value: [{ value: '{ann}' }, { value: '{boss}' }] }),
    ])
    const names = ['ann', 'boss']
    await Promise.all(
      names.map((name) =>
        run([patch('/Groups/{crew}', { op: 'Add', path: 'members', value: [{ value: `{${name}}` }] })]),
      ),
    )
    const { members } = await client.must('GET', `/Groups/${notes.get('crew')}`)
    assert.equal(members.length, 2)
  })
})
