import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recheckDomains } from '../../src/organizations/domain-rechecks.ts'
import { createDomain, deleteDomain, listDomains, verifyDomain } from '../../src/organizations/domains.ts'
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

test('D5: each organization has a secret of its own for each domain, and none comes back', async () => {
  const values = new Set<string>()
  for (const context of [contextOf(await room.organization()), contextOf(await room.organization())]) {
    for (const domain of ['own.example', 'other.example', 'own.example']) {
      const { record } = await createDomain(environment, context, { domain })
      // 24 random bytes
      assert.match(record.value, /^usher-verification=[\w-]{32}$/)
      values.add(record.value)
      await deleteDomain(environment, context, domain)
    }
  }
  assert.equal(values.size, 6)
})

test('D5: a secret that was not published in 30 days is over; one that was proved stays', async () => {
  const start = new Date()
  const later = (days: number) => new Date(start.getTime() + days * day)
  const organization = await room.organization()
  const check = async (domain: string, days: number) => {
    const { status, record } = await verifyDomain(environment, contextOf(organization, undefined, later(days)), domain)
    return [status, record.value]
  }
  for (const domain of ['late.example', 'early.example']) {
    const { record } = await createDomain(environment, contextOf(organization, undefined, start), { domain })
    if (domain === 'early.example') txt.set(record.name, [[record.value]])
    const [first] = await check(domain, 29)
    assert.equal(first, domain === 'early.example' ? 'verified' : 'pending')
    txt.set(record.name, [[record.value]])
    const [status, value] = await check(domain, 31)
    assert.deepEqual(
      [status, value === record.value],
      domain === 'early.example' ? ['verified', true] : ['pending', false],
    )
    txt.set(record.name, [[String(value)]])
    assert.deepEqual(await check(domain, 60), ['verified', value])
  }
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

test('f23 D2: a proof that is gone lapses after three days, and later while the name servers are silent', async () => {
  const gone: Error = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
  const silent = new Error('timeout')
  type Look = readonly [day: number, answer: Error | null, status: string]
  const cases: readonly (readonly Look[])[] = [
    [
      [1.1, null, 'verified'],
      [2.2, gone, 'verified'],
      [3.3, gone, 'verified'],
      [5.3, gone, 'lapsed'],
    ],
    [
      [1.1, gone, 'verified'],
      [3.3, null, 'verified'],
      [4.4, gone, 'verified'],
      [7.2, gone, 'verified'],
    ],
    [
      [1.1, silent, 'verified'],
      [14, silent, 'verified'],
      [15.2, silent, 'lapsed'],
    ],
  ]
  for (const [index, looks] of cases.entries()) {
    const start = new Date()
    const context = contextOf(await room.organization(), undefined, start)
    const domain = `five-${index}.example`
    const { record } = await createDomain(environment, context, { domain })
    txt.set(record.name, [[record.value]])
    await verifyDomain(environment, context, domain)
    for (const [days, answer, status] of looks) {
      txt.set(record.name, answer ?? [[record.value]])
      await recheckDomains(environment, () => new Date(start.getTime() + days * day))
      const { items } = await listDomains(environment, context, { limit: 1 })
      assert.equal(items[0]?.status, status, `case ${index}, day ${days}`)
    }
  }
})

test('f23: each domain is looked up once a day, by one process, and no domain keeps others waiting', async () => {
  const start = new Date()
  const context = contextOf(await room.organization(), undefined, start)
  for (let index = 0; index < 12; index += 1) {
    const { record } = await createDomain(environment, context, { domain: `six-${index}.example` })
    txt.set(record.name, [[record.value]])
    await verifyDomain(environment, context, `six-${index}.example`)
    txt.delete(record.name)
  }
  const asked: string[] = []
  const counting = {
    ...environment,
    resolveTxt: async (name: string) => {
      if (name.startsWith('_usher.six-')) asked.push(name)
      return environment.resolveTxt(name)
    },
  }
  const look = (days: number) => recheckDomains(counting, () => new Date(start.getTime() + days * day))
  await look(0.9)
  assert.equal(asked.length, 0)
  await Promise.all([look(1.1), look(1.1)])
  await look(1.2)
  assert.equal(asked.length, 12)
  assert.equal(new Set(asked).size, 12)
})
