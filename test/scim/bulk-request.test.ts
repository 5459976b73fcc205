import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UsherError } from '../../src/errors.ts'
import { referencesOf, resolvePathReference, resolveReferences, takeOut } from '../../src/scim/bulk-references.ts'
import { readBulkRequest } from '../../src/scim/bulk-request.ts'
import { dialects } from '../../src/scim/dialects.ts'

const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest']
const reading = { dialect: dialects.rfc, note() {} }
const post = (bulkId: string) => ({ method: 'POST', path: '/Users', bulkId, data: {} })
const statusOf = (body: Record<string, unknown> | undefined) => {
  try {
    readBulkRequest(body, reading)
  } catch (error) {
    assert.ok(error instanceof UsherError)
    return `${error.status} ${error.scimType ?? ''} ${error.detail}`
  }
  return '200'
}

describe('RFC 7644 section 3.7: the envelope of a BulkRequest', () => {
  it('R218 takes methods in any case', () => {
    const { items } = readBulkRequest({ schemas, Operations: [{ ...post('a'), method: 'post' }] }, reading)
    assert.equal(items[0]?.method, 'POST')
  })

  it('R219 refuses a bulkId that comes twice', () => {
    assert.match(statusOf({ schemas, Operations: [post('a'), post('a')] }), /^400 invalidSyntax/)
  })

  it('R227 C85 refuses more operations than it announces, and names the limit', () => {
    const operations = (count: number) => Array.from({ length: count }, (_, index) => post(String(index)))
    assert.equal(statusOf({ schemas, Operations: operations(1_000) }), '200')
    assert.match(statusOf({ schemas, Operations: operations(1_001) }), /^413 .*1000/)
  })

  it('refuses what is no BulkRequest', () => {
    for (const body of [
      undefined,
      { Operations: [post('a')] },
      { schemas: ['urn:x'], Operations: [post('a')] },
      { schemas },
      { schemas, Operations: [] },
      { schemas, Operations: ['x'] },
      { schemas, Operations: [{ path: '/Users' }] },
      { schemas, Operations: [{ method: 'POST' }] },
      { schemas, Operations: [{ ...post('a'), bulkId: 1 }] },
    ]) {
      assert.match(statusOf(body), /^400 invalidSyntax/, JSON.stringify(body))
    }
  })

  it('R226 failOnErrors is a whole number', () => {
    assert.match(statusOf({ schemas, Operations: [post('a')], failOnErrors: '1' }), /^400 invalidValue/)
    assert.match(statusOf({ schemas, Operations: [post('a')], failOnErrors: -1 }), /^400 invalidValue/)
    assert.equal(readBulkRequest({ schemas, Operations: [post('a')], failOnErrors: 1 }, reading).failOnErrors, 1)
  })
})

describe('RFC 7644 section 3.7.2: references by bulkId', () => {
  const ids = new Map([
    ['1', 'id-one'],
    ['10', 'id-ten'],
  ])

  it('R222 are found in values, in the path of the operation and in filters of PATCH paths', () => {
    const data = {
      members: [{ value: 'bulkId:1' }, { value: 'x' }],
      Operations: [{ op: 'remove', path: 'members[value eq "bulkId:3"]' }],
      note: 'see bulkId:4',
    }
    const item = { method: 'PATCH', bulkId: undefined, version: undefined, path: '/Groups/bulkId:2', data }
    assert.deepEqual([...referencesOf(item)].sort(), ['1', '2', '3'])
  })

  it('R222 are resolved each by itself: 1 is not found in 10, and several in one operation are', () => {
    const data = { members: [{ value: 'bulkId:1' }, { value: 'bulkId:10' }], path: 'members[value eq "bulkId:10"]' }
    assert.deepEqual(resolveReferences(data, ids), {
      members: [{ value: 'id-one' }, { value: 'id-ten' }],
      path: 'members[value eq "id-ten"]',
    })
    assert.equal(resolvePathReference('/Groups/bulkId:10', ids), '/Groups/id-ten')
    assert.equal(resolvePathReference('Groups/bulkId:1?attributes=id', ids), 'Groups/id-one?attributes=id')
  })

  it('R224 what refers to a resource that does not exist yet is taken out, to be added later', () => {
    const extension = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
    const data = {
      displayName: 'A',
      members: [{ value: 'bulkId:b' }, { value: 'known' }],
      [extension]: { department: 'D', manager: { value: 'bulkId:b' } },
    }
    assert.deepEqual(takeOut(data, new Set(['b'])), {
      data: { displayName: 'A', members: [{ value: 'known' }], [extension]: { department: 'D' } },
      operations: [
        { op: 'add', path: 'members', value: [{ value: 'bulkId:b' }] },
        { op: 'add', path: `${extension}:manager`, value: { value: 'bulkId:b' } },
      ],
    })
  })
})
