import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { base, bulkUrn, groupUrn, type Options, patchUrn, scimService, userUrn } from './service.ts'

const { call, newUser } = scimService()

describe('Bulk over HTTP (RFC 7644 section 3.7)', () => {
  interface Result {
    readonly method: string
    readonly status: string
    readonly bulkId?: string
    readonly location?: string
    readonly version?: string
    readonly response?: { readonly scimType?: string; readonly status: string; readonly detail: string }
  }
  const bulk = async (operations: readonly object[], more: object = {}, options: Options = {}) => {
    const response = await call('post', '/Bulk', { schemas: [bulkUrn], Operations: operations, ...more }, options)
    assert.equal(response.status, 200, JSON.stringify(response.body))
    assert.deepEqual(response.body.schemas, ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'])
    return response.body.Operations as Result[]
  }
  const user = (bulkId: string, userName: string) => ({
    method: 'POST',
    path: '/Users',
    bulkId,
    data: { schemas: [userUrn], userName },
  })
  const group = (bulkId: string, displayName: string, members: readonly string[]) => ({
    method: 'POST',
    path: 'Groups',
    bulkId,
    data: { schemas: [groupUrn], displayName, members: members.map((value) => ({ value })) },
  })
  const read = async ({ location }: Result) => (await call('get', location!.slice(base.length))).body
  const statuses = (results: readonly Result[]) => results.map(({ status }) => status)
  const valuesOf = ({ members }: { members?: { value: string }[] }) => (members ?? []).map(({ value }) => value).sort()

  it('R221 R232 answers each operation in its place, with method, status, location and version', async () => {
    const existing = await newUser()
    const results = await bulk([
      { ...user('a', 'bulk-a'), method: 'post' },
      {
        method: 'PATCH',
        path: `/Users/${existing.id}`,
        data: { schemas: [patchUrn], Operations: [{ op: 'add', path: 'title', value: 'T' }] },
      },
      {
        method: 'PUT',
        path: `${base}/Users/${existing.id}`,
        data: { schemas: [userUrn], userName: existing.userName },
      },
      { method: 'DELETE', path: `/Users/${existing.id}` },
      { method: 'GET', path: `/Users/${existing.id}` },
      { method: 'POST', path: '/Bulk', bulkId: 'n', data: {} },
      { method: 'POST', path: 'https://elsewhere.example/scim/v2/acme/Users', bulkId: 'e', data: {} },
      { method: 'PUT', path: '/Roles/x', data: {} },
      { method: 'DELETE', path: '/Users/nobody' },
      { method: 'POST', path: '/Users', data: { schemas: [userUrn], userName: 'bulk-no-id' } },
      user('taken', 'bulk-a'),
    ])
    assert.deepEqual(statuses(results), ['201', '200', '200', '204', '400', '400', '400', '405', '404', '400', '409'])
    assert.deepEqual(Object.keys(results[0]!).sort(), ['bulkId', 'location', 'method', 'status', 'version'])
    assert.equal(results[0]?.method, 'POST')
    assert.match(results[0]?.version ?? '', /^W\/"/)
    assert.equal(results[8]?.location, `${base}/Users/nobody`)
    assert.equal(results[10]?.response?.scimType, 'uniqueness')
    assert.equal(results[10]?.location, undefined)
  })

  it('R222 R223 resolves references in data and paths, backwards and forwards', async () => {
    const results = await bulk([
      group('g', 'Bulk forward', ['bulkId:1', 'bulkId:10']),
      user('1', 'bulk-1'),
      user('10', 'bulk-10'),
      user('11', 'bulk-11'),
      {
        method: 'PATCH',
        path: '/Groups/bulkId:g',
        data: {
          schemas: [patchUrn],
          Operations: [
            { op: 'add', path: 'members', value: [{ value: 'bulkId:11' }] },
            { op: 'remove', path: 'members[value eq "bulkId:1"]' },
          ],
        },
      },
    ])
    assert.deepEqual(statuses(results), ['201', '201', '201', '201', '200'], JSON.stringify(results))
    const ids = results.map(({ location }) => location!.split('/').at(-1)!)
    assert.deepEqual(valuesOf(await read(results[0]!)), [ids[2]!, ids[3]!].sort())
  })

  it('R224 C86 resolves circular references of groups, and of managers', async () => {
    const results = await bulk([group('a', 'Circle a', ['bulkId:b']), group('b', 'Circle b', ['bulkId:a'])])
    assert.deepEqual(statuses(results), ['201', '201'], JSON.stringify(results))
    const [a, b] = [await read(results[0]!), await read(results[1]!)]
    assert.deepEqual([valuesOf(a), valuesOf(b)], [[b.id], [a.id]])
    assert.deepEqual([results[0]?.version, results[1]?.version], [a.meta.version, b.meta.version])
  })

  it('R225 C86 a reference to nothing or to what failed fails alone; itself as a member is refused', async () => {
    const results = await bulk([
      group('g', 'Bulk dangling', ['bulkId:nobody']),
      { ...user('bad', ''), data: { schemas: [userUrn] } },
      group('h', 'Bulk of failed', ['bulkId:bad']),
      group('self', 'Bulk of itself', ['bulkId:self']),
      user('fine', 'bulk-fine'),
    ])
    assert.deepEqual(statuses(results), ['400', '400', '409', '400', '201'], JSON.stringify(results))
    const { body } = await call('get', '/Groups?filter=displayName%20eq%20%22Bulk%20of%20itself%22')
    assert.equal(body.totalResults, 0)
  })

  it('R226 C87 failOnErrors ends the processing, and what was not processed is not answered', async () => {
    const bad = { method: 'DELETE', path: '/Users/nobody' }
    assert.deepEqual(statuses(await bulk([bad, user('x', 'bulk-x'), bad, user('y', 'bulk-y')], { failOnErrors: 1 })), [
      '404',
    ])
    assert.deepEqual(statuses(await bulk([bad, user('x', 'bulk-x'), bad, user('y', 'bulk-y')], { failOnErrors: 2 })), [
      '404',
      '201',
      '404',
    ])
  })

  it('R228 version is the precondition of an operation', async () => {
    const existing = await newUser()
    const results = await bulk([
      { method: 'DELETE', path: `/Users/${existing.id}`, version: 'W/"stale"' },
      { method: 'DELETE', path: `/Users/${existing.id}`, version: existing.meta.version },
    ])
    assert.deepEqual(statuses(results), ['412', '204'])
  })
})
