import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { enterpriseUrn, type Json } from './patching.ts'
import { isEmpty, isOne, type Recorded, startJob, stateOf } from './recording.ts'
import { startUsher } from './usher.ts'

const usher = await startUsher()
const headers = { 'content-type': 'application/scim+json', accept: 'application/json' }
const job = () => startJob(usher, { dialect: 'google' }, headers)

interface Described {
  readonly name: string
  readonly subAttributes?: readonly Described[]
  readonly [member: string]: unknown
}

/** What the mapping screen is built from: every attribute that can be mapped, with all that has to be known of it. */
const isMappable = ({ Resources }: { readonly Resources: readonly Json[] }) => {
  const mapped: Readonly<Record<string, readonly string[]>> = {
    'urn:ietf:params:scim:schemas:core:2.0:User': [
      'userName',
      'emails.value',
      'name.givenName',
      'name.familyName',
      'title',
    ],
    [enterpriseUrn]: ['department', 'employeeNumber', 'manager.value'],
  }
  for (const [urn, paths] of Object.entries(mapped)) {
    const { attributes } = Resources.find(({ id }) => id === urn) as { readonly attributes: readonly Described[] }
    for (const path of paths) {
      const [parent, child] = path.split('.')
      const above = attributes.find(({ name }) => name === parent)
      const found = child === undefined ? above : above?.subAttributes?.find(({ name }) => name === child)
      for (const member of ['type', 'multiValued', 'required', 'mutability', 'uniqueness']) {
        assert.notEqual(found?.[member], undefined, `${path} ${member}`)
      }
    }
  }
}

const testConnection: readonly Recorded[] = [
  {
    request: ['GET', '/ServiceProviderConfig'],
    status: 200,
    check: ({ patch, bulk }) => {
      assert.equal(patch.supported, true)
      assert.ok(bulk.maxOperations > 0 && bulk.maxPayloadSize > 0)
    },
  },
  { request: ['GET', '/ResourceTypes'], status: 200 },
  { request: ['GET', '/Schemas'], status: 200, check: isMappable },
  { request: ['GET', '/Schemas?filter=id pr'], status: 200, check: isMappable },
  { request: ['GET', '/Users?startIndex=1&count=1'], status: 200, check: isEmpty },
]

/** A person as the mapping screen puts it together; `schemas` is left out. */
const person = (name: string, id: string): Json => ({
  userName: `${name}@acme.example`,
  externalId: id,
  name: { givenName: name, familyName: 'Lee' },
  emails: [{ value: `${name}@acme.example`, type: 'work', primary: true }],
  active: true,
  [enterpriseUrn]: { department: 'Tools' },
})

const initialCycle: readonly Recorded[] = [
  { request: ['GET', '/Users?filter=userName eq "boss@acme.example"'], status: 200, check: isEmpty },
  { request: ['POST', '/Users', person('boss', '1001')], status: 201, note: 'boss' },
  { request: ['GET', '/Users?filter=userName eq "ann@acme.example"'], status: 200, check: isEmpty },
  { request: ['POST', '/Users', person('ann', '1002')], status: 201, note: 'ann' },
]

/** A change without `schemas`, as the rest. */
const change = (...operations: readonly Json[]): Recorded => ({
  request: ['PATCH', '/Users/{ann}', { Operations: operations }],
  status: 200,
})

const updates: readonly Recorded[] = [
  { request: ['GET', '/Users?filter=externalId eq "1002"'], status: 200, note: 'ann', check: isOne },
  { request: ['GET', '/Users/{ann}'], status: 200 },
  change({
    op: 'replace',
    value: {
      name: { givenName: 'Ann', familyName: 'Kim' },
      title: 'Engineer',
      emails: [{ value: 'ann.kim@acme.example', type: 'work', primary: true }],
      [enterpriseUrn]: { department: 'Machines', manager: { value: '{boss}' } },
    },
  }),
  change({ op: 'replace', path: 'phoneNumbers', value: [{ value: '+49 30 1', type: 'work' }] }),
]

const suspension: readonly Recorded[] = [
  change({ op: 'replace', path: 'active', value: false }),
  { request: ['GET', '/Users/{ann}'], status: 200, check: ({ active }) => assert.equal(active, false) },
  { request: ['GET', '/Users?filter=userName eq "ann@acme.example"'], status: 200, check: isOne },
]

const return_: readonly Recorded[] = [
  change({ op: 'replace', value: { active: true } }),
  { request: ['GET', '/Users/{ann}'], status: 200, check: ({ active }) => assert.equal(active, true) },
]

const removal: readonly Recorded[] = [
  { request: ['DELETE', '/Users/{ann}'], status: 204 },
  { request: ['GET', '/Users/{ann}'], status: 404 },
  { request: ['GET', '/Users?filter=userName eq "ann@acme.example"'], status: 200, check: isEmpty },
]

/** Requests in the shapes of Google Workspace's autoprovisioning: people only, without `schemas`, changed by PATCH. */
describe('a day of Google Workspace', () => {
  it('R2 R11 C10 the test of the connection and the mapping screen find all that they need', async () => {
    const { run, runTwice, client } = await job()
    await runTwice(testConnection)
    await run([{ request: ['GET', '/ResourceTypes?filter=name eq "User"'], status: 200 }])
    assert.equal(
      (await client.call('GET', '/Users', undefined, headers)).headers.get('content-type'),
      'application/json',
    )
  })

  it('R63 R91 R135 the whole life of a person, without `schemas`', async () => {
    const { run, client, notes } = await job()
    await run(testConnection, initialCycle, updates)
    const ann = await client.must('GET', `/Users/${notes.get('ann')}`)
    assert.deepEqual(ann.name, { givenName: 'Ann', familyName: 'Kim' })
    assert.deepEqual(ann.emails, [{ value: 'ann.kim@acme.example', type: 'work', primary: true }])
    assert.deepEqual([ann.title, ann.userName, ann.externalId], ['Engineer', 'ann@acme.example', '1002'])
    assert.deepEqual([ann[enterpriseUrn].department, ann[enterpriseUrn].manager.value], ['Machines', notes.get('boss')])
    await run(suspension, return_, suspension)
    // The deletion comes up to 21 days after the suspension.
    usher.clock.offset += 21 * 24 * 3_600_000
    await run(removal)
    const again = await client.must('POST', '/Users', person('ann', '1002'), headers)
    assert.notEqual(again.id, notes.get('ann'))
  })

  it('R285 every step that is played again changes nothing: no version, no change record', async () => {
    const { organization, client, run, runTwice } = await job()
    await run(initialCycle)
    for (const step of [updates, suspension, return_, [...updates, ...testConnection.slice(0, -1)]])
      await runTwice(step)
    const before = await stateOf(organization, client)
    await run(
      ['boss', 'ann'].map((name, index) => ({
        request: ['POST', '/Users', person(name, String(1001 + index))],
        status: 409,
        check: ({ scimType }) => assert.equal(scimType, 'uniqueness'),
      })),
    )
    assert.deepEqual(await stateOf(organization, client), before)
    await run(removal)
    const after = await stateOf(organization, client)
    await run([{ request: ['DELETE', '/Users/{ann}'], status: 404 }], removal.slice(1))
    assert.deepEqual(await stateOf(organization, client), after)
  })
})
