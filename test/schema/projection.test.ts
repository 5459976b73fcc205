import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createProjection, type ProjectionRequest, project } from '../../src/schema/projection.ts'
import { enterpriseUrn, everything, extensionUrn, group, provisioningUrn, user } from './registry-of-tests.ts'

const anna = {
  schemas: [user.schema, enterpriseUrn],
  id: '1',
  meta: { resourceType: 'User', version: 'W/"1"' },
  userName: 'anna',
  name: { givenName: 'Anna', familyName: 'B' },
  emails: [{ value: 'a@x', type: 'work' }, { type: 'home' }],
  groups: [{ value: 'g', display: 'G' }],
  password: 'secret',
  [enterpriseUrn]: { department: 'D', manager: { value: 'm', $ref: 'r' } },
  _id: 'internal',
}
const { password, _id, ...shown } = anna
const minimum = { schemas: anna.schemas, id: '1' }

const see = (request: ProjectionRequest) => project(createProjection(user, request), anna)

describe('R205 attributes', () => {
  test('show what is named and what always is', () => {
    assert.deepEqual(see({ attributes: ['userName', 'emails.value'] }), {
      ...minimum,
      userName: 'anna',
      emails: [{ value: 'a@x' }],
    })
    assert.deepEqual(see({ attributes: ['meta.version'] }), { ...minimum, meta: { version: 'W/"1"' } })
  })

  test('R206 are named in any case, with blanks, by URN, as a whole extension or a part', () => {
    assert.deepEqual(see({ attributes: [' USERNAME ', `${user.schema}:name.givenName`] }), {
      ...minimum,
      userName: 'anna',
      name: { givenName: 'Anna' },
    })
    const extension = { ...minimum, [enterpriseUrn]: anna[enterpriseUrn] }
    assert.deepEqual(see({ attributes: [enterpriseUrn.toUpperCase()] }), extension)
    assert.deepEqual(see({ attributes: [`${enterpriseUrn}:manager.value`] }), {
      ...minimum,
      [enterpriseUrn]: { manager: { value: 'm' } },
    })
    assert.deepEqual(see({ attributes: ['name', 'name.givenName'] }), { ...minimum, name: anna.name })
  })

  test('R209 R43 that are unknown are ignored', () => {
    assert.deepEqual(see({ attributes: ['_id', 'org', 'search', '__proto__', '$password', 'constructor'] }), minimum)
  })

  test('that are blank are none', () => {
    for (const attributes of [[], [''], [' ']]) assert.deepEqual(see({ attributes }), shown)
  })

  test('R210 never show what is never returned', () => {
    assert.deepEqual(see({ attributes: ['password'] }), minimum)
    assert.deepEqual(see({}), shown)
  })

  test('R212 may hold filters, which are ignored', () => {
    assert.deepEqual(see({ attributes: ['emails[type eq "work"]'] }), { ...minimum, emails: anna.emails })
    assert.deepEqual(see({ attributes: ['emails[type eq "x]y"].value'] }), { ...minimum, emails: [{ value: 'a@x' }] })
  })
})

describe('R207 excludedAttributes', () => {
  test('hide what is named, but not what is always returned', () => {
    const { name, groups, ...rest } = shown
    assert.deepEqual(see({ excludedAttributes: ['name', 'groups', 'id', 'schemas', 'unknown'] }), rest)
    assert.deepEqual(see({ excludedAttributes: ['name.familyName', enterpriseUrn] }).name, { givenName: 'Anna' })
    assert.equal(see({ excludedAttributes: [enterpriseUrn] })[enterpriseUrn], undefined)
    assert.deepEqual(see({ excludedAttributes: [`${enterpriseUrn}:manager.$ref`] })[enterpriseUrn], {
      department: 'D',
      manager: { value: 'm' },
    })
  })

  test('R208 give way to attributes', () => {
    assert.deepEqual(see({ attributes: ['userName'], excludedAttributes: ['userName'] }), {
      ...minimum,
      userName: 'anna',
    })
  })

  test('R207 row 82 tell what need not be computed', () => {
    assert.equal(createProjection(group, { excludedAttributes: ['members'] }).wants('members'), false)
    assert.equal(createProjection(group, { excludedAttributes: ['members.display'] }).wants('members'), true)
    assert.equal(createProjection(group, { excludedAttributes: ['members.display'] }).wants('members.display'), false)
    assert.equal(createProjection(group, {}).wants('MEMBERS'), true)
    assert.equal(createProjection(user, { attributes: ['userName'] }).wants('groups'), false)
    assert.equal(createProjection(user, { attributes: ['groups.display'] }).wants('groups'), true)
    assert.equal(createProjection(user, { attributes: ['userName'] }).wants(provisioningUrn), false)
    assert.equal(createProjection(user, { attributes: ['lastLogin'] }).wants(provisioningUrn), true)
    assert.equal(createProjection(user, { attributes: ['lastLogin'] }).wants('lastLogin'), true)
    assert.equal(createProjection(user).wants('unknown'), false)
  })
})

describe('R56 returned', () => {
  const thing = {
    schemas: [everything.schema],
    id: '1',
    identifier: 'x',
    alwaysReturnedAttr: 'a',
    requestOnlyAttr: 'r',
    writeOnlyAttr: 'w',
    [extensionUrn]: { extString: 's' },
  }
  const seen = (request: ProjectionRequest) => Object.keys(project(createProjection(everything, request), thing))

  test('always: in every answer', () => {
    assert.deepEqual(seen({ attributes: ['identifier'] }), ['schemas', 'id', 'identifier', 'alwaysReturnedAttr'])
    assert.ok(seen({ excludedAttributes: ['alwaysReturnedAttr'] }).includes('alwaysReturnedAttr'))
  })

  test('R210 request: only by name, or when the request supplied it', () => {
    assert.deepEqual(seen({}), ['schemas', 'id', 'identifier', 'alwaysReturnedAttr', extensionUrn])
    assert.ok(seen({ attributes: ['requestOnlyAttr'] }).includes('requestOnlyAttr'))
    const supplied = new Set(['requestOnlyAttr'])
    assert.ok(seen({ supplied }).includes('requestOnlyAttr'))
    assert.ok(!seen({ supplied, excludedAttributes: ['requestonlyattr'] }).includes('requestOnlyAttr'))
    assert.ok(!seen({ supplied, attributes: ['identifier'] }).includes('requestOnlyAttr'))
  })

  test('never: in none', () => {
    assert.ok(!seen({ attributes: ['writeOnlyAttr'], supplied: new Set(['writeOnlyAttr']) }).includes('writeOnlyAttr'))
  })
})
