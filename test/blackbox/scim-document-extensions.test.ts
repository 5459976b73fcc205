import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { extendedSchemas } from './assets.ts'
import { bulk, statusesOf } from './bulking.ts'
import { assertFinds } from './finding.ts'
import { list, pick, query } from './listing.ts'
import { enterpriseUrn, type Json } from './patching.ts'
import { assertIndexed, describePlan, watchReads } from './plans.ts'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher({ USHER_SCHEMAS_DIR: extendedSchemas })
const provider = await TestProvider.start()
after(() => provider.close())
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)

const badge = 'urn:example:scim:schemas:extension:badge:2.0:User'
const team = 'urn:example:scim:schemas:extension:team:2.0:Group'
const person = (userName: string, extension: Json, more: Json = {}) => user(userName, { [badge]: extension, ...more })
const crew = (displayName: string, extension: Json) => group(displayName, { [team]: extension })

const carried = {
  number: 'N-1',
  hiredAt: '2026-01-05T09:00:00+01:00',
  level: 4,
  cohort: '2026',
  skills: ['Go', 'sql'],
  desk: { room: 'R1', floor: 0 },
  devices: [{ value: 'D-1', type: 'phone', primary: true }, { value: 'D-2' }],
}

describe('extensions of User and Group from documents alone (RFC 7643 section 6)', () => {
  it('R10 R13 R262 discovery shows them beside those that are built in', async () => {
    const client = await newClient()
    const extensions = async (name: string) =>
      (await client.must('GET', `/ResourceTypes/${name}`)).schemaExtensions.map(({ schema }: Json) => schema)
    const users = await extensions('User')
    assert.ok(
      [badge, enterpriseUrn, 'urn:usher:scim:schemas:provisioning:1.0:User'].every((urn) => users.includes(urn)),
    )
    assert.deepEqual(await extensions('Group'), [team])
    assert.equal((await client.must('GET', `/Schemas/${badge}`)).name, 'Badge')
    const types = pick(await client.must('GET', '/ResourceTypes'), 'name')
    assert.equal(new Set(types).size, types.length, 'no type is there twice')
  })

  it('R42 R56 R117 R128 a user is created, read, patched and put with them', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const body = person(
      'ann',
      { ...carried, pin: 'pin-xyzzy', clearance: 'high' },
      { [enterpriseUrn]: { department: 'X' } },
    )
    const created = await client.must('POST', '/Users', body)
    assert.deepEqual(created[badge], { ...carried, clearance: 'high' })
    assert.ok(created.schemas.includes(badge) && created.schemas.includes(enterpriseUrn))
    const path = `/Users/${created.id}`
    assert.deepEqual((await client.must('GET', path))[badge], carried)
    const asked = (await query(client, path, { attributes: `${badge}:clearance,${badge}:desk.room,${badge}:pin` })).body
    assert.deepEqual(asked[badge], { clearance: 'high', desk: { room: 'R1' } })
    assert.equal(badge in (await query(client, path, { excludedAttributes: badge })).body, false)

    const patched = await client.must(
      'PATCH',
      path,
      patchOp(
        { op: 'replace', path: `${badge}:level`, value: 5 },
        { op: 'add', path: `${badge}:skills`, value: 'SQL' },
        { op: 'remove', path: `${badge}:devices[type eq "phone"]` },
        { op: 'remove', path: `${badge}:clearance` },
        { op: 'replace', value: { [`${badge}:desk.floor`]: 2, [badge]: { number: 'N-2' } } },
      ),
    )
    const expected = {
      ...carried,
      number: 'N-2',
      level: 5,
      desk: { room: 'R1', floor: 2 },
      devices: [{ value: 'D-2' }],
    }
    assert.deepEqual(patched[badge], expected)
    assertScimError(
      await client.call('PATCH', path, patchOp({ op: 'replace', path: `${badge}:cohort`, value: '2027' })),
      400,
      'mutability',
    )
    const read = await client.must('GET', path)
    const put = await client.must('PUT', path, read)
    assert.equal(put.meta.version, read.meta.version, 'what was read can be put back')
    assertScimError(await client.call('PUT', path, person('ann', { cohort: '2027' })), 400, 'mutability')
    const emptied = await client.must('PUT', path, user('ann'))
    assert.deepEqual(emptied[badge], { cohort: '2026' }, 'what is immutable stays')
    const { text } = await organization.ask('GET', '/changes')
    assert.doesNotMatch(text, /xyzzy/)
    assert.match(text, /"level"/)
    const { attributes } = await organization.admin('GET', `/users/${created.id}/provenance`)
    assert.ok(attributes.some((one: Json) => one.path === `${badge}:cohort` && one.source === `scim:${client.id}`))
  })

  it('R50 values of the wrong type are 400, and a client that knows no extension loses none by PATCH', async () => {
    const client = await newClient()
    const { id } = await client.must('POST', '/Users', person('ann', carried))
    for (const wrong of [{ level: 'x' }, { hiredAt: 'May' }, { desk: 'R1' }, { devices: [1] }, { number: {} }]) {
      assertScimError(await client.call('POST', '/Users', person('bob', wrong)), 400, 'invalidValue')
    }
    await client.must('PATCH', `/Users/${id}`, patchOp({ op: 'replace', value: { active: false, displayName: 'Ann' } }))
    assert.deepEqual((await client.must('GET', `/Users/${id}`))[badge], carried)
  })

  it('R64 R87 values that are unique by their document are 409 for another user, in a race too', async () => {
    const client = await newClient()
    const ann = await client.must('POST', '/Users', person('ann', carried))
    const bob = await client.must('POST', '/Users', user('bob'))
    for (const taken of [{ number: 'n-1' }, { devices: [{ value: 'd-2' }] }]) {
      assertScimError(await client.call('POST', '/Users', person('cat', taken)), 409, 'uniqueness')
      const change = patchOp({ op: 'add', path: badge, value: taken })
      assertScimError(await client.call('PATCH', `/Users/${bob.id}`, change), 409, 'uniqueness')
    }
    assert.equal((await client.call('PUT', `/Users/${ann.id}`, person('ann', carried))).status, 200)
    await client.must('DELETE', `/Users/${ann.id}`)
    const race = ['d', 'e', 'f', 'g'].map((name) => client.call('POST', '/Users', person(name, { number: 'N-1' })))
    assert.deepEqual((await Promise.all(race)).map(({ status }) => status).toSorted(), [201, 409, 409, 409])
    await (await newClient()).must('POST', '/Users', person('ann', carried))
  })

  it('R160 R186 R262 filters, orders and search know them, by index where the document says so', async () => {
    const client = await newClient()
    const people = Array.from({ length: 30 }, (_, at) =>
      person(`user-${String(at).padStart(2, '0')}`, {
        number: `N-${at}`,
        level: at,
        skills: [`s${at % 15}`],
        desk: { room: `R${at}` },
      }),
    )
    await bulk(
      client,
      people.map((data, at) => ({ method: 'POST', path: '/Users', bulkId: `b${at}`, data })),
    )
    await assertFinds(client, '/Users', 'userName', [
      [`${badge}:number eq "n-7"`, ['user-07']],
      [`${badge}:skills eq "S3" and ${badge}:level gt 10`, ['user-18']],
      [`${badge}:desk[room eq "r2"]`, ['user-02']],
      [`not (${badge} pr)`, []],
      ['number eq "N-7" and userName sw "user"', ['user-07']],
    ])
    await assertFinds(client, '/', 'userName', [[`${badge}:level ge 29`, ['user-29']]])
    const sorted = await list(client, '/Users', { sortBy: `${badge}:level`, sortOrder: 'descending', count: 2 })
    assert.deepEqual(pick(sorted, 'userName'), ['user-29', 'user-28'])
    const reads = watchReads(usher, ['users'])
    const indexed = [
      ...[`number eq "N-7"`, 'skills eq "s3"', 'level lt 2', 'desk.room eq "R2"', 'devices.value eq "x"'].map(
        (filter) => `filter=${encodeURIComponent(`${badge}:${filter}`)}`,
      ),
      `sortBy=${badge}:level&count=3`,
      `sortBy=${badge}:skills&count=3`,
    ]
    for (const asked of indexed) {
      for (const plan of await reads.of(client, `/Users?${asked}`)) {
        assertIndexed(plan, asked)
        assert.ok(plan.examined <= 2 * Math.max(plan.returned, 1), `${asked}: ${describePlan(plan)}`)
      }
    }
  })

  it('R262 groups have them too: PATCH, PUT, Bulk, filters, uniqueness', async () => {
    const client = await newClient()
    const made = async (displayName: string, extension: Json) =>
      client.must('POST', '/Groups', crew(displayName, extension))
    const one = await made('One', { costCentre: 'C-1', budget: 10.5, topics: ['a'], charter: 'first' })
    assert.ok(one.schemas.includes(team))
    assertScimError(await client.call('POST', '/Groups', crew('Two', { costCentre: 'c-1' })), 409, 'uniqueness')
    const results = await bulk(client, [
      { method: 'POST', path: '/Groups', bulkId: 'g', data: crew('Two', { costCentre: 'C-2', budget: 99 }) },
      { method: 'PATCH', path: '/Groups/bulkId:g', data: patchOp({ op: 'add', path: `${team}:topics`, value: ['b'] }) },
    ])
    assert.deepEqual(statusesOf(results), ['201', '200'])
    await assertFinds(client, '/Groups', 'displayName', [
      [`${team}:budget gt 11`, ['Two']],
      [`${team}:topics eq "A"`, ['One']],
      [`${team}:costCentre eq "c-2"`, ['Two']],
    ])
    const sorted = await list(client, '/Groups', { sortBy: `${team}:budget`, sortOrder: 'descending' })
    assert.deepEqual(pick(sorted, 'displayName'), ['Two', 'One'])
    const path = `/Groups/${one.id}`
    const put = await client.must('PUT', path, crew('One', { budget: 11 }))
    assert.deepEqual(put[team], { budget: 11, charter: 'first' })
    assertScimError(await client.call('PUT', path, crew('One', { charter: 'second' })), 400, 'mutability')
    const version = put.meta.version
    await client.must('PATCH', path, patchOp({ op: 'replace', path: `${team}:budget`, value: 12 }))
    assertScimError(await client.call('DELETE', path, undefined, { 'if-match': version }), 412)
  })

  it('K4 a login writes them where a claim is mapped, and is refused by a value that somebody else has', async () => {
    const organization = await usher.organization()
    const client: ScimClient = await organization.scimClient()
    const connection = await organization.connection(provider)
    const badgeNumber = { attribute: `${badge}:number`, claim: 'badge' }
    await connection.jit({ domains: 'any', attributes: [{ attribute: 'displayName', claim: 'name' }, badgeNumber] })
    const claims = { email: `ann@${organization.domain}`, email_verified: true, name: 'Ann', badge: 'L-1' }
    const made = await connection.login({ sub: 'ann', ...claims })
    assert.equal(made.status, 200, made.text)
    assert.deepEqual(made.body.user[badge], { number: 'L-1' })
    assertScimError(await client.call('POST', '/Users', person('bob', { number: 'l-1' })), 409, 'uniqueness')
    const other = await connection.login({ sub: 'cat', ...claims, email: `cat@${organization.domain}` })
    assert.deepEqual([other.status, other.body.code], [403, 'attribute_invalid'], other.text)
  })
})
