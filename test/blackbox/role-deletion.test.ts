import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const values = (resource: { roles?: readonly { value: string }[] }) =>
  (resource.roles ?? []).map(({ value }) => value).sort()

describe('a role that is deleted', () => {
  it('is taken from everybody, whoever gave it, as a change of each user', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    await organization.admin('PUT', '/roles/editor', {})
    const byScim = await client.must('POST', '/Users', user('ann', { roles: [{ value: 'editor' }] }))
    const byHand = await client.must('POST', '/Users', user('bob'))
    await organization.admin('PUT', `/users/${byHand.id}/roles/editor`)
    const connection = await organization.connection(provider)
    await connection.jit({ roles: { mode: 'sync', claim: 'roles', mapping: [{ value: 'ed', role: 'editor' }] } })
    const email = `eve@${organization.domain}`
    const { body } = await connection.login({ sub: 'eve', email, email_verified: true, roles: ['ed'] })
    const byLogin = body.user
    const nobody = await client.must('POST', '/Users', user('kim'))
    const read = (id: string) => client.must('GET', `/Users/${id}`)
    const before = new Map<string, string>()
    for (const { id } of [byScim, byHand, byLogin]) {
      const found = await read(id)
      assert.deepEqual(values(found), ['editor', 'member'])
      before.set(id, found.meta.version)
    }

    await organization.admin('DELETE', '/roles/editor')
    const changes = await organization.admin('GET', '/changes?limit=100')
    for (const [id, version] of before) {
      const found = await read(id)
      assert.deepEqual(values(found), ['member'])
      assert.notEqual(found.meta.version, version)
      const last = changes.items.findLast((change: { resource: { id: string } }) => change.resource.id === id)
      assert.equal(last.actor, 'admin:operator')
      assert.equal(`W/"${last.resource.version}"`, found.meta.version)
      assert.match(JSON.stringify(last.operations), /roles\[value eq \\+"editor\\+"\]/)
    }
    assert.equal((await read(nobody.id)).meta.version, nobody.meta.version)
  })

  it('made anew has no holders', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    await organization.admin('PUT', '/roles/editor', {})
    const people = []
    for (let index = 0; index < 40; index += 1) {
      people.push(await client.must('POST', '/Users', user(`u${index}`, { roles: [{ value: 'editor' }] })))
    }
    const holders = async () =>
      (await client.must('GET', `/Users?filter=${encodeURIComponent('roles.value eq "editor"')}`)).totalResults
    assert.equal(await holders(), people.length)
    await organization.admin('DELETE', '/roles/editor')
    assert.equal(await holders(), 0)
    await organization.admin('PUT', '/roles/editor', { privileged: true })
    assert.equal(await holders(), 0)
    assert.deepEqual(values(await client.must('GET', `/Users/${people[0].id}`)), ['member'])
  })

  it('G8 is taken from open invitations as well', async () => {
    const organization = await usher.organization()
    await organization.admin('PUT', '/roles/guest', {})
    const email = 'guest@elsewhere.example'
    const { id } = await organization.admin('POST', '/invitations', { email, roles: ['guest', 'member'] })
    await organization.admin('DELETE', '/roles/guest')
    await organization.admin('PUT', '/roles/guest', { privileged: true })
    assert.deepEqual((await organization.admin('GET', `/invitations/${id}`)).roles, ['member'])
    const connection = await organization.connection(provider)
    const { body } = await connection.login({ sub: 'guest', email, email_verified: true })
    assert.equal(body.outcome, 'created')
    assert.deepEqual(body.roles, ['member'])
  })

  it('stays with its holders when it may not be deleted', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    await organization.admin('PUT', '/roles/boss', { privileged: true })
    const { id } = await client.must('POST', '/Users', user('ann', { roles: [{ value: 'member' }] }))
    await organization.admin('PUT', `/users/${id}/roles/boss`)
    const { version } = (await client.must('GET', `/Users/${id}`)).meta
    const key = await organization.admin('POST', '/api-keys', { name: 'admin', scopes: ['admin'] })
    const refused = await organization.ask('DELETE', '/roles/boss', undefined, key.token)
    assert.deepEqual([refused.status, refused.body.code], [403, 'privileged_grant_refused'])
    assert.equal((await organization.ask('DELETE', '/roles/member')).status, 409)
    assert.equal((await organization.ask('DELETE', '/roles/unknown')).status, 404)
    const found = await client.must('GET', `/Users/${id}`)
    assert.deepEqual(values(found), ['boss', 'member'])
    assert.equal(found.meta.version, version)
  })

  it('can be a privileged one that somebody holds: there is no role left to hold', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    await organization.admin('PUT', '/roles/boss', { privileged: true })
    const { id } = await client.must('POST', '/Users', user('ann'))
    await organization.admin('PUT', `/users/${id}/roles/boss`)
    await organization.admin('DELETE', '/roles/boss')
    assert.deepEqual(values(await client.must('GET', `/Users/${id}`)), ['member'])
  })
})

describe('a role that is made', () => {
  it('f25 G8 as a privileged one is held by nobody who had its name written before', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const { id } = await client.must('POST', '/Users', user('ann', { roles: [{ value: 'boss' }] }))
    await organization.admin('PUT', '/roles/boss', { privileged: true })
    assert.deepEqual(values(await client.must('GET', `/Users/${id}`)), ['member'])
  })

  it('as an ordinary one is held by those who had its name written before', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const { id } = await client.must('POST', '/Users', user('ann', { roles: [{ value: 'editor' }] }))
    await organization.admin('PUT', '/roles/editor', {})
    const { roles } = await organization.admin('GET', `/users/${id}/provenance`)
    assert.deepEqual(roles[0], { value: 'editor', sources: [`scim:${client.id}`] })
  })
})
