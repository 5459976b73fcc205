import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, type House, verdict } from './house.ts'
import { startUsher } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const provisioning = 'urn:usher:scim:schemas:provisioning:1.0:User'
const house = (jit: Readonly<Record<string, unknown>> = {}) => buildHouse(usher, provider, { jit })

/** Verifies a domain by DNS, so that its proof can be lost again. */
async function prove({ organization }: House, domain: string) {
  const { record } = await organization.admin('POST', '/domains', { domain })
  usher.txt.set(record.name, [record.value])
  assert.equal((await organization.admin('POST', `/domains/${domain}/verify`)).status, 'verified')
  return async () => {
    usher.txt.delete(record.name)
    assert.equal((await organization.admin('POST', `/domains/${domain}/verify`)).status, 'lapsed')
  }
}

describe('A27 A28 A29 who may be created', () => {
  // domains, emailTrust, email_verified (absent for undefined), where the address is, what becomes of it
  const own = [
    ['domain', true, 'created'],
    ['domain', undefined, 'created'],
    ['domain', false, 'email_unverified'],
    ['domain', 'true', 'email_unverified'],
    ['domain', 'false', 'email_unverified'],
    ['domain', 1, 'email_unverified'],
    ['claim', true, 'created'],
    ['claim', undefined, 'email_unverified'],
    ['claim', 'true', 'email_unverified'],
    ['claim', false, 'email_unverified'],
  ] as const
  for (const [emailTrust, verified, expected] of own) {
    it(`K3 D7 emailTrust ${emailTrust}, email_verified ${JSON.stringify(verified)}, own domain: ${expected}`, async () => {
      const home = await house({ emailTrust })
      assert.equal(verdict(await home.connection.login(home.person('ann', { email_verified: verified }))), expected)
      assert.equal((await home.users()).totalResults, expected === 'created' ? 1 : 0)
    })
  }

  const elsewhere = [
    ['a foreign domain', 'ann@elsewhere.example', true, 'domain_not_allowed'],
    ['a foreign domain, unverified', 'ann@elsewhere.example', false, 'email_unverified'],
    ['no address', undefined, undefined, 'domain_not_allowed'],
    ['an empty address', '', true, 'domain_not_allowed'],
    ['no text', ['ann@elsewhere.example'], true, 'domain_not_allowed'],
    ['no address at all', 'ann', true, 'domain_not_allowed'],
  ] as const
  for (const [name, email, verified, expected] of elsewhere) {
    it(`A29 D7 ${name}: ${expected}, and created where domains is any`, async () => {
      const home = await house()
      const claims = home.person('ann', { email, email_verified: verified, preferred_username: 'ann' })
      assert.equal(verdict(await home.connection.login(claims)), expected)
      await home.connection.jit({ domains: 'any' })
      assert.equal(verdict(await home.connection.login(claims)), 'created')
    })
  }

  it('D3 a sub-domain needs its own proof, and the parent no more than its own', async () => {
    const home = await house()
    const email = `ann@sub.${home.organization.domain}`
    assert.equal(verdict(await home.connection.login(home.person('ann', { email }))), 'domain_not_allowed')
    await prove(home, `sub.${home.organization.domain}`)
    assert.equal(verdict(await home.connection.login(home.person('ann', { email }))), 'created')
  })

  it('D1 a domain that is pending, or verified by another organization, lets nobody in', async () => {
    const [home, other] = [await house(), await house()]
    const foreign = home.person('ann', { email: `ann@${other.organization.domain}` })
    assert.equal(verdict(await home.connection.login(foreign)), 'domain_not_allowed')
    await home.organization.admin('POST', '/domains', { domain: `new-${home.organization.domain}` })
    const pending = home.person('ann', { email: `ann@new-${home.organization.domain}` })
    assert.equal(verdict(await home.connection.login(pending)), 'domain_not_allowed')
  })

  it('K8 row 109 a domain that only looks alike is another one', async () => {
    const home = await house()
    for (const domain of [
      home.organization.domain.replace('e', '\u0435'),
      home.organization.domain.replace('o', '\uff4f'),
    ]) {
      const claims = home.person('ann', { email: `ann@${domain}` })
      assert.equal(verdict(await home.connection.login(claims)), 'domain_not_allowed', domain)
    }
    const upper = home.person('ann', { email: `ann@${home.organization.domain.toUpperCase()}` })
    assert.equal(verdict(await home.connection.login(upper)), 'created')
  })

  it('K8 an address that none can be is nobody’s: a second sign only in quotes', async () => {
    const { organization, connection } = await house()
    const login = (sub: string, local: string) =>
      connection.login({ sub, email: `${local}@${organization.domain}`, email_verified: true })
    assert.equal(verdict(await login('two-signs', 'ann@elsewhere.example')), 'domain_not_allowed')
    assert.equal(verdict(await login('open-quote', '"ann@elsewhere.example')), 'domain_not_allowed')
    assert.equal(verdict(await login('quoted', '"ann@home"')), 'created')
  })

  it('f23 D2 a lapsed domain: no creation and no link by e-mail; linked people continue', async () => {
    const home = await house()
    const domain = `more-${home.organization.domain}`
    const lapse = await prove(home, domain)
    const at = (name: string, more = {}) => home.person(name, { email: `${name}@${domain}`, ...more })
    assert.equal(verdict(await home.connection.login(at('ann'))), 'created')
    await home.scim.must('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'cat',
      emails: [{ value: `cat@${domain}` }],
    })
    await lapse()
    assert.equal(verdict(await home.connection.login(at('ann'))), 'unchanged')
    assert.equal(verdict(await home.connection.login(at('bob'))), 'domain_lapsed')
    assert.equal(verdict(await home.connection.login(at('bob', { email_verified: undefined }))), 'domain_lapsed')
    assert.equal(verdict(await home.connection.login(at('bob', { email_verified: false }))), 'email_unverified')
    assert.equal(verdict(await home.connection.login(at('cat'))), 'domain_lapsed')
  })
})

describe('D7 D8 conditions on claims', () => {
  const passes = [
    [{ claim: 'acct', operator: 'equals', value: 0 }, { acct: 0 }, true],
    [{ claim: 'acct', operator: 'equals', value: 0 }, { acct: '0' }, false],
    [{ claim: 'acct', operator: 'equals', value: 0 }, {}, false],
    [{ claim: 'hd', operator: 'in', value: ['a.example', 'b.example'] }, { hd: 'b.example' }, true],
    [{ claim: 'hd', operator: 'in', value: ['a.example'] }, { hd: 'A.example' }, false],
    [{ claim: 'groups', operator: 'equals', value: 'staff' }, { groups: ['x', 'staff'] }, true],
    [{ claim: 'employee', operator: 'present' }, { employee: 'e1' }, true],
    [{ claim: 'employee', operator: 'present' }, { employee: null }, false],
    [{ claim: 'idp', operator: 'present', value: false }, {}, true],
    [{ claim: 'idp', operator: 'present', value: false }, { idp: 'x' }, false],
    [{ claim: 'dept', operator: 'matches', value: 'it-[0-9]+' }, { dept: 'it-17' }, true],
    [{ claim: 'dept', operator: 'matches', value: 'it-[0-9]+' }, { dept: 'no it-17' }, false],
    [{ claim: 'address.country', operator: 'equals', value: 'SE' }, { address: { country: 'SE' } }, true],
    [{ claim: 'https://a.example/x.y', operator: 'equals', value: true }, { 'https://a.example/x.y': true }, true],
  ] as const
  it('D8 G9 equals and in are exact, patterns are anchored, a name is literal or a path', async () => {
    for (const [condition, claims, passed] of passes) {
      const home = await house({ claimFilter: [condition] })
      const answer = await home.connection.login(home.person('ann', claims))
      assert.equal(verdict(answer), passed ? 'created' : 'claim_filter_failed', JSON.stringify([condition, claims]))
    }
  })

  it('D7 all conditions must hold, for a linked person too', async () => {
    const home = await house()
    await home.connection.login(home.person('ann'))
    await home.connection.jit({
      claimFilter: [
        { claim: 'a', operator: 'present' },
        { claim: 'b', operator: 'present' },
      ],
    })
    assert.equal(verdict(await home.connection.login(home.person('ann', { a: 1 }))), 'claim_filter_failed')
    assert.equal(verdict(await home.connection.login(home.person('ann', { a: 1, b: 2 }))), 'unchanged')
  })
})

describe('A29 invitations', () => {
  const outside = { email: 'Guest@Elsewhere.example' }
  const guest = { email: 'guest@elsewhere.EXAMPLE' }

  it('A29 row 111 one login uses it up: the person is created with its roles, by the invitation', async () => {
    const home = await house()
    await home.organization.admin('PUT', '/roles/manager', {})
    const invitation = await home.organization.admin('POST', '/invitations', { ...outside, roles: ['manager'] })
    const { body } = await home.connection.login(home.person('guest', guest))
    assert.equal(body.outcome, 'created')
    assert.deepEqual(body.roles.toSorted(), ['manager', 'member'])
    assert.equal(body.user[provisioning].provisionedBy, 'invitation')
    const { roles } = await home.provenance(body.user.id)
    const source = `invitation:${invitation.id}`
    assert.deepEqual(roles.find(({ value }: { value: string }) => value === 'manager').sources, [source])
    assert.equal((await home.organization.admin('GET', `/invitations/${invitation.id}`)).acceptedBy, body.user.id)
    const second = await home.connection.login(home.person('guest', { ...guest, sub: 'second' }))
    assert.equal(verdict(second), 'domain_not_allowed')
    assert.equal(verdict(await home.connection.login(home.person('guest', guest))), 'unchanged')
  })

  for (const verified of [undefined, false, 'true'] as const) {
    it(`A29 email_verified ${JSON.stringify(verified)} uses up nothing`, async () => {
      const home = await house()
      const invitation = await home.organization.admin('POST', '/invitations', outside)
      const answer = await home.connection.login(home.person('guest', { ...guest, email_verified: verified }))
      assert.match(verdict(answer), /email_unverified|domain_not_allowed/)
      assert.equal((await home.organization.admin('GET', `/invitations/${invitation.id}`)).acceptedBy, null)
    })
  }

  it('A29 an expired or withdrawn invitation lets nobody in', async () => {
    const home = await house()
    const expiresAt = new Date(Date.now() + 60_000).toISOString()
    const expiring = await home.organization.admin('POST', '/invitations', { ...outside, expiresAt })
    usher.clock.offset = 120_000
    const iat = Math.floor(Date.now() / 1000) + 120
    const late = await home.connection.login(home.person('guest', { ...guest, iat, exp: iat + 300 }))
    usher.clock.offset = 0
    assert.equal(verdict(late), 'domain_not_allowed')
    await home.organization.admin('DELETE', `/invitations/${expiring.id}`)
    assert.equal(verdict(await home.connection.login(home.person('guest', guest))), 'domain_not_allowed')
  })

  it('A29 it makes an exception for the domain only: mode, filter and life cycle count all the same', async () => {
    const home = await house({ mode: 'link' })
    const invitation = await home.organization.admin('POST', '/invitations', outside)
    assert.equal(verdict(await home.connection.login(home.person('guest', guest))), 'user_not_found')
    await home.connection.jit({ claimFilter: [{ claim: 'staff', operator: 'present' }] })
    assert.equal(verdict(await home.connection.login(home.person('guest', guest))), 'claim_filter_failed')
    for (const mode of ['observe', 'off'] as const) {
      await home.connection.jit({ mode })
      await home.connection.login(home.person('guest', guest))
    }
    assert.equal((await home.organization.admin('GET', `/invitations/${invitation.id}`)).acceptedBy, null)
  })

  it('A29 an invitation that a linked person uses gives its roles and is used up', async () => {
    const home = await house()
    const first = await home.connection.login(home.person('ann'))
    await home.organization.admin('PUT', '/roles/manager', {})
    await home.organization.admin('POST', '/invitations', { email: home.email('ann'), roles: ['manager'] })
    const { body } = await home.connection.login(home.person('ann'))
    assert.equal(body.user.id, first.body.user.id)
    assert.deepEqual(body.roles.toSorted(), ['manager', 'member'])
    assert.equal(body.outcome, 'updated')
  })

  it('G3 a role of an invitation that is deleted meanwhile is not given, and the rest goes on', async () => {
    const home = await house()
    await home.organization.admin('PUT', '/roles/manager', {})
    await home.organization.admin('POST', '/invitations', { ...outside, roles: ['manager'] })
    await home.organization.admin('DELETE', '/roles/manager')
    const answer = await home.connection.login(home.person('guest', guest))
    assert.equal(verdict(answer), 'created')
    assert.deepEqual(answer.body.roles, ['member'])
  })
})
