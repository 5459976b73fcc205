import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { anna, decided, enterprise, warningCodes } from './scenario.ts'

const core = 'urn:ietf:params:scim:schemas:core:2.0:User'
const posted = (scenario: Parameters<typeof decided>[0]) => decided(scenario).operations[0]?.data

describe('a first login', () => {
  test('is POST /Users with the standard claims on their attributes', () => {
    const claims = {
      ...anna,
      middle_name: 'Maria',
      nickname: 'Annie',
      profile: 'https://acme.example/anna',
      picture: 'https://acme.example/anna.png',
      zoneinfo: 'Europe/Stockholm',
      locale: 'sv-SE',
      phone_number: '+46 8 123',
      address: {
        formatted: 'Gatan 1',
        street_address: 'Gatan 1',
        locality: 'Lund',
        postal_code: '22222',
        country: 'SE',
      },
    }
    const decision = decided({ claims })
    assert.equal(decision.outcome, 'created')
    assert.deepEqual(decision.operations, [
      {
        method: 'POST',
        path: '/Users',
        bulkId: 'user',
        data: {
          schemas: [core],
          userName: 'anna@acme.example',
          name: { givenName: 'Anna', familyName: 'Ahl', middleName: 'Maria', formatted: 'Anna Ahl' },
          displayName: 'Anna Ahl',
          nickName: 'Annie',
          profileUrl: 'https://acme.example/anna',
          photos: [{ value: 'https://acme.example/anna.png', type: 'photo' }],
          emails: [{ value: 'anna@acme.example', type: 'work', primary: true }],
          phoneNumbers: [{ value: '+46 8 123', type: 'work' }],
          timezone: 'Europe/Stockholm',
          locale: 'sv-SE',
          addresses: [
            {
              formatted: 'Gatan 1',
              streetAddress: 'Gatan 1',
              locality: 'Lund',
              postalCode: '22222',
              country: 'SE',
              type: 'work',
            },
          ],
        },
      },
    ])
    assert.deepEqual(decision.effects, {
      user: null,
      version: null,
      link: { issuer: 'https://login.contoso.example', subject: 'anna-sub' },
      lift: [],
      invitation: null,
      invitationRoles: [],
      provisionedBy: 'login',
      shadowed: [],
      unapplied: [],
      heldRemovals: [],
      groupsTold: true,
      externalId: null,
      provenEmail: 'anna@acme.example',
    })
  })

  test('writes every mapped attribute whatever the method, except one with sync NEVER', () => {
    for (const attributeSyncMethod of ['OVERRIDE_ALL', 'PRESERVE_LOCAL', 'FILL_EMPTY', 'NONE']) {
      const data = posted({
        jit: {
          attributeSyncMethod,
          attributes: [
            { attribute: 'title', claim: 'job' },
            { attribute: `${enterprise}:department`, template: '{org|lower}-{nr}' },
            { attribute: 'userType', value: 'Employee', sync: 'ON_CREATE' },
            { attribute: 'nickName', claim: 'job', sync: 'NEVER' },
            { attribute: 'locale', claim: 'locale', onMissing: 'default', default: 'en' },
            { attribute: 'externalId', claim: 'oid' },
          ],
        },
        claims: { ...anna, job: 'Director', org: 'R&D', nr: 7, oid: 'oid-1' },
      })
      assert.deepEqual(data, {
        schemas: [core, enterprise],
        userName: 'anna@acme.example',
        title: 'Director',
        [enterprise]: { department: 'r&d-7' },
        userType: 'Employee',
        locale: 'en',
        externalId: 'oid-1',
      })
    }
  })

  test('row 121: a malformed value is left out with a warning, and refuses where it is required', () => {
    const jit = { attributes: [{ attribute: 'title', claim: 'job' }] }
    const claims = { ...anna, job: ['Director', 'Clerk'] }
    const decision = decided({ jit, claims })
    assert.deepEqual([decision.outcome, warningCodes(decision)], ['created', ['claim_malformed']])
    assert.equal(decided({ jit: { ...jit, required: ['title'] }, claims }).code, 'attribute_invalid')
  })

  test('what is required must have a value', () => {
    assert.equal(decided({ jit: { required: [`${enterprise}:department`] } }).code, 'required_attribute_missing')
    for (const path of [
      'name',
      'name.familyName',
      'emails',
      'emails.value',
      'emails[type eq "work"].value',
      'userName',
    ]) {
      assert.equal(decided({ jit: { required: [path] } }).outcome, 'created', path)
    }
  })

  test('G11 no claim reaches anything that the mapping does not name', () => {
    const hostile = JSON.parse(
      '{"__proto__":{"active":false},"constructor":"x","prototype":1,"$where":"1","a.b":"c","roles":["admin"],"active":false}',
    )
    const claims = Object.create(null)
    for (const [name, value] of [...Object.entries(anna), ...Object.entries(hostile)]) {
      Object.defineProperty(claims, name, { value, enumerable: true })
    }
    const decision = decided({ claims })
    const plain = decided()
    assert.deepEqual(decision.operations, plain.operations)
    assert.deepEqual(
      Object.keys(decision.claims).filter((name) => ['__proto__', 'constructor', 'prototype'].includes(name)),
      [],
    )
    assert.equal(({} as { active?: boolean }).active, undefined)
  })

  test('O3 the record has every claim with its type, and values of those that the settings use', () => {
    const decision = decided({ claims: { ...anna, ssn: '191212121212', address: { locality: 'Lund', secret: 'x' } } })
    assert.deepEqual(decision.claims.ssn, { type: 'string' })
    assert.deepEqual(decision.claims.address, { type: 'object' })
    assert.deepEqual(decision.claims['address.locality'], { type: 'string', value: 'Lund' })
    assert.deepEqual(decision.claims.email_verified, { type: 'boolean', value: true })
    assert.ok(!JSON.stringify(decision).includes('secret'))
  })
})

describe('the user name', () => {
  const name = (jit: object, claims: object, taken: readonly string[] = []) => {
    const decision = decided({
      jit: { domains: 'any', ...jit },
      claims: { sub: 'subject-1', ...claims },
      snapshot: { takenUserNames: taken },
    })
    return decision.code ?? decision.operations[0]?.data.userName
  }

  test('is the verified e-mail, then preferred_username, then the subject', () => {
    assert.equal(name({}, { email: 'a@b.example', email_verified: true, preferred_username: 'ann' }), 'a@b.example')
    assert.equal(name({}, { email: 'a@b.example', preferred_username: 'ann' }), 'ann')
    assert.equal(name({}, { email: 'a@b.example' }), 'subject-1')
  })

  test('comes from a claim or a template of the settings, and is never cut', () => {
    assert.equal(name({ userName: { claim: 'upn' } }, { upn: 'x@tenant.example' }), 'x@tenant.example')
    assert.equal(name({ userName: { claim: 'upn' } }, {}), 'required_attribute_missing')
    assert.equal(
      name({ userName: { template: '{email|local}.{email|domain}' } }, { email: 'a@b.example' }),
      'a.b.example',
    )
  })

  test('A19 must match the pattern', () => {
    const userName = { claim: 'upn', pattern: '[a-z]{3,8}' }
    assert.equal(name({ userName }, { upn: 'anna' }), 'anna')
    assert.equal(name({ userName }, { upn: 'Anna' }), 'attribute_invalid')
  })

  test('K8 must be visible', () => {
    assert.equal(name({ userName: { claim: 'upn' } }, { upn: 'an\u200bna' }), 'attribute_invalid')
  })

  test('a taken name refuses, or gets a suffix', () => {
    assert.equal(name({ userName: { claim: 'upn' } }, { upn: 'ann' }, ['ann']), 'username_taken')
    const userName = { claim: 'upn', onTaken: 'suffix' }
    assert.equal(name({ userName }, { upn: 'ann' }, ['ann', 'ann2']), 'ann3')
    const all = ['ann', ...Array.from({ length: 60 }, (_, index) => `ann${index}`)]
    assert.equal(name({ userName }, { upn: 'ann' }, all), 'username_taken')
  })
})
