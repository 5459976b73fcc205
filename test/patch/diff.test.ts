import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { diffOperations, type WrittenPatchOperation } from '../../src/patch/diff.ts'
import type { Resource, ResourceType } from '../../src/schema/types.ts'
import { enterpriseUrn, user } from '../schema/registry-of-tests.ts'
import { device, patch, router } from './patching.ts'

const work = { value: 'a@work', type: 'work' }
const home = { value: 'a@home', type: 'home' }

interface Case {
  readonly title: string
  readonly type?: ResourceType
  readonly before: Resource
  readonly after: Resource
  readonly operations: readonly WrittenPatchOperation[]
}

const cases: readonly Case[] = [
  { title: 'nothing', before: { title: 'T', emails: [work] }, after: { emails: [work], title: 'T' }, operations: [] },
  { title: 'a new value', before: {}, after: { title: 'T' }, operations: [{ op: 'add', path: 'title', value: 'T' }] },
  {
    title: 'another value',
    before: { title: 'S' },
    after: { title: 'T' },
    operations: [{ op: 'replace', path: 'title', value: 'T' }],
  },
  { title: 'a value gone', before: { title: 'T' }, after: {}, operations: [{ op: 'remove', path: 'title' }] },
  {
    title: 'single sub-attributes',
    before: { name: { givenName: 'A', familyName: 'B', middleName: 'M' } },
    after: { name: { givenName: 'X', familyName: 'B', honorificPrefix: 'Dr' } },
    operations: [
      { op: 'replace', path: 'name.givenName', value: 'X' },
      { op: 'remove', path: 'name.middleName' },
      { op: 'add', path: 'name.honorificPrefix', value: 'Dr' },
    ],
  },
  {
    title: 'a new complex value',
    before: {},
    after: { name: { givenName: 'A' } },
    operations: [{ op: 'add', path: 'name', value: { givenName: 'A' } }],
  },
  {
    title: 'a new element',
    before: { emails: [work] },
    after: { emails: [work, home] },
    operations: [{ op: 'add', path: 'emails', value: [home] }],
  },
  {
    title: 'an element gone',
    before: { emails: [work, home] },
    after: { emails: [home] },
    operations: [{ op: 'remove', path: 'emails[type eq "work"]' }],
  },
  {
    title: 'the value of the element of a type',
    before: { emails: [work, home] },
    after: { emails: [{ ...work, value: 'b@work' }, home] },
    operations: [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'b@work' }],
  },
  {
    title: 'the only element',
    before: { emails: [work] },
    after: { emails: [{ ...work, value: 'b@work' }] },
    operations: [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'b@work' }],
  },
  {
    title: 'an element without type',
    before: { roles: [{ value: 'a' }, { value: 'b' }] },
    after: { roles: [{ value: 'b' }, { value: 'c' }] },
    operations: [
      { op: 'remove', path: 'roles[value eq "a"]' },
      { op: 'add', path: 'roles', value: [{ value: 'c' }] },
    ],
  },
  {
    title: 'another order',
    before: { emails: [work, home] },
    after: { emails: [home, work] },
    operations: [{ op: 'replace', path: 'emails', value: [home, work] }],
  },
  {
    title: 'a list of which nothing is left',
    before: { emails: [work, { value: 'x' }] },
    after: { emails: [{ value: 'y' }, { value: 'z' }] },
    operations: [{ op: 'replace', path: 'emails', value: [{ value: 'y' }, { value: 'z' }] }],
  },
  {
    title: 'attributes of an extension',
    before: { [enterpriseUrn]: { department: 'D', manager: { value: 'm' } } },
    after: { [enterpriseUrn]: { department: 'E', manager: { value: 'n' } } },
    operations: [
      { op: 'replace', path: `${enterpriseUrn}:department`, value: 'E' },
      { op: 'replace', path: `${enterpriseUrn}:manager.value`, value: 'n' },
    ],
  },
  {
    title: 'a whole extension gone',
    before: { [enterpriseUrn]: { department: 'D' } },
    after: {},
    operations: [{ op: 'remove', path: enterpriseUrn }],
  },
  {
    title: 'simple elements',
    type: device,
    before: { ...router, tags: ['a', 'b'] },
    after: { ...router, tags: ['b', 'c'] },
    operations: [
      { op: 'remove', path: 'tags[value eq "a"]' },
      { op: 'add', path: 'tags', value: ['c'] },
    ],
  },
  {
    title: 'an element whose immutable part differs',
    type: device,
    before: { ...router, ports: [{ value: 'a', address: '1' }, { value: 'b' }] },
    after: { ...router, ports: [{ value: 'a', address: '2' }, { value: 'b' }] },
    operations: [{ op: 'replace', path: 'ports', value: [{ value: 'a', address: '2' }, { value: 'b' }] }],
  },
]

describe('the difference of two resources', () => {
  for (const { title, type = user, before, after, operations } of cases) {
    test(`says ${title}`, () => {
      const complete = (resource: Resource) => (type === user ? { userName: 'anna', ...resource } : resource)
      const difference = diffOperations(type, complete(before), complete(after))
      const byPath = (a: WrittenPatchOperation, b: WrittenPatchOperation) => a.path.localeCompare(b.path)
      assert.deepEqual(difference.toSorted(byPath), operations.toSorted(byPath))
      const dialect = { emptyOperations: 'noop' } as const
      assert.deepEqual(patch(type, complete(before), difference, { dialect }).resource, complete(after))
    })
  }

  test('R56 never says what is never returned, nor what is computed', () => {
    const secret = { ...router, ports: [{ value: 'eth0', type: 'copper', key: 'secret', state: 'up' }] }
    assert.deepEqual(diffOperations(device, router, secret), [])
    const { ports: _ports, ...without } = router
    assert.doesNotMatch(JSON.stringify(diffOperations(device, without, secret)), /secret|up/)
    assert.deepEqual(diffOperations(user, { userName: 'a' }, { userName: 'a', id: 'x', meta: { version: '1' } }), [])
  })
})
