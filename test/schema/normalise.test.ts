import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { normalise } from '../../src/schema/normalise.ts'
import { dialects } from '../../src/scim/dialects.ts'
import {
  enterpriseUrn,
  everything,
  extensionUrn,
  group,
  provisioningUrn,
  read,
  readEverything,
  readUser,
  refuses,
  user,
} from './registry-of-tests.ts'

const strict = dialects['interop-strict']

describe('a body becomes a resource', () => {
  test('R47 with the names of the schema, whatever their case', () => {
    const attributes = {
      DISPLAYNAME: 'A',
      Name: { GIVENNAME: 'B' },
      [enterpriseUrn.toUpperCase()]: { Department: 'C' },
    }
    assert.deepEqual(readUser(attributes), {
      name: { givenName: 'B' },
      displayName: 'A',
      [enterpriseUrn]: { department: 'C' },
    })
  })

  test('R47 unless a name is there in two spellings', () => {
    const twice = [
      { displayName: 'a', DISPLAYNAME: 'a' },
      { name: { givenName: 'a', givenname: 'a' } },
      { emails: [{ value: 'a', Value: 'a' }] },
      { [enterpriseUrn]: { department: 'a' }, [enterpriseUrn.toLowerCase()]: { department: 'a' } },
      { [enterpriseUrn]: { department: 'a', Department: 'a' } },
    ]
    for (const body of twice) refuses(() => readUser(body), 'invalid_syntax', /twice/)
  })

  test('R48 row 89 without what has no value', () => {
    const empty = { title: null, nickName: '', emails: [], name: {}, addresses: [{}], [enterpriseUrn]: {} }
    assert.deepEqual(readUser(empty), {})
    const hollow = {
      name: { givenName: null, familyName: '' },
      emails: [{ value: '', type: 'work', primary: true }, null, {}, { value: null }],
      addresses: [{ type: 'work', country: null }],
      [enterpriseUrn]: { manager: { value: null }, department: '' },
    }
    assert.deepEqual(readUser(hollow), {})
  })

  test('R41 R57 R66 R249 row 50 without what is read only or unknown', () => {
    const { resource } = read(user, {
      userName: 'anna',
      id: 'x',
      meta: { resourceType: 'User', version: 'x' },
      groups: [{ value: 'x' }],
      [provisioningUrn]: { state: 'active', identities: [{ subject: 'x' }] },
      [enterpriseUrn]: { manager: { value: 'm', $ref: '../Users/m', displayName: 'M' } },
      _id: 'x',
      org: 'x',
      version: 7,
      search: {},
      sources: [],
    })
    assert.deepEqual(resource, { userName: 'anna', [enterpriseUrn]: { manager: { value: 'm' } } })
  })

  test('R58 without $ref, whatever it is', () => {
    const members = [
      { value: 'a', $ref: null },
      { value: 'b', $ref: 'http://169.254.169.254/', type: 'User' },
    ]
    assert.deepEqual(read(group, { displayName: 'g', members }).resource.members, [
      { value: 'a' },
      { value: 'b', type: 'User' },
    ])
  })

  test('R55 with its values as they were sent', () => {
    const values = { userName: ' BJensen ', displayName: '=cmd()\r\n\u001b[31m<script>', title: ' Dr ' }
    assert.deepEqual(readUser(values), values)
    assert.deepEqual(readUser({ externalId: '1' }), { externalId: '1' })
    const long = 'x'.repeat(10_240)
    assert.deepEqual(readUser({ externalId: long }), { externalId: long })
  })

  test('R20 in which text beyond the basic plane is kept', () => {
    assert.deepEqual(readUser({ displayName: '張偉 🦊 \u0000' }), { displayName: '張偉 🦊 \u0000' })
  })

  test('R67 with immutable attributes, R56 with those that are never shown', () => {
    assert.deepEqual(readEverything({ immutableAttr: 'a', writeOnlyAttr: 'b', readOnlyAttr: 'c' }), {
      immutableAttr: 'a',
      writeOnlyAttr: 'b',
    })
  })

  test('with its attributes in the order of the schema', () => {
    assert.deepEqual(Object.keys(readUser({ emails: [{ type: 'work', value: 'a@b' }], title: 'T', userName: 'x' })), [
      'userName',
      'title',
      'emails',
    ])
    assert.deepEqual(Object.keys(read(user, { userName: 'a', externalId: 'x' }).resource), ['externalId', 'userName'])
  })

  test('R271 without members where there are none', () => {
    for (const members of [null, [], undefined]) {
      assert.deepEqual(read(group, { displayName: 'g', members }).resource, { displayName: 'g' })
    }
  })
})

describe('a body is refused', () => {
  test('row 15 if it is no object', () => {
    for (const body of ['x', 1, true, null, [], undefined]) {
      refuses(() => normalise(user, body, { switches: dialects.rfc, note: () => {} }), 'invalid_syntax')
    }
  })

  test('row 51 if anywhere in it stands the name of a prototype', () => {
    const bodies = [
      '{"__proto__": {"polluted": true}}',
      '{"constructor": {"prototype": {"polluted": true}}}',
      '{"name": {"__proto__": {"polluted": true}}}',
      '{"emails": [{"value": "a", "prototype": 1}]}',
      '{"unknown": [[{"deep": {"__proto__": 1}}]]}',
      '{"meta": {"constructor": 1}}',
    ]
    for (const body of bodies) refuses(() => readUser(JSON.parse(body)), 'invalid_syntax')
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
  })

  test('R62 R246 row 67 if something required is missing or blank', () => {
    for (const userName of [undefined, null, '', '   ', []]) {
      refuses(() => read(user, { userName }), 'invalid_value', /"userName" of a User is required/)
    }
    refuses(() => read(group, {}), 'invalid_value', /"displayName" of a Group is required/)
    refuses(() => read(group, { displayName: 'g', members: [{ display: 'Anna' }] }), 'invalid_value', /"members.value"/)
  })

  test('R261 if a required extension is missing, or something required in it', () => {
    refuses(() => read(everything, { identifier: 'x' }), 'invalid_value', /must have attributes of/)
    refuses(() => read(everything, { identifier: 'x', [extensionUrn]: {} }), 'invalid_value')
    refuses(
      () => read(everything, { identifier: 'x', [extensionUrn]: { extString: 'a' } }),
      'invalid_value',
      /extRequired" of a TestResource is required/,
    )
  })

  test('R52 row 62 if two values are primary', () => {
    const emails = [
      { value: 'a', primary: true },
      { value: 'b', primary: true },
    ]
    refuses(() => readUser({ emails }), 'invalid_value', /"emails".*primary/)
  })

  test('row 68 if an attribute has more than 1,000 values, members excepted', () => {
    const values = Array.from({ length: 1_001 }, (_, index) => ({ value: `v${index}` }))
    refuses(() => readUser({ emails: values }), 'invalid_value', /1000/)
    assert.equal((read(group, { displayName: 'g', members: values }).resource.members as unknown[]).length, 1_001)
  })
})

describe('schemas of a body', () => {
  const readSchemas = (schemas: unknown, switches = {}) => read(user, { userName: 'a', schemas }, switches)

  test('R63 must be there, or are inferred as the dialect has it', () => {
    for (const missing of [undefined, null, []]) {
      refuses(() => readSchemas(missing), 'invalid_syntax', /no "schemas"/)
      assert.deepEqual(readSchemas(missing, { missingSchemas: 'infer' }).notes, ['schemas inferred'])
    }
  })

  test('R63 must name the schema of the resource type, in whatever case', () => {
    refuses(() => readSchemas([enterpriseUrn]), 'invalid_syntax')
    refuses(() => readSchemas([group.schema]), 'invalid_syntax')
    refuses(() => readSchemas(['urn:ietf:params:scim:api:messages:2.0:PatchOp']), 'invalid_syntax')
    assert.deepEqual(readSchemas([user.schema.toUpperCase(), user.schema]).notes, [])
  })

  test('must be a list of texts', () => {
    for (const wrong of [{}, 7, true, [7], [null], [[user.schema]]]) refuses(() => readSchemas(wrong), 'invalid_syntax')
    assert.deepEqual(readSchemas(user.schema).notes, ['single value for a list'])
  })

  test('C3 row 72 that are unknown are dropped, or refused in interop-strict', () => {
    const legacy = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'
    const { resource, notes } = read(group, { displayName: 'g', schemas: [group.schema, legacy] })
    assert.deepEqual(resource, { displayName: 'g' })
    assert.deepEqual(notes, ['unknown schema dropped'])
    refuses(() => readSchemas([user.schema, legacy], strict), 'invalid_syntax')
  })

  test('of SCIM 1.1 and of the drafts mean the current ones', () => {
    const former = 'urn:scim:schemas:extension:enterprise:1.0'
    const { resource, notes } = read(user, {
      schemas: ['urn:scim:schemas:core:1.0', former],
      userName: 'a',
      [former]: { department: 'D' },
    })
    assert.deepEqual(resource, { userName: 'a', [enterpriseUrn]: { department: 'D' } })
    assert.ok(notes.every((note) => note === 'former schema URI') && notes.length > 0)
    assert.deepEqual(readSchemas(['urn:scim:schemas:core:2.0:User']).resource, { userName: 'a' })
    refuses(() => readSchemas(['urn:scim:schemas:core:2.0:Group']), 'invalid_syntax')
  })

  test('R42 need not name an extension that the body has', () => {
    assert.deepEqual(readUser({ [enterpriseUrn]: { division: 'D' } }), { [enterpriseUrn]: { division: 'D' } })
  })
})

describe('unknown attributes', () => {
  const bodies = [
    { colour: 'red' },
    { name: { colour: 'red' } },
    { emails: [{ value: 'a', colour: 'red' }] },
    { [enterpriseUrn]: { department: 'D', colour: 'red' } },
    { 'urn:unknown:User': { a: 1 } },
  ]

  test('C3 R51 are dropped and noted', () => {
    for (const body of bodies) {
      const { resource, notes } = read(user, { userName: 'a', ...body })
      assert.doesNotMatch(JSON.stringify(resource), /colour|unknown/)
      assert.deepEqual(notes, ['unknown attribute dropped'])
    }
  })

  test('C3 are refused in interop-strict', () => {
    for (const body of bodies) refuses(() => readUser(body, strict), 'invalid_syntax', /has no attribute/)
  })

  test('R259 row 72 are also those of an extension outside of it, and core ones inside of it', () => {
    assert.deepEqual(readUser({ department: 'D', [enterpriseUrn]: { title: 'T' } }), {})
    refuses(() => readUser({ department: 'D' }, strict), 'invalid_syntax')
  })
})
