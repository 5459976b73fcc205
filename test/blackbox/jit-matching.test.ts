import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { asOperator, buildHouse, type House, verdict } from './house.ts'
import { type Answer, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const house = (jit: Readonly<Record<string, unknown>> = {}) => buildHouse(usher, provider, { jit })
const byEmail = { matching: [{ claim: 'email', attribute: 'emails.value' }] }
const withEmail = (userName: string, email: string, more = {}) =>
  user(userName, { emails: [{ value: email, type: 'work' }], ...more })

async function matchStep(home: House, answer: Answer) {
  const decision = await home.decision(answer)
  return decision.steps.find(({ step }: { step: string }) => step === 'match')
}

describe('f2 rules onto externalId', () => {
  it('K6 look at the claim that the rule names', async () => {
    const home = await house({ matching: [{ claim: 'oid', attribute: 'externalId' }] })
    const { id } = await home.scim.must('POST', '/Users', user('ann', { externalId: 'object-1' }))
    const { body } = await home.connection.login(home.person('ann', { oid: 'object-1' }))
    assert.deepEqual([body.outcome, body.user.id], ['linked', id])
  })

  it('K10 look only at the SCIM clients of the connection; of several and none named at nobody, and the step says so', async () => {
    const home = await house({ userName: { claim: 'sub' } })
    const second = await home.organization.scimClient()
    const { id } = await second.must('POST', '/Users', user('ann', { externalId: 'ann-subject' }))
    const none = await home.connection.login(home.person('ann'))
    assert.equal(verdict(none), 'created')
    assert.match((await matchStep(home, none)).detail, /no SCIM client/)

    const other = await home.organization.connection(provider, { scimClients: [home.scim.id] })
    assert.equal(verdict(await other.login(home.person('bob'))), 'created')
    const right = await home.organization.connection(provider, { scimClients: [second.id] })
    const { body } = await right.login(home.person('ann', { email: undefined }))
    assert.deepEqual([body.outcome, body.user.id], ['linked', id])
  })

  it('K8 compare byte by byte', async () => {
    const home = await house({ userName: { claim: 'sub' } })
    await home.scim.must('POST', '/Users', user('x', { externalId: 'Ann-Subject' }))
    assert.equal(verdict(await home.connection.login(home.person('ann'))), 'created')
  })

  it('K3 a value that looks like an address needs a verified e-mail of that value, on whatever attribute', async () => {
    for (const attribute of ['externalId', 'userName']) {
      const home = await house({ matching: [{ claim: 'upn', attribute }], domains: 'any' })
      const address = home.email('ann')
      await home.scim.must('POST', '/Users', user(address, { externalId: address }))
      const upn = { upn: address, email: address }
      const refused = await home.connection.login(home.person('eve', { ...upn, email_verified: false }))
      assert.equal(verdict(refused), 'created', 'nobody is linked')
      const foreign = await home.connection.login(home.person('mal', { upn: address, email: home.email('mal') }))
      assert.equal(verdict(foreign), 'created', 'nobody is linked')
      assert.equal(verdict(await home.connection.login(home.person('ann', upn))), 'linked')
    }
  })
})

describe('K3 rules onto an e-mail need a verified e-mail at a verified domain', () => {
  const cases = [
    ['domain', true, 'own', 'linked'],
    ['domain', undefined, 'own', 'linked'],
    ['domain', false, 'own', 'email_unverified'],
    ['domain', 'true', 'own', 'email_unverified'],
    ['domain', 1, 'own', 'email_unverified'],
    ['domain', null, 'own', 'linked'],
    ['claim', true, 'own', 'linked'],
    ['claim', undefined, 'own', 'email_unverified'],
    ['claim', 'true', 'own', 'email_unverified'],
    ['domain', true, 'foreign', 'domain_not_allowed'],
    ['claim', true, 'foreign', 'domain_not_allowed'],
    ['domain', true, 'sub', 'domain_not_allowed'],
  ] as const
  for (const [emailTrust, verified, domain, expected] of cases) {
    it(`K3 D1 row 108 emailTrust ${emailTrust}, email_verified ${JSON.stringify(verified)}, ${domain} domain: ${expected}`, async () => {
      const home = await house({ ...byEmail, emailTrust })
      const host = { own: home.organization.domain, foreign: 'elsewhere.example', sub: `a.${home.organization.domain}` }
      const email = `ann@${host[domain]}`
      const { id } = await home.scim.must('POST', '/Users', withEmail('ann', email))
      const answer = await home.connection.login(home.person('ann', { email, email_verified: verified }))
      assert.equal(verdict(answer), expected)
      if (expected === 'linked') assert.equal(answer.body.user.id, id)
    })
  }
})

describe('K8 what an address equals', () => {
  const cases = [
    ['ASCII case', 'Ann.Lee', 'aNN.lEE', 'linked'],
    ['a Kelvin sign', 'kim', '\u212aim', 'created'],
    ['full-width letters', 'kim', '\uff4bim', 'created'],
    ['a Cyrillic letter', 'anna', '\u0430nna', 'created'],
    ['a plus tag', 'ann', 'ann+x', 'created'],
    ['a dot more', 'annlee', 'ann.lee', 'created'],
  ] as const
  for (const [name, stored, claimed, expected] of cases) {
    it(`K8 row 109 ${name}: ${expected}`, async () => {
      const home = await house({ ...byEmail, userName: { claim: 'sub' } })
      await home.scim.must('POST', '/Users', withEmail('someone', home.email(stored)))
      const answer = await home.connection.login(home.person('x', { email: home.email(claimed) }))
      assert.equal(verdict(answer), expected)
    })
  }

  it('K8 row 109 no link by Unicode folding, and then the folded user name is taken', async () => {
    const home = await house(byEmail)
    await home.scim.must('POST', '/Users', withEmail(home.email('kim'), home.email('kim')))
    const answer = await home.connection.login(home.person('x', { email: home.email('\u212aim') }))
    assert.equal(verdict(answer), 'username_taken')
  })
})

describe('f2 the order and the number of hits', () => {
  it('K9 the first rule with a hit decides, in the order of the list', async () => {
    const rules = [
      { claim: 'employee', attribute: 'userName' },
      { claim: 'email', attribute: 'emails.value' },
    ]
    for (const matching of [rules, rules.toReversed()]) {
      const home = await house({ matching })
      const named = await home.scim.must('POST', '/Users', user('e-17'))
      const mailed = await home.scim.must('POST', '/Users', withEmail('other', home.email('ann')))
      const { body } = await home.connection.login(home.person('ann', { employee: 'e-17' }))
      assert.equal(body.outcome, 'linked')
      assert.equal(body.user.id, matching === rules ? named.id : mailed.id)
    }
  })

  it('K9 L4 more than one hit refuses, whatever the state of the users', async () => {
    const home = await house(byEmail)
    const first = await home.scim.must('POST', '/Users', withEmail('a', home.email('ann')))
    await home.scim.must('POST', '/Users', withEmail('b', home.email('ANN')))
    assert.equal(verdict(await home.connection.login(home.person('ann'))), 'match_ambiguous')
    await home.setActive(first.id, false)
    assert.equal(verdict(await home.connection.login(home.person('ann'))), 'match_ambiguous')
  })

  it('L4 a deactivated user is found and refused; no second one is made', async () => {
    const home = await house(byEmail)
    const { id } = await home.scim.must('POST', '/Users', withEmail('ann', home.email('ann')))
    await home.setActive(id, false)
    assert.equal(verdict(await home.connection.login(home.person('ann'))), 'user_deactivated_by_scim')
    assert.equal((await home.users()).totalResults, 1)
  })

  it('WSO2-2021-1573 without a rule nobody is reached by user name: it is taken, and nothing is synced', async () => {
    const home = await house({ matching: [], userName: { claim: 'preferred_username' } })
    const { id, meta } = await home.scim.must('POST', '/Users', user('admin'))
    const answer = await home.connection.login(home.person('eve', { preferred_username: 'ADMIN' }))
    assert.equal(verdict(answer), 'username_taken')
    assert.equal((await home.user(id)).meta.version, meta.version)
    await home.connection.jit({ matching: [], userName: { claim: 'preferred_username', onTaken: 'suffix' } })
    const { body } = await home.connection.login(home.person('eve', { preferred_username: 'admin' }))
    assert.deepEqual([body.outcome, body.user.userName], ['created', 'admin2'])
  })
})

describe('who is never linked by a rule', () => {
  const protections = {
    'a holder of a privileged role': async ({ organization }: House, id: string) => {
      await organization.admin('PUT', '/roles/boss', { privileged: true })
      await organization.admin('PUT', `/users/${id}/roles/boss`)
    },
    'a member of a group that carries one, by nesting': async ({ organization, scim }: House, id: string) => {
      const group = (displayName: string, members: readonly string[]) =>
        scim.must('POST', '/Groups', {
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
          displayName,
          members: members.map((value) => ({ value })),
        })
      const inner = await group('Inner', [id])
      const outer = await group('Outer', [inner.id])
      await organization.admin('PUT', '/roles/boss', { privileged: true, groups: [outer.id] })
    },
    'a user who is named': async ({ connection }: House, id: string) => {
      await connection.jit({ ...byEmail, neverLink: { users: [id] } })
    },
    'a member of a group that is named': async ({ connection, scim }: House, id: string) => {
      const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group']
      await scim.must('POST', '/Groups', { schemas, displayName: 'Robots', members: [{ value: id }] })
      await connection.jit({ ...byEmail, neverLink: { groups: ['Robots'] } })
    },
  }
  for (const [who, protect] of Object.entries(protections)) {
    it(`f13 row 108 ${who}`, async () => {
      const home = await house(byEmail)
      const { id } = await home.scim.must('POST', '/Users', withEmail('ann', home.email('ann')))
      await protect(home, id)
      assert.equal(verdict(await home.connection.login(home.person('ann'))), 'match_target_protected')
      assert.deepEqual((await home.provenance(id)).identities, [])
    })
  }

  it('K2 an account made by another login that never proved the address', async () => {
    const home = await house({ ...byEmail, matching: [] })
    const open = await home.organization.connection(provider, { jit: { domains: 'any', matching: [] } })
    const squatter = home.person('eve', { email: home.email('ann'), email_verified: false })
    assert.equal(verdict(await open.login(squatter)), 'created')
    await home.connection.jit(byEmail)
    assert.equal(verdict(await home.connection.login(home.person('ann'))), 'match_target_protected')
  })

  it('K4 a user who is linked to another subject of this connection', async () => {
    const home = await house(byEmail)
    assert.equal(verdict(await home.connection.login(home.person('ann'))), 'created')
    const namesake = home.person('ann', { sub: 'another-ann' })
    assert.equal(verdict(await home.connection.login(namesake)), 'linked_to_other_subject')
  })
})

describe('K1 the key of a person', () => {
  it('K11 a link never follows an e-mail: not that of the login, not one that SCIM changes', async () => {
    const home = await house(byEmail)
    const { id } = await home.scim.must('POST', '/Users', withEmail('ann', home.email('ann')))
    await home.connection.login(home.person('ann'))
    const bob = await home.scim.must('POST', '/Users', withEmail('bob', home.email('bob')))
    await home.scim.must(
      'PATCH',
      `/Users/${bob.id}`,
      patchOp({ op: 'replace', path: 'emails[type eq "work"].value', value: home.email('ann') }),
    )
    const { body } = await home.connection.login(home.person('ann', { email: home.email('bob') }))
    assert.deepEqual([body.outcome, body.user.id], ['unchanged', id])
  })

  it('K8 row 95 a subject of other case is another person', async () => {
    const home = await house()
    const first = await home.connection.login(home.person('ann'))
    const other = await home.connection.login(home.person('bob', { sub: 'ANN-subject' }))
    assert.equal(verdict(other), 'created')
    assert.notEqual(other.body.user.id, first.body.user.id)
  })

  it('K6 row 95 with another subjectClaim that claim is the key, and subject_missing without it', async () => {
    const home = await buildHouse(usher, provider, { connection: { jit: { subjectClaim: 'oid' } } })
    for (const oid of [undefined, null, '', 7, ['a'], 'x'.repeat(256)]) {
      const answer = await home.connection.login(home.person('ann', { oid }))
      assert.equal(verdict(answer), 'subject_missing', JSON.stringify(oid))
    }
    const first = await home.connection.login(home.person('ann', { oid: 'object' }))
    const again = await home.connection.login(home.person('ann', { oid: 'object', sub: 'pairwise' }))
    assert.equal(verdict(again), 'unchanged')
    assert.equal(again.body.user.id, first.body.user.id)
    assert.equal((await home.decision(again)).subject, 'object')
  })

  it('row 110 the same subject by two connections is two identities', async () => {
    const home = await house()
    const second = await home.organization.connection(provider, { jit: { matching: [], userName: { claim: 'sub' } } })
    const one = await home.connection.login(home.person('ann'))
    const two = await second.login(home.person('ann'))
    assert.equal(verdict(two), 'created')
    assert.notEqual(one.body.user.id, two.body.user.id)
  })

  it('A16 K12 row 110 the same person in two organizations is two users, and neither sees the other', async () => {
    const [one, two] = [await house(), await house({ domains: 'any' })]
    const first = await one.connection.login(one.person('ann'))
    const before = await one.user(first.body.user.id)
    const second = await two.connection.login(one.person('ann', { given_name: 'Other' }))
    assert.equal(verdict(second), 'created')
    assert.deepEqual(await one.user(first.body.user.id), before)
    assert.equal((await asOperator(usher, two.organization, 'GET', `/Users/${first.body.user.id}`)).status, 404)
  })
})
