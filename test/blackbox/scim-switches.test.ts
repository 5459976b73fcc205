import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dialectNames, dialects } from '../../src/scim/dialects.ts'
import { switches, switchNames, switchValues } from '../../src/scim/switches.ts'
import { enterpriseUrn } from './patching.ts'
import { probes } from './switch-probes.ts'
import { adminToken, group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const work = { value: 'ann@work.example', type: 'work' }

/** A dialect is a preset; a single SCIM client may have a switch otherwise. */
describe('the switches of one SCIM client', () => {
  it('come from its dialect, but for those that are set for the client', async () => {
    const organization = await usher.organization()
    const made = await organization.admin('POST', '/scim-clients', {
      name: 'Entra',
      dialect: 'entra',
      switches: { putMerge: 'merge', countryAlpha2: true },
    })
    assert.deepEqual(made.switches, { putMerge: 'merge', countryAlpha2: true })
    const { effectiveSwitches } = await organization.admin('GET', `/scim-clients/${made.id}`)
    assert.deepEqual(Object.keys(effectiveSwitches).sort(), [...switchNames].sort())
    assert.deepEqual(effectiveSwitches.putMerge, { value: 'merge', layer: 'client' })
    assert.deepEqual(effectiveSwitches.countryAlpha2, { value: true, layer: 'client' })
    assert.deepEqual(effectiveSwitches.patchAnswer, { value: 'empty', layer: 'dialect' })
    const [listed] = (await organization.admin('GET', '/scim-clients')).items
    assert.deepEqual(listed.effectiveSwitches, effectiveSwitches)
  })

  it('hold from the next request, and null puts the value of the dialect back', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const path = `/scim-clients/${client.id}`
    const { id } = await client.must('POST', '/Users', user('ann'))
    const patch = () => client.call('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'title', value: 'One' }))
    assert.equal((await patch()).status, 200)
    await organization.admin('PATCH', path, { switches: { patchAnswer: 'empty', mediaType: 'json' } })
    assert.equal((await patch()).status, 204)
    const asJson = (await client.call('GET', `/Users/${id}`)).headers.get('content-type')
    assert.equal(asJson, 'application/json')
    // Discovery is answered in the dialect of whoever asks.
    assert.equal((await client.call('GET', '/ServiceProviderConfig')).headers.get('content-type'), 'application/json')
    const { switches: left } = await organization.admin('PATCH', path, { switches: { patchAnswer: null } })
    assert.deepEqual(left, { mediaType: 'json' })
    assert.equal((await patch()).status, 200)
    assert.deepEqual((await organization.admin('PATCH', path, { switches: null })).switches, {})
    assert.equal((await client.call('GET', `/Users/${id}`)).headers.get('content-type'), 'application/scim+json')
  })

  it('stay when the dialect is changed, and are nobody else’s', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient({ switches: { filteredReplaceMiss: 'create' } })
    const other = await organization.scimClient()
    await organization.admin('PATCH', `/scim-clients/${client.id}`, { dialect: 'okta' })
    const body = patchOp({ op: 'replace', path: 'emails[type eq "work"].value', value: work.value })
    const { id } = await client.must('POST', '/Users', user('ann'))
    assert.equal((await other.call('PATCH', `/Users/${id}`, body)).body.scimType, 'noTarget')
    assert.deepEqual((await client.must('PATCH', `/Users/${id}`, body)).emails, [work])
  })

  it('that do not exist, or have no such value, are refused by name', async () => {
    const organization = await usher.organization()
    const { id } = await organization.scimClient()
    for (const [wrong, path] of [
      [{ shoeSize: 42 }, 'switches.shoeSize'],
      [{ name: 'okta' }, 'switches.name'],
      [{ putMerge: 'perhaps' }, 'switches.putMerge'],
      [{ countryAlpha2: 'true' }, 'switches.countryAlpha2'],
    ] as const) {
      const patched = await organization.ask('PATCH', `/scim-clients/${id}`, { switches: wrong })
      assert.equal(patched.status, 400, patched.text)
      assert.equal(patched.body.errors[0].path, path)
      const made = await organization.ask('POST', '/scim-clients', { name: 'x', switches: wrong })
      assert.equal(made.status, 400, made.text)
    }
    assert.deepEqual((await organization.admin('GET', `/scim-clients/${id}`)).switches, {})
  })

  it('are all listed with what they mean, for every dialect', async () => {
    const organization = await usher.organization()
    const { token: key } = await organization.admin('POST', '/api-keys', { name: 'reader', scopes: ['read'] })
    const { items, switches: meanings } = (await usher.call('GET', '/api/v1/dialects', { token: key })).body
    assert.deepEqual(
      items.map(({ name }: { name: string }) => name),
      dialectNames,
    )
    assert.deepEqual(meanings, switches)
    for (const { name, switches: values } of items) {
      assert.deepEqual({ name, ...values }, dialects[name as keyof typeof dialects])
    }
    assert.equal((await usher.call('GET', '/api/v1/dialects', { token: adminToken })).status, 200)
    assert.equal((await usher.call('GET', '/api/v1/dialects')).status, 401)
  })
})

describe('putMerge: merge', () => {
  it('R86 a PUT of a user leaves what it omits, within an extension too', async () => {
    const client = await (await usher.organization()).scimClient({ switches: { putMerge: 'merge' } })
    const { id } = await client.must(
      'POST',
      '/Users',
      user('ann', {
        externalId: 'e-1',
        title: 'One',
        emails: [work],
        active: false,
        roles: [{ value: 'guest' }],
        name: { givenName: 'Ann', familyName: 'Lee' },
        [enterpriseUrn]: { department: 'Tools', costCenter: '7' },
      }),
    )
    const put = { schemas: user('').schemas, title: 'Two', [enterpriseUrn]: { department: 'Sales' } }
    const after = await client.must('PUT', `/Users/${id}`, put)
    assert.equal(after.title, 'Two')
    assert.equal(after.userName, 'ann')
    assert.equal(after.externalId, 'e-1')
    assert.equal(after.active, false)
    assert.deepEqual(after.emails, [work])
    assert.deepEqual(after.name, { givenName: 'Ann', familyName: 'Lee' })
    assert.deepEqual(after[enterpriseUrn], { department: 'Sales', costCenter: '7' })
    assert.ok(after.roles.some(({ value }: { value: string }) => value === 'guest'))
    assert.deepEqual(await client.must('PUT', `/Users/${id}`, put), after)
  })

  it('R86 R48 what a PUT names as null or [] is cleared', async () => {
    const client = await (await usher.organization()).scimClient({ switches: { putMerge: 'merge' } })
    const { id } = await client.must(
      'POST',
      '/Users',
      user('ann', { title: 'One', emails: [work], externalId: 'e-1', [enterpriseUrn]: { department: 'Tools' } }),
    )
    const put = { schemas: user('').schemas, TITLE: null, emails: [], externalId: null, [enterpriseUrn]: null }
    const after = await client.must('PUT', `/Users/${id}`, put)
    for (const name of ['title', 'emails', 'externalId', enterpriseUrn]) assert.equal(name in after, false, name)
    const refused = await client.call('PUT', `/Users/${id}`, { schemas: user('').schemas, userName: null })
    assert.equal(refused.body.scimType, 'invalidValue')
  })

  it('R86 a hold of somebody else does not become the client’s', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient({ switches: { putMerge: 'merge' } })
    const { id } = await client.must('POST', '/Users', user('ann'))
    await organization.admin('POST', `/users/${id}/suspend`)
    const put = { schemas: user('').schemas, title: 'Two' }
    assert.equal((await client.must('PUT', `/Users/${id}`, put)).active, false)
    await organization.admin('POST', `/users/${id}/activate`)
    assert.equal((await client.must('GET', `/Users/${id}`)).active, true)
  })

  it('R86 R88 a PUT of a group leaves its members and its name, unless it names them', async () => {
    const client = await (await usher.organization()).scimClient({ switches: { putMerge: 'merge' } })
    const { id: member } = await client.must('POST', '/Users', user('ann'))
    const crew = group('Crew', { externalId: 'g-1', members: [{ value: member }] })
    const { id } = await client.must('POST', '/Groups', crew)
    const renamed = await client.must('PUT', `/Groups/${id}`, group('Team'))
    assert.equal(renamed.displayName, 'Team')
    assert.equal(renamed.externalId, 'g-1')
    assert.equal(renamed.members.length, 1)
    const emptied = await client.must('PUT', `/Groups/${id}`, { schemas: crew.schemas, members: [] })
    assert.equal(emptied.displayName, 'Team')
    assert.equal(emptied.members, undefined)
  })
})

describe('each value of each switch', () => {
  for (const name of switchNames) {
    const { ids, ask, expected } = probes[name]
    it(`${ids} ${name} decides what is answered, in a dialect that has it otherwise`, async () => {
      assert.deepEqual(Object.keys(expected).sort(), switchValues(name).map(String).sort())
      for (const value of switchValues(name)) {
        const dialect = dialectNames.find((one) => dialects[one][name] !== value)
        const organization = await usher.organization()
        const client = await organization.scimClient({ dialect, switches: { [name]: value } })
        assert.equal(await ask(client, organization), expected[String(value)], `${dialect} ${name} ${value}`)
      }
    })
  }
})
