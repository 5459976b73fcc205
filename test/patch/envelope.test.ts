import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { operationLimit, patchOpUrn, readPatch } from '../../src/patch/envelope.ts'
import type { ResourceType } from '../../src/schema/types.ts'
import { type Dialect, dialects } from '../../src/scim/dialects.ts'
import { enterpriseUrn, group, user } from '../schema/registry-of-tests.ts'
import { isRefusal, patch } from './patching.ts'

function read(body: unknown, dialect: Partial<Dialect> = {}, type: ResourceType = user) {
  const notes: string[] = []
  const operations = readPatch(type, body, {
    switches: { ...dialects.rfc, ...dialect },
    note: (name) => notes.push(name),
    resourceId: 'id-1',
  })
  return { notes, operations: operations.map(({ op, path, value }) => ({ op, path: path.canonical, value })) }
}

function message(...operations: readonly unknown[]): object {
  return { schemas: [patchOpUrn], Operations: operations }
}

const rename = { op: 'replace', path: 'displayName', value: 'Anna' }
const renamed = [{ op: 'replace', path: 'displayName', value: 'Anna' }]

describe('the PatchOp message', () => {
  test('R91 must name its schema', () => {
    assert.deepEqual(read(message(rename)).operations, renamed)
    assert.deepEqual(read({ ...message(rename), schemas: [patchOpUrn.toLowerCase()] }).operations, renamed)
    for (const schemas of [undefined, null, []]) {
      assert.throws(() => read({ schemas, Operations: [rename] }), isRefusal('invalid_syntax'))
    }
  })

  test('R91 C11 has its schema inferred by dialects that accept that, but not another one', () => {
    const { operations, notes } = read({ Operations: [rename] }, { patchOpSchemas: 'infer' })
    assert.deepEqual(operations, renamed)
    assert.deepEqual(notes, ['schemas inferred'])
    for (const schemas of [['urn:other'], 'x', [1]]) {
      assert.throws(
        () => read({ ...message(rename), schemas }, { patchOpSchemas: 'infer' }),
        isRefusal('invalid_syntax'),
      )
    }
  })

  test('R92 has a list of operations under a name in any case', () => {
    for (const name of ['operations', 'OPERATIONS']) {
      const { operations, notes } = read({ schemas: [patchOpUrn], [name]: [rename] })
      assert.deepEqual(operations, renamed)
      assert.deepEqual(notes, ['Operations case'])
    }
    assert.throws(() => read({ schemas: [patchOpUrn] }), isRefusal('invalid_syntax'))
    assert.throws(() => read({ ...message(rename), operations: [] }), isRefusal('invalid_syntax'))
    for (const operations of [{}, null, 'add', 1]) {
      assert.throws(() => read({ schemas: [patchOpUrn], Operations: operations }), isRefusal('invalid_syntax'))
    }
  })

  test('R92 is refused when the list is empty, or asks for nothing where the dialect says so', () => {
    assert.throws(() => read(message()), isRefusal('invalid_syntax'))
    assert.deepEqual(read(message(), { emptyOperations: 'noop' }), { operations: [], notes: ['empty operations'] })
    assert.throws(() => read({ schemas: [patchOpUrn] }, { emptyOperations: 'noop' }), isRefusal('invalid_syntax'))
  })

  test('is a JSON object of objects', () => {
    for (const body of [null, [], 'x', 1, undefined]) assert.throws(() => read(body), isRefusal('invalid_syntax'))
    for (const operation of [null, [], 'x', 1])
      assert.throws(() => read(message(operation)), isRefusal('invalid_syntax'))
  })

  test('row 59: has 1,000 operations at most', () => {
    const many = Array.from({ length: operationLimit }, () => rename)
    assert.equal(read(message(...many)).operations.length, operationLimit)
    assert.throws(() => read(message(...many, rename)), isRefusal('payload_too_large'))
    assert.throws(() => read(message(...Array.from({ length: 10_000 }, () => 0))), isRefusal('payload_too_large'))
  })
})

describe('the op of an operation', () => {
  test('R93 row 56: is add, remove or replace in any case', () => {
    for (const op of ['Replace', 'REPLACE']) {
      assert.deepEqual(read(message({ ...rename, op })), { operations: renamed, notes: ['op case'] })
    }
    assert.equal(read(message({ Op: 'Add', Path: 'displayName', VALUE: 'Anna' })).operations[0]?.op, 'add')
    for (const op of ['move', '', 'toString', '__proto__', undefined, null, 1, ['add']]) {
      assert.throws(() => read(message({ ...rename, op })), isRefusal('invalid_syntax'))
    }
  })

  test('R93 is there once', () => {
    assert.throws(() => read(message({ ...rename, OP: 'add' })), isRefusal('invalid_syntax'))
  })
})

describe('the path of an operation', () => {
  const canonical = (path: string, dialect?: Partial<Dialect>, type?: ResourceType) =>
    read(message({ op: 'remove', path }), dialect, type).operations[0]?.path

  test('R98 must fit the grammar', () => {
    const malformed = [
      '',
      ' ',
      'emails[type eq "work"',
      'name..x',
      '.name',
      'name.',
      'a b',
      'emails]',
      'emails[]x',
      '1a',
      '🙂',
    ]
    for (const path of malformed) {
      assert.throws(() => read(message({ op: 'replace', path, value: 'x' })), isRefusal('invalid_path'), path)
    }
    for (const path of [1, {}, [], true]) {
      assert.throws(() => read(message({ op: 'replace', path, value: 'x' })), isRefusal('invalid_path'))
    }
  })

  test('R98 is an invalid filter when only the filter inside it is wrong', () => {
    for (const path of ['emails[type zz "work"]', 'emails[]', 'emails[nope eq "x"]', 'emails[type eq work]']) {
      assert.throws(() => canonical(path), isRefusal('invalid_filter'), path)
    }
  })

  test('R99 C3 is refused or ignored when the schemas do not know it', () => {
    for (const path of [
      'nope',
      'name.nope',
      'urn:nope:User:x',
      'emails[type eq "work"].nope',
      `${enterpriseUrn}:nope`,
    ]) {
      assert.throws(() => canonical(path), isRefusal('invalid_path'), path)
      assert.deepEqual(read(message({ op: 'remove', path }), { unknownPatchPath: 'ignore' }), {
        operations: [],
        notes: ['unknown path ignored'],
      })
    }
  })

  test('R100 R101 may begin with a URN, in any case', () => {
    assert.equal(canonical('urn:ietf:params:scim:schemas:core:2.0:User:nickName'), 'nickName')
    assert.equal(canonical('urn:ietf:params:scim:schemas:core:2.0:User:NAME.GIVENNAME'), 'name.givenName')
    assert.equal(canonical(`${enterpriseUrn}:manager.value`), `${enterpriseUrn}:manager.value`)
    assert.equal(canonical(`${enterpriseUrn}:manager`.toUpperCase()), `${enterpriseUrn}:manager`)
    assert.equal(canonical(enterpriseUrn.toLowerCase()), enterpriseUrn)
  })

  test('has one canonical spelling', () => {
    assert.equal(
      canonical('EMAILS[TYPE EQ "Work" and Primary eq "True"].Value'),
      'emails[type eq "work" and primary eq true].value',
    )
    assert.equal(canonical('emails[not (type eq "a" or type pr)]'), 'emails[not (type eq "a" or type pr)]')
    assert.equal(canonical('emails[type eq Work]', { bareWords: 'accept' }), 'emails[type eq "work"]')
    assert.equal(canonical('members[value eq "Ab"]', {}, group), 'members[value eq "Ab"]')
  })

  test('has brackets only behind a list', () => {
    for (const path of ['name[givenName eq "x"]', 'userName[value eq "x"]', `${enterpriseUrn}[department eq "x"]`]) {
      assert.throws(() => canonical(path), isRefusal('invalid_path'), path)
    }
  })

  test('row 53: truncated, too long and nested paths are refused', () => {
    const long = `emails[value eq "${'x'.repeat(10_000)}"]`
    for (const path of [
      'members[value eq "x',
      'a[b[c eq 1]]',
      'emails[type[value eq "x"]]',
      long,
      'x'.repeat(10_240),
    ]) {
      assert.throws(() => canonical(path), isRefusal('invalid_path'))
    }
  })

  test('row 52: never leads to a prototype, whatever the dialect', () => {
    const prototypes = Object.getOwnPropertyNames(Object.prototype).toSorted().join()
    const paths = [
      '__proto__',
      '__proto__.a',
      'toString.a',
      'constructor.prototype.a',
      'constructor',
      'prototype',
      'valueOf',
    ]
    for (const path of [...paths, `${enterpriseUrn}:constructor`, 'emails.hasOwnProperty', 'toString[value eq "x"]']) {
      for (const dialect of Object.values(dialects)) {
        for (const op of ['add', 'replace', 'remove']) {
          assert.throws(() => read(message({ op, path, value: 'x' }), dialect), isRefusal('invalid_path'), path)
        }
        if (dialect.pathlessPatch === 'refuse') continue
        const value = Object.fromEntries([[path, { polluted: true }]])
        assert.throws(() => read(message({ op: 'add', value }), dialect), isRefusal('invalid_path'), path)
      }
    }
    assert.equal(Object.getOwnPropertyNames(Object.prototype).toSorted().join(), prototypes)
  })

  test('row 51: nor does a key inside a value', () => {
    for (const text of [
      '{"__proto__": {"a": 1}}',
      '{"constructor": {"prototype": {"a": 1}}}',
      '{"givenName": {"__proto__": 1}}',
    ]) {
      const value: unknown = JSON.parse(text)
      assert.throws(() => read(message({ op: 'add', path: 'name', value })), isRefusal('invalid_syntax'))
      assert.throws(() => read(message({ op: 'add', value: { name: value } })), isRefusal('invalid_syntax'))
    }
    assert.equal(Object.hasOwn(Object.prototype, 'a'), false)
  })
})

describe('an operation without path', () => {
  test('R104 R133 is one operation for each member, whose names may be paths', () => {
    const value = {
      DisplayName: 'Anna',
      'name.givenName': 'A',
      [`${enterpriseUrn}:department`]: 'D',
      [`${enterpriseUrn}:manager`]: 'm-1',
      'emails[type eq "work"].value': 'a@b',
      [enterpriseUrn]: { costCenter: '7', 'manager.value': 'm-2' },
    }
    const { operations, notes } = read(message({ op: 'replace', value }))
    assert.deepEqual(operations, [
      { op: 'replace', path: 'displayName', value: 'Anna' },
      { op: 'replace', path: 'name.givenName', value: 'A' },
      { op: 'replace', path: `${enterpriseUrn}:department`, value: 'D' },
      { op: 'replace', path: `${enterpriseUrn}:manager`, value: { value: 'm-1' } },
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'a@b' },
      { op: 'replace', path: `${enterpriseUrn}:costCenter`, value: '7' },
      { op: 'replace', path: `${enterpriseUrn}:manager.value`, value: 'm-2' },
    ])
    assert.ok(notes.includes('path as a name in the value') && notes.includes('manager as text'))
  })

  test('C2 is refused where the dialect refuses it', () => {
    assert.throws(
      () => read(message({ op: 'replace', value: { active: false } }), dialects['interop-strict']),
      isRefusal('invalid_syntax'),
    )
  })

  test('has an object as value', () => {
    for (const value of [undefined, null, [], 'x', 1]) {
      assert.throws(() => read(message({ op: 'add', value })), isRefusal('invalid_value'))
    }
  })

  test('R47 has no member in two spellings', () => {
    assert.throws(() => read(message({ op: 'add', value: { title: 'a', TITLE: 'b' } })), isRefusal('invalid_syntax'))
  })

  test('R99 C3 row 58: unknown members are refused or ignored', () => {
    const body = message({
      op: 'replace',
      value: { displayName: 'Anna', 'no such': 1, 'http://x/y': 1, nope: {}, '': 1 },
    })
    assert.throws(() => read(body), isRefusal('invalid_path'))
    const { operations, notes } = read(body, dialects.entra)
    assert.deepEqual(operations, renamed)
    assert.equal(notes.filter((note) => note === 'unknown path ignored').length, 4)
  })

  test('R41 row 54: the identical id changes nothing, another one is refused', () => {
    assert.deepEqual(read(message({ op: 'replace', value: { id: 'id-1', displayName: 'Anna' } })).operations, renamed)
    assert.deepEqual(read(message({ op: 'replace', path: 'id', value: 'id-1' })).operations, [])
    for (const id of ['id-2', '', null, 1]) {
      assert.throws(() => read(message({ op: 'replace', value: { id } })), isRefusal('mutability'))
    }
    assert.throws(
      () => patch(user, { userName: 'a' }, [{ op: 'add', path: 'id', value: 'x' }]),
      isRefusal('mutability'),
    )
  })

  test('may repeat the schemas of the resource', () => {
    const schemas = [user.schema, enterpriseUrn]
    assert.deepEqual(read(message({ op: 'replace', value: { schemas, displayName: 'Anna' } })).operations, renamed)
    const unknown = { schemas: [user.schema, 'urn:nope'] }
    assert.deepEqual(read(message({ op: 'replace', value: unknown })).operations, [])
    assert.throws(
      () => read(message({ op: 'add', value: unknown }), { unknownAttributes: 'refuse' }),
      isRefusal('invalid_value'),
    )
  })

  test('R100 may as well have the URN of the core schema as path', () => {
    const path = user.schema
    assert.deepEqual(read(message({ op: 'replace', path, value: { displayName: 'Anna' } })).operations, renamed)
    assert.throws(() => read(message({ op: 'remove', path })), isRefusal('no_target'))
    assert.throws(() => read(message({ op: 'add', value: { [path]: {} } })), isRefusal('invalid_path'))
  })
})
