import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { startUsher } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const day = 86_400
const start = Date.now()

/** An organization that has proved a second domain by DNS, with a connection. */
async function stage() {
  const organization = await usher.organization()
  const domain = `proved-${randomBytes(4).toString('hex')}.example`
  const { record } = await organization.admin('POST', '/domains', { domain })
  usher.txt.set(record.name, [record.value])
  assert.equal((await organization.admin('POST', `/domains/${domain}/verify`)).status, 'verified')
  const connection = await organization.connection(provider)
  return {
    organization,
    domain,
    record,
    status: async () => {
      const { items } = await organization.admin('GET', '/domains')
      return items.find((each: { domain: string }) => each.domain === domain)?.status
    },
    signIn: (name: string) => {
      const iat = Math.floor((Date.now() + usher.clock.offset) / 1000)
      const email = `${name}@${domain}`
      return connection.login({ sub: name, email, email_verified: true, iat, exp: iat + 300 })
    },
  }
}

/** What the background does on that day. */
async function onDay(days: number) {
  usher.clock.offset = start + days * day * 1_000 - Date.now()
  await usher.app.background.wake('domains')
}

describe('f23 D2 verified domains are looked up daily, with grace, then lapsed', () => {
  after(() => {
    usher.clock.offset = 0
  })

  it('D2 a lapsed domain admits nobody new, people who are linked continue, and a new proof brings it back', async () => {
    const { organization, domain, record, status, signIn } = await stage()
    assert.equal((await signIn('ann')).body.outcome, 'created')
    await onDay(1.1)
    usher.txt.delete(record.name)
    await onDay(2.2)
    await onDay(3.3)
    assert.equal(await status(), 'verified')
    assert.equal((await signIn('bob')).body.outcome, 'created')
    await onDay(5.4)
    assert.equal(await status(), 'lapsed')
    const refused = await signIn('eve')
    assert.deepEqual([refused.status, refused.body.code], [403, 'domain_lapsed'])
    assert.equal((await signIn('ann')).status, 200)
    const { items } = await organization.admin('GET', '/decisions?code=domain_lapsed')
    assert.equal(items.length, 1)

    usher.txt.set(record.name, [record.value])
    await onDay(6.5)
    assert.equal(await status(), 'lapsed')
    assert.equal((await organization.admin('POST', `/domains/${domain}/verify`)).status, 'verified')
    assert.equal((await signIn('eve')).body.outcome, 'created')
  })

  it('D2 a lapsed domain links nobody by an e-mail address', async () => {
    const { organization, domain, record, status, signIn } = await stage()
    const client = await organization.scimClient()
    await client.must('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: `mia@${domain}`,
      emails: [{ value: `mia@${domain}` }],
    })
    usher.txt.delete(record.name)
    await onDay(8)
    await onDay(12)
    assert.equal(await status(), 'lapsed')
    const answer = await signIn('mia')
    assert.equal(answer.status, 403)
    assert.equal(answer.body.code, 'domain_lapsed')
  })

  it('A28 a domain that the operator vouched for is not looked up', async () => {
    const { organization } = await stage()
    await onDay(40)
    const { items } = await organization.admin('GET', '/domains')
    const vouched = items.find((each: { domain: string }) => each.domain === organization.domain)
    assert.deepEqual([vouched.status, vouched.method], ['verified', 'operator'])
  })
})
