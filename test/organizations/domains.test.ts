import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createDomain,
  deleteDomain,
  listDomains,
  recheckDomains,
  verifyDomain,
} from '../../src/organizations/domains.ts'
import { contextOf, keyOf, openRoom, refuses } from './room.ts'

const room = await openRoom()
const { environment, txt } = room
const day = 86_400_000

test('A28: a domain is pending until its TXT record is found', async () => {
  const context = contextOf(await room.organization())
  const added = await createDomain(environment, context, { domain: 'One.example' })
  assert.equal(added.status, 'pending')
  assert.equal(added.record.name, '_usher.one.example')
  assert.match(added.record.value, /^usher-verification=[\w-]{32}$/)
  const check = async () => (await verifyDomain(environment, context, 'one.example')).status
  assert.equal(await check(), 'pending')
  txt.set('_usher.one.example', [['usher-verification=somebody else'], ['v=spf1']])
  assert.equal(await check(), 'failed')
  txt.set('_usher.one.example', Object.assign(new Error('SERVFAIL'), { code: 'ESERVFAIL' }))
  assert.equal(await check(), 'failed')
  const { value } = added.record
  txt.set('_usher.one.example', [['v=spf1'], [value.slice(0, 10), value.slice(10)]])
  assert.equal(await check(), 'verified')
  txt.set('_usher.one.example', Object.assign(new Error('SERVFAIL'), { code: 'ESERVFAIL' }))
  assert.equal(await check(), 'verified')
  txt.delete('_usher.one.example')
  assert.equal(await check(), 'lapsed')
})

test('a domain that another organization has verified is domain_taken, also when both try at once', async () => {
  const [one, two] = [contextOf(await room.organization()), contextOf(await room.organization())]
  const added = [
    await createDomain(environment, one, { domain: 'two.example' }),
    await createDomain(environment, two, { domain: 'two.example' }),
  ]
  txt.set(
    '_usher.two.example',
    added.map(({ record }) => [record.value]),
  )
  const results = await Promise.allSettled(
    [one, two].map((context) => verifyDomain(environment, context, 'two.example')),
  )
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  const loser = results[0]?.status === 'rejected' ? one : two
  await refuses(verifyDomain(environment, loser, 'two.example'), 'domain_taken')
  await refuses(
    createDomain(environment, loser, { domain: 'two.example', verified: true, reason: 'x' }),
    'domain_taken',
  )
})

test('the operator may vouch for a domain, with a reason; nobody else may', async () => {
  const organization = await room.organization()
  const admin = contextOf(organization, keyOf(organization, 'admin', 'admin:privileged'))
  const vouch = { domain: 'three.example', verified: true, reason: 'contract' }
  await refuses(createDomain(environment, admin, vouch), 'forbidden')
  await refuses(
    createDomain(environment, contextOf(organization), { ...vouch, reason: ' ' }),
    'validation_failed',
    'reason',
  )
  await createDomain(environment, admin, { domain: 'three.example' })
  const vouched = await createDomain(environment, contextOf(organization), vouch)
  assert.deepEqual([vouched.status, vouched.method, vouched.reason], ['verified', 'operator', 'contract'])
  assert.equal((await verifyDomain(environment, admin, 'three.example')).status, 'verified')
  assert.equal((await listDomains(environment, admin, { limit: 10 })).items.length, 1)
})

test('the same domain twice in one organization is already_exists; a deleted one is free', async () => {
  const context = contextOf(await room.organization())
  await createDomain(environment, context, { domain: 'four.example' })
  await refuses(createDomain(environment, context, { domain: 'FOUR.example' }), 'already_exists')
  await refuses(deleteDomain(environment, contextOf(await room.organization()), 'four.example'), 'not_found')
  await deleteDomain(environment, context, 'four.example')
  await refuses(deleteDomain(environment, context, 'four.example'), 'not_found')
  await refuses(verifyDomain(environment, context, 'no name'), 'not_found')
})

test('a proof that is gone lapses after three days, and not while the name servers are silent', async () => {
  const start = new Date()
  const context = contextOf(await room.organization(), undefined, start)
  const { record } = await createDomain(environment, context, { domain: 'five.example' })
  txt.set('_usher.five.example', [[record.value]])
  await verifyDomain(environment, context, 'five.example')
  const statusAfter = async (days: number) => {
    await recheckDomains(environment, new Date(start.getTime() + days * day))
    return (await listDomains(environment, context, { limit: 1 })).items[0]?.status
  }
  assert.equal(await statusAfter(1.1), 'verified')
  txt.delete('_usher.five.example')
  assert.equal(await statusAfter(2.5), 'verified')
  txt.set('_usher.five.example', new Error('timeout'))
  assert.equal(await statusAfter(5), 'verified')
  txt.delete('_usher.five.example')
  assert.equal(await statusAfter(9), 'lapsed')
})
