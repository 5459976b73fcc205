import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { base, bulkUrn, groupUrn, scimService, userUrn } from './service.ts'

const { call, create, newUser } = scimService()

describe('groups over HTTP', () => {
  it('R207 C82 members are shown unless they are excluded, and of each what is asked for', async () => {
    const user = await newUser({ displayName: 'Ada' })
    const group = await create('Groups', { displayName: 'Shown', members: [{ value: user.id }] })
    const member = { value: user.id, $ref: `${base}/Users/${user.id}`, display: 'Ada', type: 'User' }
    assert.deepEqual(group.members, [member])
    const get = async (query: string) => (await call('get', `/Groups/${group.id}${query}`)).body
    assert.deepEqual((await get('')).members, [member])
    assert.equal((await get('?excludedAttributes=members')).members, undefined)
    assert.deepEqual(await get('?attributes=members.value'), {
      schemas: [groupUrn],
      id: group.id,
      members: [{ value: user.id }],
    })
    const empty = await create('Groups', { displayName: 'Empty' })
    assert.equal('members' in empty, false)
  })

  it('C83 a group of more members than one batch is answered whole', async () => {
    const organization = 'large'
    const users = await Promise.all(
      Array.from({ length: 3 }, (_, part) => {
        const operations = Array.from({ length: 800 }, (_, index) => ({
          method: 'POST',
          path: '/Users',
          bulkId: `${part}-${index}`,
          data: { schemas: [userUrn], userName: `large${part}-${index}` },
        }))
        return call('post', '/Bulk', { schemas: [bulkUrn], Operations: operations }, { organization })
      }),
    )
    const ids: string[] = users.flatMap(({ body }) =>
      body.Operations.map(({ location }: { location: string }) => location.split('/').at(-1)),
    )
    assert.equal(new Set(ids).size, 2_400)
    const members = ids.map((value) => ({ value }))
    const group = await create('Groups', { displayName: 'Large', members }, { organization })
    assert.equal(group.members.length, 2_400)
    const response = await call('get', `/Groups/${group.id}`, undefined, { organization })
    assert.equal(response.headers['transfer-encoding'], 'chunked')
    assert.deepEqual(response.body.members.map(({ value }: { value: string }) => value).sort(), [...ids].sort())
    const head = await call('head', `/Groups/${group.id}`, undefined, { organization })
    assert.deepEqual([head.status, head.headers.etag], [200, response.headers.etag])
  })
})
