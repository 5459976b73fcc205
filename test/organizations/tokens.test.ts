import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isWithin, narrow, scimScopes, scopesAllow } from '../../src/organizations/scim-scopes.ts'
import { hashToken, isPlausibleToken, mintToken, shownPrefix, tokenPrefixes } from '../../src/organizations/tokens.ts'
import { runs } from '../runs.ts'

test('a token says what it is, holds 256 random bits and ends with a checksum', () => {
  for (const kind of ['operator', 'key', 'scim', 'access'] as const) {
    const token = mintToken(kind)
    assert.ok(token.startsWith(tokenPrefixes[kind]))
    assert.match(token, /^usher_[a-z]+_[0-9A-Za-z]{49}$/)
    assert.ok(isPlausibleToken(token))
  }
})

test('different random bytes give different tokens, of one length', () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const tokens = [mintToken('key', () => a), mintToken('key', () => b)]
      assert.equal(tokens[0]!.length, tokens[1]!.length)
      assert.equal(tokens[0] === tokens[1], Buffer.from(a).equals(Buffer.from(b)))
    }),
    { numRuns: runs(100) },
  )
})

test('a token with one wrong character is not looked up', () => {
  fc.assert(
    fc.property(fc.nat({ max: 48 }), (place) => {
      const token = mintToken('scim')
      const index = tokenPrefixes.scim.length + place
      const other = token[index] === 'x' ? 'y' : 'x'
      assert.equal(isPlausibleToken(token.slice(0, index) + other + token.slice(index + 1)), false)
    }),
    { numRuns: runs(100) },
  )
})

test("the operator's token may be any text, since it can come from the settings", () => {
  assert.ok(isPlausibleToken('correct-horse-battery-staple'))
  assert.equal(isPlausibleToken('x'.repeat(513)), false)
})

test('O5: what is kept and shown of a token does not give it away', () => {
  const token = mintToken('key')
  assert.match(hashToken(token), /^[0-9a-f]{64}$/)
  assert.equal(shownPrefix('key', token), token.slice(0, tokenPrefixes.key.length + 6))
  assert.equal(shownPrefix('operator', 'chosen-by-the-operator'), 'usher_admin_')
})

const types = ['Users', 'Groups', 'Read', 'Pay-roll_2'].map((name) => ({ endpoint: `/${name}` }))

test('RFC 6749 section 3.3: what is left of scopes within bounds allows what both allow, and no more', () => {
  const some = fc.subarray([...scimScopes(types)])
  fc.assert(
    fc.property(some, some, (scopes, bounds) => {
      const left = narrow(scopes, bounds)
      assert.ok(isWithin(left, scopes) && isWithin(left, bounds))
      for (const type of types) {
        for (const access of ['read', 'write'] as const) {
          const both = scopesAllow(scopes, access, type) && scopesAllow(bounds, access, type)
          assert.equal(scopesAllow(left, access, type), both, `${scopes} | ${bounds} | ${access} ${type.endpoint}`)
        }
      }
    }),
    { numRuns: runs(200) },
  )
  const everything = types.every((type) => scopesAllow(['scim'], 'write', type))
  const reading = types.every(
    (type) => scopesAllow(['scim.read'], 'read', type) && !scopesAllow(['scim.read'], 'write', type),
  )
  assert.ok(everything && reading)
  for (const scope of ['', 'scim.', 'scim.Users', 'xscim', 'scim.users.read.read']) {
    assert.ok(!types.some((type) => scopesAllow([scope], 'read', type)), scope)
  }
})
