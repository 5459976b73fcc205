import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, verdict } from './house.ts'
import { startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

describe('templates, constants and names', () => {
  it('G10 A20 templates substitute claims and nothing else; a missing placeholder makes the value missing', async () => {
    const home = await buildHouse(usher, provider)
    await home.connection.jit({
      userName: { template: '{email|local}.{email|domain}' },
      attributes: [
        { attribute: 'displayName', template: '{given_name} {family_name|lower}' },
        { attribute: 'title', template: '{given_name} of {nothing}' },
        { attribute: 'nickName', template: '$(7*7) {given_name}' },
        { attribute: 'userType', value: 'Employee' },
        { attribute: 'locale', claim: 'https://claims.example/a.b' },
        { attribute: 'addresses[type eq "work"].locality', claim: 'address.locality' },
      ],
    })
    const { user: made } = (
      await home.connection.login(
        home.person('ann', {
          family_name: 'LEE',
          given_name: '{email}',
          'https://claims.example/a.b': 'sv-SE',
          address: { locality: 'Lund' },
        }),
      )
    ).body
    assert.equal(made.userName, `ann.${home.organization.domain}`)
    assert.equal(made.displayName, '{email} lee')
    assert.equal(made.title, undefined)
    assert.equal(made.nickName, '$(7*7) {email}')
    assert.equal(made.userType, 'Employee')
    assert.equal(made.locale, 'sv-SE')
    assert.deepEqual(made.addresses, [{ locality: 'Lund', type: 'work' }])
  })

  it('A19 required and pattern: nothing is made without them', async () => {
    const home = await buildHouse(usher, provider)
    await home.connection.jit({ required: ['title'], attributes: [{ attribute: 'title', claim: 'title' }] })
    const refused = await home.connection.login(home.person('ann'))
    assert.equal(verdict(refused), 'required_attribute_missing')
    const malformed = await home.connection.login(home.person('ann', { title: { a: 1 } }))
    assert.equal(verdict(malformed), 'attribute_invalid')
    assert.equal((await home.users()).totalResults, 0)
    assert.equal(verdict(await home.connection.login(home.person('ann', { title: 'Boss' }))), 'created')
  })

  it('K10 an externalId that is mapped belongs to the connection: clients do not see it, and no rule finds it', async () => {
    const home = await buildHouse(usher, provider)
    await home.connection.jit({ attributes: [{ attribute: 'externalId', claim: 'oid' }] })
    const { body } = await home.connection.login(home.person('ann', { oid: 'object-1' }))
    assert.equal(body.user.externalId, 'object-1')
    assert.equal((await home.scim.must('GET', `/Users/${body.user.id}`)).externalId, undefined)
    await home.connection.login(home.person('ann', { oid: 'object-2' }))
    assert.equal((await home.user(body.user.id)).externalId, 'object-1')
    assert.equal((await home.scim.call('POST', '/Users', user('bob', { externalId: 'object-1' }))).status, 201)
    const other = await home.organization.connection(provider, {
      jit: { matching: [{ claim: 'oid', attribute: 'externalId' }], userName: { claim: 'sub' }, attributes: [] },
    })
    const bob = await other.login(home.person('x', { oid: 'object-1', email: undefined }))
    assert.equal(bob.body.user.userName, 'bob')
  })
})
