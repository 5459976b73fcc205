import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { adminToken, type Organization, startUsher, type TestConnection, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

/** An organization with Ann, whom only the connection knows, and Bob, whom SCIM has pushed as well. */
async function house() {
  const organization = await usher.organization()
  const scim = await organization.scimClient()
  const connection = await organization.connection(provider)
  const bob = await scim.must('POST', '/Users', user(`bob@${organization.domain}`, { externalId: 'bob' }))
  const ann = await arrive(connection, organization, 'ann')
  await arrive(connection, organization, 'bob')
  return { organization, scim, connection, ann, bob }
}

async function arrive(connection: TestConnection, organization: Organization, name: string) {
  const answer = await connection.login({ sub: name, email: `${name}@${organization.domain}`, email_verified: true })
  assert.equal(answer.status, 200, answer.text)
  return answer.body.user
}

async function remove(organization: Organization, connection: TestConnection, choice: string) {
  const { job } = await organization.admin('DELETE', `/connections/${connection.id}?users=${choice}`)
  for (;;) {
    const { body } = await usher.call('GET', `/api/v1/jobs/${job}`, { token: adminToken })
    if (body.state === 'done') return
    assert.notEqual(body.state, 'failed', JSON.stringify(body))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('deletion of a connection', () => {
  it('A22 without a choice it is 400 and lists the number of users of each; the impact says the same', async () => {
    const { organization, connection } = await house()
    const refused = await organization.ask('DELETE', `/connections/${connection.id}`)
    assert.equal(refused.status, 400)
    assert.match(refused.body.detail, /keep: 2 .*deactivate: 1 .*delete: 1 /)
    assert.deepEqual(await organization.admin('GET', `/connections/${connection.id}/deletion-impact`), {
      keep: 2,
      deactivate: 1,
      delete: 1,
      unlinked: 1,
    })
  })

  it('A22 delete takes those whom only the connection knows; users with another source are only unlinked', async () => {
    const { organization, scim, connection, ann, bob } = await house()
    await remove(organization, connection, 'delete')
    assert.equal((await scim.call('GET', `/Users/${ann.id}`)).status, 404)
    const left = await scim.must('GET', `/Users/${bob.id}`)
    const extension = left['urn:usher:scim:schemas:provisioning:1.0:User']
    assert.equal(extension.identities, undefined)
    assert.deepEqual(
      extension.managedBy.map(({ source }: { source: string }) => source),
      [`scim:${scim.id}`],
    )
    assert.equal((await organization.ask('GET', `/connections/${connection.id}`)).status, 404)
  })

  it('A22 deactivate holds them, keep leaves them as they are', async () => {
    for (const [choice, active] of [
      ['deactivate', false],
      ['keep', true],
    ] as const) {
      const { organization, scim, connection, ann, bob } = await house()
      await remove(organization, connection, choice)
      assert.equal((await scim.must('GET', `/Users/${ann.id}`)).active, active)
      assert.equal((await scim.must('GET', `/Users/${bob.id}`)).active, true)
    }
  })

  it('G7 the last holder of a privileged role is only unlinked', async () => {
    const { organization, scim, connection, ann } = await house()
    await organization.admin('PUT', '/roles/root', { privileged: true })
    await organization.admin('PUT', `/users/${ann.id}/roles/root`)
    await remove(organization, connection, 'deactivate')
    assert.equal((await scim.must('GET', `/Users/${ann.id}`)).active, true)
  })

  it('f16 a person of two connections stays when one of them goes', async () => {
    const { organization, scim, connection, ann } = await house()
    const second = await organization.connection(provider, { name: 'second' })
    const answer = await second.login({ sub: 'ann-2', email: `ann@${organization.domain}`, email_verified: true })
    assert.equal(answer.body.user.id, ann.id, answer.text)
    await remove(organization, connection, 'delete')
    const left = await scim.must('GET', `/Users/${ann.id}`)
    assert.equal(left['urn:usher:scim:schemas:provisioning:1.0:User'].identities.length, 1)
    await remove(organization, second, 'delete')
    assert.equal((await scim.call('GET', `/Users/${ann.id}`)).status, 404)
  })
})
