import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { startUsher } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

describe('counters of logins', () => {
  it('count outcomes and refusals, and what is not genuine, which leaves no decision', async () => {
    const organization = await usher.organization()
    const connection = await organization.connection(provider)
    const claims = { sub: 'ann', email: `ann@${organization.domain}`, email_verified: true }
    assert.equal((await connection.login(claims)).body.outcome, 'created')
    assert.equal((await connection.login(claims)).body.outcome, 'unchanged')
    const stranger = await connection.login({ sub: 'eve', email: 'eve@elsewhere.example', email_verified: true })
    assert.equal(stranger.body.code, 'domain_not_allowed')
    const forged = await connection.login({ ...claims, aud: 'somebody-else' })
    assert.equal(forged.body.code, 'token_invalid')

    const { text } = await usher.call('GET', '/metrics')
    for (const line of [
      'jit_logins_total{outcome="created"} 1',
      'jit_logins_total{outcome="unchanged"} 1',
      'jit_logins_total{outcome="refused"} 1',
      'jit_refused_total{code="domain_not_allowed"} 1',
      'jit_token_invalid_total{reason="audience"} 1',
    ]) {
      assert.ok(text.includes(line), line)
    }
    assert.equal((await organization.admin('GET', '/decisions')).items.length, 3)
  })
})
