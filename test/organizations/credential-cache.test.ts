import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CredentialCache } from '../../src/organizations/credential-cache.ts'
import type { Authenticated } from '../../src/organizations/types.ts'

const credential = { authenticated: {} as Authenticated, expiresAt: null, lastUsed: null }
const at = (seconds: number) => new Date(Date.UTC(2026, 10, 21) + seconds * 1_000)

describe('What a process remembers of a credential', () => {
  it('serves for ten seconds', () => {
    const cache = new CredentialCache()
    cache.write('hash', credential, at(0))
    assert.equal(cache.read('hash', at(9)), credential)
    assert.equal(cache.read('hash', at(10)), null)
  })

  it('row 138 does not outlive a clock that was fast', () => {
    const cache = new CredentialCache()
    cache.write('hash', credential, at(3_600))
    assert.equal(cache.read('hash', at(0)), null)
  })
})
