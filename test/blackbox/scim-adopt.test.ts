import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { at, bulk, postUser, statusesOf } from './bulking.ts'
import { assertScimError } from './scim-error.ts'
import { startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

/** A SCIM client pushes a person whom logins have brought already. */
describe('POST of a user whom logins have made', () => {
  async function house(onExisting: 'adopt' | 'conflict', jit: Readonly<Record<string, unknown>> = {}) {
    const organization = await usher.organization()
    const scim = await organization.scimClient({ onExisting })
    const connection = await organization.connection(provider)
    await connection.jit(jit)
    return { organization, scim, connection, email: `ann@${organization.domain}` }
  }

  it('R72 adopt: by the subject as externalId the POST updates that user, 201 with its id, also under another name', async () => {
    const { organization, scim, connection, email } = await house('adopt')
    const first = await connection.login({ sub: 'ann-1', email, email_verified: true, given_name: 'Ann' })
    assert.equal(first.body.outcome, 'created', first.text)
    const pushed = await scim.call('POST', '/Users', user('ann.lee', { externalId: 'ann-1', title: 'Engineer' }))
    assert.equal(pushed.status, 201, pushed.text)
    assert.equal(pushed.body.id, first.body.user.id)
    assert.equal(pushed.headers.get('location'), pushed.body.meta.location)
    assert.equal(pushed.body.userName, 'ann.lee')
    assert.equal(pushed.body.title, 'Engineer')
    assert.equal(pushed.body.name.givenName, 'Ann')
    const { attributes } = await organization.admin('GET', `/users/${pushed.body.id}/provenance`)
    const source = (path: string) => attributes.find((one: { path: string }) => one.path === path)?.source
    assert.equal(source('title'), `scim:${scim.id}`)
    assert.equal(source('name.givenName'), `login:${connection.id}`)
  })

  it('R72 adopt: by a userName that the login had proved as its e-mail', async () => {
    const { scim, connection, email } = await house('adopt')
    const first = await connection.login({ sub: 'ann-1', email, email_verified: true })
    const pushed = await scim.call('POST', '/Users', user(email.toUpperCase(), { externalId: 'hr-77' }))
    assert.equal(pushed.status, 201, pushed.text)
    assert.equal(pushed.body.id, first.body.user.id)
    assert.equal(pushed.body.externalId, 'hr-77')
    const again = await connection.login({ sub: 'ann-1', email, email_verified: true })
    assert.equal(again.body.user.id, first.body.user.id)
  })

  it('R72 R229 adopt: of two operations of a bulk for one person the first adopts, the second is 409', async () => {
    const { scim, connection, email } = await house('adopt')
    const first = await connection.login({ sub: 'ann-1', email, email_verified: true })
    const results = await bulk(scim, [
      postUser('a', 'bob'),
      postUser('b', email, { title: 'One' }),
      postUser('c', email, { title: 'Two' }),
      postUser('d', 'cleo'),
    ])
    assert.deepEqual(statusesOf(results), ['201', '201', '409', '201'])
    const adopted = await at(scim, results[1]!)
    assert.deepEqual([adopted.id, adopted.title], [first.body.user.id, 'One'])
    assert.equal(adopted.meta.version, results[1]!.version)
  })

  it('R72 adopt: never by an e-mail that nobody has proved', async () => {
    const { scim, connection, email } = await house('adopt', { domains: 'any' })
    const claims = { sub: 'mallory', email, email_verified: false, preferred_username: email }
    const first = await connection.login(claims)
    assert.equal(first.body.outcome, 'created', first.text)
    assert.equal(first.body.user.userName, email)
    assertScimError(await scim.call('POST', '/Users', user(email, { externalId: 'ann-1' })), 409, 'uniqueness')
    const other = user('ann', { emails: [{ value: email, primary: true }] })
    const made = await scim.must('POST', '/Users', other)
    assert.notEqual(made.id, first.body.user.id)
  })

  it('R72 adopt: a user of whom a SCIM client knows already is 409', async () => {
    const { organization, scim, connection, email } = await house('adopt')
    const first = await connection.login({ sub: 'ann-1', email, email_verified: true })
    await scim.must('POST', '/Users', user(email, { externalId: 'ann-1' }))
    assertScimError(await scim.call('POST', '/Users', user(email, { externalId: 'ann-1' })), 409, 'uniqueness')
    const other = await organization.scimClient({ onExisting: 'adopt' })
    assertScimError(await other.call('POST', '/Users', user(email, { externalId: 'ann-1' })), 409, 'uniqueness')
    assert.equal((await scim.must('GET', '/Users')).Resources[0].id, first.body.user.id)
  })

  it('R72 conflict: the POST is 409 by subject as well as by name, and changes nothing', async () => {
    const { scim, connection, email } = await house('conflict')
    const first = await connection.login({ sub: 'ann-1', email, email_verified: true })
    assertScimError(await scim.call('POST', '/Users', user(email, { externalId: 'ann-1' })), 409, 'uniqueness')
    const { meta } = await scim.must('GET', `/Users/${first.body.user.id}`)
    assert.equal(meta.version, first.body.user.meta.version)
  })
})
