import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { list } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** Makes a user with these attributes and gives what a GET shows of it. */
async function stored(client: ScimClient, attributes: Readonly<Record<string, unknown>>) {
  const { id } = await client.must('POST', '/Users', user(`user-${Math.random()}`, attributes))
  return client.must('GET', `/Users/${id}`)
}

describe('values of a user (RFC 7643 section 4.1)', () => {
  it('R251 addresses and numbers are kept as they were written, and compared in one form', async () => {
    const client = await newClient()
    const emails = [{ value: 'Ann.LEE@Example.COM', type: 'work' }]
    const phoneNumbers = [{ value: 'tel:+1-201-555-0123;ext=5' }, { value: '(201) 555 0123' }]
    const shown = await stored(client, { emails, phoneNumbers })
    assert.deepEqual(shown.emails, emails)
    assert.deepEqual(shown.phoneNumbers, phoneNumbers)
    const found = await list(client, '/Users', { filter: 'emails.value eq "ann.lee@example.com"' })
    assert.equal(found.totalResults, 1)
  })

  it('R252 a country is kept as given; interop-strict wants two letters', async () => {
    const client = await newClient()
    const addresses = [{ country: 'USA', type: 'work' }]
    assert.deepEqual((await stored(client, { addresses })).addresses, addresses)
    const strict = await newClient({ dialect: 'interop-strict' })
    assertScimError(await strict.call('POST', '/Users', user('ann', { addresses })), 400, 'invalidValue')
    const { id } = await strict.must('POST', '/Users', user('ann', { addresses: [{ country: 'US', type: 'work' }] }))
    const change = patchOp({ op: 'replace', path: 'addresses[type eq "work"].country', value: 'Germany' })
    assertScimError(await strict.call('PATCH', `/Users/${id}`, change), 400, 'invalidValue')
  })

  it('R253 locales, languages and time zones of real clients are taken', async () => {
    const client = await newClient()
    for (const attributes of [
      { locale: 'en_US' },
      { locale: 'en-US' },
      { preferredLanguage: 'en-US,en;q=0.8, *;q=0.1' },
      { preferredLanguage: 'da, en-gb;q=0.8' },
      { timezone: 'America/Los_Angeles' },
      { timezone: 'Europe/Berlin' },
    ]) {
      const shown = await stored(client, attributes)
      for (const [name, value] of Object.entries(attributes)) assert.equal(shown[name], value)
    }
  })

  it('R254 references and certificates are kept exactly; what is no base64 is 400', async () => {
    const client = await newClient()
    const attributes = {
      profileUrl: 'https://login.example.com/ann?x=1#Y',
      photos: [{ value: 'https://photos.example.com/Profile/72930000000Ccne/F', type: 'photo' }],
      x509Certificates: [{ value: 'MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAw' }, { value: 'AAECAw==' }],
    }
    const shown = await stored(client, attributes)
    assert.equal(shown.profileUrl, attributes.profileUrl)
    assert.deepEqual(shown.photos, attributes.photos)
    assert.deepEqual(shown.x509Certificates, attributes.x509Certificates)
    for (const value of ['not base64!', '-----BEGIN CERTIFICATE-----', 7]) {
      const answer = await client.call('POST', '/Users', user('bad', { x509Certificates: [{ value }] }))
      assertScimError(answer, 400, 'invalidValue')
    }
  })

  it('R256 name.formatted is not invented', async () => {
    const shown = await stored(await newClient(), { name: { givenName: 'Ann', familyName: 'Lee' } })
    assert.deepEqual(shown.name, { givenName: 'Ann', familyName: 'Lee' })
  })

  it('R257 roles and entitlements come as objects, as texts, and as JSON in a text from Entra', async () => {
    const client = await newClient()
    const values = ({ roles }: { roles: { value: string }[] }) => roles.map(({ value }) => value).toSorted()
    assert.deepEqual(values(await stored(client, { roles: [{ value: 'helper' }] })), ['helper', 'member'])
    assert.deepEqual(values(await stored(client, { roles: ['helper'] })), ['helper', 'member'])
    assert.deepEqual((await stored(client, { entitlements: ['seat'] })).entitlements, [{ value: 'seat' }])
    const entra = await newClient({ dialect: 'entra' })
    const json = JSON.stringify({ id: '1', value: 'helper', displayName: 'Helper' })
    assert.deepEqual(values(await stored(entra, { roles: [{ value: json, primary: 'True' }] })), ['helper', 'member'])
    const strict = await newClient({ dialect: 'interop-strict' })
    assertScimError(await strict.call('POST', '/Users', user('ann', { roles: ['helper'] })), 400, 'invalidValue')
  })

  it('R258 any type is accepted and returned', async () => {
    const client = await newClient()
    const emails = [
      { value: 'a@example.com', type: 'Work' },
      { value: 'b@example.com', type: 'ship' },
    ]
    assert.deepEqual((await stored(client, { emails })).emails, emails)
    assert.equal((await list(client, '/Users', { filter: 'emails[type eq "SHIP"]' })).totalResults, 1)
  })

  it('R259 enterprise attributes belong into their container; elsewhere they are unknown', async () => {
    const client = await newClient()
    const shown = await stored(client, { department: 'Lab', employeeNumber: '7', [enterprise]: { costCenter: 'C' } })
    assert.equal('department' in shown || 'employeeNumber' in shown, false)
    assert.deepEqual(shown[enterprise], { costCenter: 'C' })
    const strict = await newClient({ dialect: 'interop-strict' })
    assertScimError(await strict.call('POST', '/Users', user('ann', { department: 'Lab' })), 400, 'invalidSyntax')
  })

  it('row 89 null, an empty text and a missing value make no element', async () => {
    const client = await newClient()
    const none = [null, [], [null], [{}], [{ value: null }], [{ value: null, type: null }]]
    for (const emails of none) {
      const shown = await stored(client, { emails })
      assert.equal('emails' in shown, false, JSON.stringify(emails))
    }
    const some = await stored(client, { emails: [{ value: 'a@example.com' }, null, {}, { value: null }] })
    assert.deepEqual(some.emails, [{ value: 'a@example.com' }])
    const cleared = await client.must(
      'PATCH',
      `/Users/${some.id}`,
      patchOp({ op: 'replace', path: 'emails', value: null }),
    )
    assert.equal('emails' in cleared, false)
    assert.equal((await list(client, '/Users', { filter: 'emails pr' })).totalResults, 0)
  })

  it('row 90 numbers and dates out of range are 400 invalidValue or take one form', async () => {
    const client = await newClient()
    const raw = (value: string) =>
      client.call('POST', '/Users', `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":${value}}`)
    for (const value of ['1e400', '-0', '99999999999999999999999', '-1e400']) {
      const answer = await raw(value)
      assert.equal(answer.status, 400, value)
    }
    for (const [parameters] of [['count=1e400'], ['startIndex=-0.5'], ['count=9e99']]) {
      assertScimError(await client.call('GET', `/Users?${parameters}`), 400, 'invalidValue')
    }
    for (const date of [
      '2026-02-30T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-01-01',
      'yesterday',
      '2026-01-01T25:00:00Z',
    ]) {
      const answer = await client.call('GET', `/Users?filter=${encodeURIComponent(`meta.created gt "${date}"`)}`)
      assertScimError(answer, 400, 'invalidFilter')
    }
  })
})
