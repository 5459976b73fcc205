import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { mongo } from 'mongoose'
import { errorCatalogue } from '../../src/errors.ts'
import { type Claims, TestProvider } from '../provider/test-provider.ts'
import { buildHouse, type House, verdict, warningCodes } from './house.ts'
import { type Answer, group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

type Provoke = (house: House) => Promise<Answer>
const ann = (house: House, more = {}) => house.connection.login(house.person('ann', more))
const byEmail = [{ claim: 'email', attribute: 'emails.value' }]

async function held(house: House, act: (id: string) => Promise<unknown>) {
  const { body } = await ann(house)
  await act(body.user.id)
  return ann(house)
}

/** Lets no user be inserted into this database while `run` runs: a failure of ours. */
async function withBrokenUsers(run: () => Promise<Answer>): Promise<Answer> {
  const client = new mongo.MongoClient(usher.home.database)
  try {
    const change = (validator: object) => client.db().command({ collMod: 'users', validator })
    await change({ never: true })
    const answer = await run()
    await change({})
    return answer
  } finally {
    await client.close()
  }
}

/** The clock moves on for a while, with tokens of that time. */
async function later(seconds: number, run: (times: Claims) => Promise<Answer>): Promise<Answer> {
  usher.clock.offset = seconds * 1000
  const iat = Math.floor(Date.now() / 1000) + seconds
  try {
    return await run({ iat, exp: iat + 300 })
  } finally {
    usher.clock.offset = 0
  }
}

const refusals: Readonly<Record<string, Provoke>> = {
  async connection_disabled(house) {
    await house.organization.admin('PATCH', `/connections/${house.connection.id}`, { enabled: false })
    return ann(house)
  },
  async jit_disabled(house) {
    await house.connection.jit({ mode: 'off', whenOff: 'refuse' })
    return ann(house)
  },
  async issuer_mismatch(house) {
    await ann(house)
    provider.knobs.discovery = (document) => ({ ...document, issuer: 'https://taken-over.example' })
    try {
      return await later(660, (times) => ann(house, times))
    } finally {
      provider.knobs.discovery = (document) => document
    }
  },
  async subject_missing(house) {
    const connection = await house.organization.connection(provider, { jit: { subjectClaim: 'oid' } })
    return connection.login(house.person('ann'))
  },
  async claim_filter_failed(house) {
    await house.connection.jit({ claimFilter: [{ claim: 'staff', operator: 'equals', value: true }] })
    return ann(house)
  },
  domain_not_allowed: (house) => ann(house, { email: 'ann@elsewhere.example' }),
  async domain_lapsed(house) {
    const { organization } = house
    const domain = `lapsing-${organization.domain}`
    const { record } = await organization.admin('POST', '/domains', { domain })
    usher.txt.set(record.name, [record.value])
    await organization.admin('POST', `/domains/${domain}/verify`)
    usher.txt.delete(record.name)
    await organization.admin('POST', `/domains/${domain}/verify`)
    return ann(house, { email: `ann@${domain}` })
  },
  async required_attribute_missing(house) {
    await house.connection.jit({ required: ['title'] })
    return ann(house)
  },
  async attribute_invalid(house) {
    await house.connection.jit({ userName: { claim: 'sub', pattern: '[0-9]+' } })
    return ann(house)
  },
  email_unverified: (house) => ann(house, { email_verified: false }),
  async match_ambiguous(house) {
    for (const name of ['a', 'b']) {
      await house.scim.must('POST', '/Users', user(name, { emails: [{ value: house.email('ann') }] }))
    }
    return ann(house)
  },
  async match_target_protected(house) {
    const { id } = await house.scim.must('POST', '/Users', user('a', { externalId: 'ann-subject' }))
    await house.connection.jit({ neverLink: { users: [id] } })
    return ann(house)
  },
  async linked_to_other_subject(house) {
    await ann(house)
    return ann(house, { sub: 'other' })
  },
  link_removed: (house) =>
    held(house, async (id) => {
      const [link] = (await house.organization.admin('GET', `/users/${id}/identities`)).items
      await house.organization.admin('DELETE', `/users/${id}/identities/${link.id}?bar=true`)
    }),
  async user_not_found(house) {
    await house.connection.jit({ mode: 'link' })
    return ann(house)
  },
  async username_taken(house) {
    await house.scim.must('POST', '/Users', user(house.email('ann')))
    return ann(house)
  },
  user_suspended: (house) => held(house, (id) => house.organization.admin('POST', `/users/${id}/suspend`)),
  user_locked: (house) => held(house, (id) => house.organization.admin('POST', `/users/${id}/lock`)),
  user_deactivated_by_scim: (house) => held(house, (id) => house.setActive(id, false)),
  user_deactivated_by_admin: (house) =>
    held(house, (id) => house.organization.admin('POST', `/users/${id}/deactivate`)),
  user_deleted: (house) => held(house, (id) => house.scim.call('DELETE', `/Users/${id}`)),
  async seat_limit_reached(house) {
    await house.organization.admin('PATCH', '', { seatLimit: 1 })
    await house.connection.login(house.person('bob'))
    return ann(house)
  },
  async rate_limited(house) {
    await house.connection.jit({ limits: { createsPerHour: 1 } })
    await house.connection.login(house.person('bob'))
    return ann(house)
  },
  provisioning_failed: (house) => withBrokenUsers(() => ann(house)),
}

const warnings: Readonly<Record<string, Provoke>> = {
  async groups_claim_missing(house) {
    await house.scim.must('POST', '/Groups', group('G'))
    await house.connection.jit({ groups: { mode: 'sync', allow: ['G'] } })
    return ann(house)
  },
  async groups_overage(house) {
    await house.connection.jit({ roles: { mode: 'sync', claim: 'groups', allow: ['member'] } })
    return ann(house, { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://x.example' } } })
  },
  claim_malformed: (house) => ann(house, { nickname: ['Annie'] }),
  async group_unmapped(house) {
    await house.scim.must('POST', '/Groups', group('G'))
    await house.connection.jit({ groups: { mode: 'sync', allow: ['G'] } })
    return ann(house, { groups: ['H'] })
  },
  async role_unmapped(house) {
    await house.connection.jit({ roles: { mode: 'sync', allow: ['member'] } })
    return ann(house, { roles: ['admin'] })
  },
  async role_grant_blocked(house) {
    await house.organization.admin('PUT', '/roles/boss', { privileged: true })
    await house.connection.jit({ roles: { mode: 'sync', allow: ['boss'] } })
    return ann(house, { roles: ['boss'] })
  },
  async default_role_missing(house) {
    await house.organization.admin('PATCH', '', { defaultRole: null })
    return ann(house)
  },
  async attribute_locked_by_scim(house) {
    const name = { name: { givenName: 'Other' } }
    await house.scim.must('POST', '/Users', user('a', { externalId: 'ann-subject', ...name }))
    return ann(house)
  },
  async last_admin_kept(house) {
    await house.organization.admin('PUT', '/roles/boss', { privileged: true })
    const mapping = [{ value: 'boss', role: 'boss', allowPrivileged: true }]
    await house.connection.jit({ roles: { mode: 'sync', mapping } })
    await ann(house, { roles: ['boss'] })
    return ann(house, { roles: [] })
  },
  async removal_held(house) {
    await house.scim.must('POST', '/Groups', group('G'))
    await house.connection.jit({ limits: { removalShare: 0 }, groups: { mode: 'sync', allow: ['G'] } })
    await ann(house, { groups: ['G'] })
    return ann(house, { groups: [] })
  },
}

describe('f9 every refusal, provoked once', () => {
  for (const [code, provoke] of Object.entries(refusals)) {
    it(`A32 f9 L2 ${code}: 403, one decision with a reference, and nothing written`, async () => {
      const house = await buildHouse(usher, provider)
      let before: readonly unknown[] = []
      const answer = await provoke({
        ...house,
        connection: {
          ...house.connection,
          login: async (...input) => {
            before = await house.changes()
            return house.connection.login(...input)
          },
        },
      })
      assert.equal(answer.status, 403)
      assert.equal(verdict(answer), code)
      assert.match(answer.body.reference, /^[2-9A-Z]{4}-[2-9A-Z]{4}$/)
      const decision = await house.decision(answer)
      assert.deepEqual([decision.outcome, decision.code], ['refused', code])
      assert.deepEqual([decision.operations, decision.changes], [[], []])
      const last = decision.steps.at(-1)
      assert.deepEqual([last.result, last.code], ['refuse', code])
      assert.deepEqual(await house.changes(), before)
    })
  }
})

describe('f9 every warning, provoked once', () => {
  for (const [code, provoke] of Object.entries(warnings)) {
    it(`f9 ${code}: the login goes on; answer, decision and step say it once`, async () => {
      const house = await buildHouse(usher, provider)
      const answer = await provoke(house)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual(warningCodes(answer), [code])
      const decision = await house.decision(answer)
      assert.deepEqual(decision.warnings, answer.body.warnings)
      const warned = decision.steps.filter((step: { result: string }) => step.result === 'warn')
      assert.deepEqual(
        warned.map((step: { code: string }) => step.code),
        [code],
      )
    })
  }
})

describe('failures of ours', () => {
  it('O4 onFailure degrade lets the person through with the profile, and says so; other refusals stay refusals', async () => {
    const house = await buildHouse(usher, provider, { jit: { onFailure: 'degrade' } })
    const answer = await withBrokenUsers(() => ann(house))
    assert.equal(verdict(answer), 'passed_through')
    assert.deepEqual(warningCodes(answer), ['provisioning_failed'])
    assert.equal(answer.body.user, null)
    assert.equal(answer.body.profile.userName, house.email('ann'))
    assert.equal((await house.decision(answer)).outcome, 'passed_through')
    assert.equal((await house.users()).totalResults, 0)
    assert.equal(verdict(await ann(house, { email_verified: false })), 'email_unverified')
    assert.equal(verdict(await ann(house)), 'created')
  })

  it('L1 onFailure degrade never lets a held user through', async () => {
    const house = await buildHouse(usher, provider, { jit: { onFailure: 'degrade' } })
    const { body } = await ann(house)
    await house.organization.admin('POST', `/users/${body.user.id}/suspend`)
    assert.equal(verdict(await ann(house)), 'user_suspended')
  })

  it('f9 the codes of logins in the catalogue are exactly these', () => {
    const others = ['forbidden', 'sensitive', 'privileged_grant_refused', 'last_admin_kept']
    const known = Object.entries(errorCatalogue)
      .filter(([code, { status }]) => status === 403 && !others.includes(code))
      .map(([code]) => code)
    assert.deepEqual(known.sort(), Object.keys(refusals).sort())
  })

  it('O1 the limit is counted by the hour, and linking is not creating', async () => {
    const house = await buildHouse(usher, provider, { jit: { limits: { createsPerHour: 1 } } })
    await house.scim.must('POST', '/Users', user('c', { externalId: 'cat-subject' }))
    assert.equal(verdict(await ann(house)), 'created')
    assert.equal(verdict(await house.connection.login(house.person('bob'))), 'rate_limited')
    assert.equal(verdict(await house.connection.login(house.person('cat'))), 'linked')
    const next = await later(3_700, (times) => house.connection.login(house.person('bob', times)))
    assert.equal(verdict(next), 'created')
  })

  it('f21 reactivation takes a seat, and a deactivation gives one back', async () => {
    const house = await buildHouse(usher, provider, {
      jit: { reactivate: { deactivatedByScim: true }, matching: byEmail },
    })
    await house.organization.admin('PATCH', '', { seatLimit: 1 })
    const { body } = await ann(house)
    await house.setActive(body.user.id, false)
    assert.equal(verdict(await house.connection.login(house.person('bob'))), 'created')
    assert.equal(verdict(await ann(house)), 'seat_limit_reached')
    const full = await house.scim.call('POST', '/Users', user('x'))
    assert.equal(full.status, 403)
    assert.match(full.body.detail, /seat_limit_reached/)
    const patch = patchOp({ op: 'replace', path: 'active', value: true })
    assert.equal((await house.scim.call('PATCH', `/Users/${body.user.id}`, patch)).status, 403)
  })
})
