import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { leafOf, leaves } from '../../src/schema/leaves.ts'
import { toSearchForm } from '../../src/schema/search-form.ts'
import { enterpriseUrn, everything, group, user } from './registry-of-tests.ts'

describe('the comparison form', () => {
  test('R185 folds what is not case exact, and leaves the rest', () => {
    const form = toSearchForm(user, {
      id: 'ABC',
      externalId: 'ABC',
      userName: ' \u212Aate ',
      profileUrl: 'https://Example.com/',
      x509Certificates: [{ value: 'YWJD', type: 'Sign' }],
    })
    assert.deepEqual(form, {
      id: 'ABC',
      externalId: 'ABC',
      userName: 'kate',
      profileUrl: 'https://Example.com/',
      x509Certificates: [{ value: 'YWJD', type: 'sign' }],
    })
  })

  test('holds dates as dates, numbers and booleans as they are', () => {
    const meta = { created: '2026-01-31T09:30:00.000Z', version: 'W/"1"', resourceType: 'User', location: 'https://X/' }
    assert.deepEqual(
      toSearchForm(everything, { meta, dateTimeAttr: '2026-01-31T10:30:00+01:00', integerAttr: 7, booleanAttr: false }),
      {
        meta: { ...meta, created: new Date('2026-01-31T09:30:00Z') },
        dateTimeAttr: new Date('2026-01-31T09:30:00Z'),
        integerAttr: 7,
        booleanAttr: false,
      },
    )
  })

  test('has extensions under their alias, so that no name holds a dot', () => {
    const form = toSearchForm(user, {
      userName: 'a',
      [enterpriseUrn]: { department: 'R&D', manager: { value: 'M', $ref: 'x' } },
    })
    assert.deepEqual(form.enterprise, { department: 'r&d', manager: { value: 'M' } })
    assert.ok(Object.keys(form).every((name) => !/[.$:]/.test(name)))
  })

  test('R189 has the primary value to sort by, else the first', () => {
    const emails = [{ value: 'B@x' }, { value: 'A@x', primary: true }]
    assert.deepEqual(toSearchForm(user, { emails }).sort, { emails: 'a@x' })
    assert.deepEqual(toSearchForm(user, { emails: [{ value: 'B@x' }, { value: 'A@x' }] }).sort, { emails: 'b@x' })
    assert.deepEqual(toSearchForm(everything, { multiStrings: ['B', 'A'] }).sort, { multiStrings: 'b' })
    const addresses = [{ country: 'DE' }, { country: 'FR', primary: true }]
    assert.deepEqual(toSearchForm(user, { addresses }).sort, { addresses: { country: 'fr', primary: true } })
    assert.equal(toSearchForm(user, { photos: [{ value: 'https://x' }] }).sort, undefined)
  })

  test('has the domain of an e-mail address beside it', () => {
    const emails = [{ value: '"a@b"@Example.COM' }, { value: 'nobody' }, { display: 'x' }]
    assert.deepEqual(toSearchForm(user, { emails }).emails, [
      { value: '"a@b"@example.com', domain: 'example.com' },
      { value: 'nobody' },
      { display: 'x' },
    ])
  })

  test('R178 lacks what is never returned', () => {
    assert.deepEqual(toSearchForm(everything, { identifier: 'X', writeOnlyAttr: 'secret' }), { identifier: 'X' })
  })
})

describe('the leaves of a resource', () => {
  test('are its attributes, parts of complex ones, and elements by their type', () => {
    const work = { value: 'a@x', type: 'Work' }
    const other = { value: 'c@x', type: 'work' }
    const untyped = { value: 'b@x' }
    const found = leaves(user, {
      externalId: 'e',
      userName: 'anna',
      name: { givenName: 'A', familyName: 'B' },
      emails: [work, untyped, other],
      [enterpriseUrn]: { department: 'D', manager: { value: 'M' } },
    })
    assert.deepEqual(Object.fromEntries(found), {
      externalId: 'e',
      userName: 'anna',
      'name.givenName': 'A',
      'name.familyName': 'B',
      'emails[type eq "work"]': [work, other],
      emails: [untyped],
      [`${enterpriseUrn}:department`]: 'D',
      [`${enterpriseUrn}:manager.value`]: 'M',
    })
    assert.deepEqual([...leaves(everything, { multiStrings: ['a', 'b'] })], [['multiStrings', ['a', 'b']]])
  })

  test('are not those whose sources are kept elsewhere or that are computed', () => {
    const computed = { id: 'x', schemas: [user.schema], meta: { version: 'x' }, groups: [{ value: 'g' }] }
    assert.equal(leaves(user, { ...computed, active: true, roles: [{ value: 'r' }] }).size, 0)
    assert.equal(leaves(group, { members: [{ value: 'm' }] }).size, 0)
  })

  test('are found for the target of a change', () => {
    const emails = user.attributesByName.get('emails')!
    const value = emails.subAttributesByName.get('value')
    assert.equal(
      leafOf({ attribute: emails, subAttribute: value, selectors: { type: 'Work' } }),
      'emails[type eq "work"]',
    )
    assert.equal(leafOf({ attribute: emails, subAttribute: value, selectors: { value: 'x' } }), 'emails')
    assert.equal(leafOf({ attribute: emails, subAttribute: undefined, selectors: undefined }), 'emails')
    const name = user.attributesByName.get('name')!
    assert.equal(leafOf({ attribute: name, subAttribute: name.subAttributes[2] }), 'name.givenName')
    const division = user.extensionAttributes.get(enterpriseUrn.toLowerCase())!.get('division')!
    assert.equal(leafOf({ attribute: division, subAttribute: undefined }), `${enterpriseUrn}:division`)
    const strings = everything.attributesByName.get('multistrings')!
    assert.equal(leafOf({ attribute: strings, subAttribute: undefined, selectors: { value: 'x' } }), 'multiStrings')
  })
})
