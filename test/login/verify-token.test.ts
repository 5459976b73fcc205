import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import fc from 'fast-check'
import { type CryptoKey, createLocalJWKSet, exportSPKI, importJWK, type JWK, SignJWT } from 'jose'
import { UsherError } from '../../src/errors.ts'
import type { KeySource } from '../../src/login/keys.ts'
import { notGenuineReason } from '../../src/login/not-genuine.ts'
import { type ExpectedToken, verifyIdToken } from '../../src/login/verify-token.ts'
import { assembleJwt, createSigningKey, type SigningKey, signJwt } from '../provider/signing-key.ts'
import { runs } from '../runs.ts'

const now = new Date('2030-01-01T00:00:00Z')
const seconds = now.getTime() / 1000
const issuer = 'https://idp.example/tenant'
const expected: ExpectedToken = { issuer, audiences: ['client', 'mobile-app'], now }
const good = { iss: issuer, aud: 'client', sub: 'person', iat: seconds - 5, exp: seconds + 300 }

function published(...keys: readonly JWK[]): KeySource {
  const set = createLocalJWKSet({ keys: [...keys] })
  return { current: async () => set, reread: async () => null }
}

/** Resolves to the reason of the refusal. */
async function refused(token: string, keys: KeySource, overrides: Partial<ExpectedToken> = {}): Promise<string> {
  const error = await verifyIdToken(keys, { ...expected, ...overrides }, token).then(
    () => assert.fail('the token was accepted'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof UsherError, String(error))
  assert.equal(error.code, 'token_invalid')
  assert.equal(error.status, 400)
  return notGenuineReason(error)!
}

describe('An ID token is verified (OpenID Connect Core 3.1.3.7)', () => {
  let key: SigningKey
  let rsa: SigningKey
  let keys: KeySource
  before(async () => {
    key = await createSigningKey('ES256')
    rsa = await createSigningKey('RS256')
    keys = published(key.published, rsa.published)
  })
  const sign = (claims: object, header: Record<string, unknown> = {}) => signJwt(key, { ...good, ...claims }, header)

  it('RS256: a token of the issuer for this client is accepted', async () => {
    const token = await verifyIdToken(keys, expected, await signJwt(rsa, { ...good, email: 'a@b.example' }))
    assert.equal(token.subject, 'person')
    assert.equal(token.claims.email, 'a@b.example')
    assert.equal(token.issuedAt.getTime() / 1000, good.iat)
  })

  for (const algorithm of ['PS256', 'ES384', 'EdDSA']) {
    it(`${algorithm} is accepted as well`, async () => {
      const other = await createSigningKey(algorithm)
      await verifyIdToken(published(other.published), expected, await signJwt(other, good))
    })
  }

  it('row 91, sig none: `alg: none` and an empty signature are refused', async () => {
    assert.equal(await refused(assembleJwt({ alg: 'none' }, good), keys), 'algorithm')
    assert.equal(await refused(assembleJwt({ alg: 'NONE', kid: key.published.kid }, good), keys), 'algorithm')
    const stripped = (await sign({})).split('.').slice(0, 2).join('.')
    assert.ok(await refused(`${stripped}.`, keys))
    assert.ok(await refused(stripped, keys))
  })

  it('row 92: HMAC with the public key or a secret is refused', async () => {
    const pem = await publicPem(rsa)
    for (const secret of [pem, 'client secret of thirty-two characters']) {
      const token = await new SignJWT(good)
        .setProtectedHeader({ alg: 'HS256', kid: rsa.published.kid! })
        .sign(new TextEncoder().encode(secret))
      assert.equal(await refused(token, keys), 'algorithm')
    }
  })

  it('invalid signature: a changed payload and a signature by another key are refused', async () => {
    const [header, , signature] = (await sign({})).split('.')
    const payload = Buffer.from(JSON.stringify({ ...good, sub: 'admin' })).toString('base64url')
    assert.equal(await refused(`${header}.${payload}.${signature}`, keys), 'signature')
    const other = await createSigningKey('ES256', key.published.kid!)
    assert.equal(await refused(await signJwt(other, good), keys), 'signature')
  })

  it('row 93, invalid iss: only the pinned issuer counts, byte by byte', async () => {
    for (const iss of [
      `${issuer}/`,
      'https://idp.example/other',
      'https://idp.example/{tenantid}',
      'http://idp.example/tenant',
      issuer.toUpperCase(),
      [issuer],
      null,
      undefined,
    ]) {
      assert.equal(await refused(await sign({ iss }), keys), 'issuer', String(iss))
    }
  })

  it('row 94, invalid aud: missing, other client, unknown extra, wrong azp are refused; each of `audiences` is accepted', async () => {
    for (const aud of [
      undefined,
      null,
      '',
      'other',
      [],
      ['other'],
      ['client', 'other'],
      ['client', 7],
      { client: true },
    ]) {
      assert.equal(await refused(await sign({ aud }), keys), 'audience', JSON.stringify(aud))
    }
    assert.equal(await refused(await sign({ aud: ['client', 'other'], azp: 'client' }), keys), 'audience')
    for (const azp of ['other', '', null, ['client']])
      assert.equal(await refused(await sign({ azp }), keys), 'audience')
    for (const aud of ['client', 'mobile-app', ['mobile-app'], ['client', 'mobile-app']]) {
      await verifyIdToken(keys, expected, await sign({ aud, azp: 'client' }))
    }
  })

  it('row 95, missing sub: missing, empty, not a string or over 255 characters is refused; case distinguishes', async () => {
    for (const sub of [undefined, null, '', 7, true, ['person'], { $ne: '' }, 'x'.repeat(256)]) {
      assert.equal(await refused(await sign({ sub }), keys), 'subject', JSON.stringify(sub))
    }
    assert.equal((await verifyIdToken(keys, expected, await sign({ sub: 'Person' }))).subject, 'Person')
    await verifyIdToken(keys, expected, await sign({ sub: 'x'.repeat(255) }))
  })

  it('row 96, missing iat: times beyond 60 s, missing and malformed ones are refused', async () => {
    const wrong = [
      { exp: seconds - 61 },
      { exp: undefined },
      { exp: String(seconds + 300) },
      { exp: 1e300 },
      { iat: undefined },
      { iat: seconds + 61 },
      { iat: String(seconds) },
      { iat: -1 },
      { nbf: seconds + 61 },
      { nbf: 'soon' },
      { nbf: null },
    ]
    for (const claims of wrong) assert.equal(await refused(await sign(claims), keys), 'time', JSON.stringify(claims))
    await verifyIdToken(keys, expected, await sign({ exp: seconds - 59, iat: seconds + 59, nbf: seconds + 59 }))
  })

  it('row 97, invalid nonce: a missing or other nonce is refused where one was given', async () => {
    for (const nonce of [undefined, null, '', 'other']) {
      assert.equal(await refused(await sign({ nonce }), keys, { nonce: 'n-1' }), 'nonce')
    }
    await verifyIdToken(keys, { ...expected, nonce: 'n-1' }, await sign({ nonce: 'n-1' }))
    await verifyIdToken(keys, expected, await sign({ nonce: 'n-1' }))
  })

  it('row 103, kid absent with one key: accepted', async () => {
    await verifyIdToken(published(key.published), expected, await sign({}, { kid: undefined }))
  })

  it('row 103, kid absent with several matching keys: every one is tried', async () => {
    const others = await Promise.all(['a', 'b', 'c'].map((kid) => createSigningKey('ES256', kid)))
    const all = published(...others.map((other) => other.published), key.published)
    await verifyIdToken(all, expected, await sign({}, { kid: undefined }))
    const foreign = await createSigningKey('ES256')
    assert.equal(await refused(await signJwt(foreign, good, { kid: undefined }), all), 'signature')
  })

  it('row 105: `jku`, `x5u` and `jwk` of the header are ignored, `crit` is refused', async () => {
    const foreign = await createSigningKey('ES256', 'foreign')
    const header = { jwk: foreign.published, jku: 'http://127.0.0.1:9/keys', x5u: 'http://127.0.0.1:9/cert' }
    assert.equal(await refused(await signJwt(foreign, good, header), keys), 'key')
    await verifyIdToken(keys, expected, await sign({}, header))
    const critical = { crit: ['urn:test:critical'], 'urn:test:critical': true }
    assert.equal(await refused(await sign({}, critical), keys), 'header')
  })

  it('row 105: access tokens and logout tokens are no ID tokens', async () => {
    for (const typ of ['at+jwt', 'logout+jwt', 'application/at+JWT']) {
      assert.equal(await refused(await sign({}, { typ }), keys), 'header')
    }
    await verifyIdToken(keys, expected, await sign({}, { typ: undefined }))
  })

  it('row 127, RFC 8417 section 4.1: what tells of events is no ID token, whatever its header says', async () => {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    assert.equal(await refused(await sign({ events }), keys), 'header')
    await verifyIdToken(keys, expected, await sign({ events: ['a claim of that name'] }))
  })

  it('row 121: a token over 128 KB, a claim over 64 KB, more than 500 claims, deep nesting are refused', async () => {
    const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`claim-${index}`, index]))
    assert.equal(await refused(await sign({ a: 'x'.repeat(140_000) }), keys), 'too_large')
    assert.equal(await refused(await sign({ a: 'x'.repeat(66_000) }), keys), 'too_large')
    assert.equal(await refused(await sign(many), keys), 'too_large')
    assert.equal(await refused(await sign({ deep }), keys), 'malformed')
  })

  it('G11: claims have no prototype, whatever they are called', async () => {
    const text = JSON.stringify(good).replace(
      '{',
      '{"__proto__":{"admin":true},"constructor":1,"nested":{"__proto__":{"x":1}},',
    )
    const { claims } = await verifyIdToken(keys, expected, await signJwt(key, text))
    assert.equal(Object.getPrototypeOf(claims), null)
    assert.equal(Object.getPrototypeOf(claims.nested), null)
    assert.deepEqual(Object.keys(claims).slice(0, 3), ['__proto__', 'constructor', 'nested'])
    assert.equal(({} as Record<string, unknown>).admin, undefined)
    assert.equal(claims.toString, undefined)
  })

  it('a payload that is no JSON object is refused', async () => {
    for (const text of ['', 'null', '[]', '"text"', '{', '7']) {
      assert.equal(await refused(await signJwt(key, text), keys), 'malformed')
    }
  })

  it('whatever text comes as a token, it is refused and nothing else happens', async () => {
    const part = fc.oneof(
      fc.base64String(),
      fc.string(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        assert.ok(await refused(parts.join('.'), keys))
      }),
      { numRuns: runs(200) },
    )
  })
})

async function publicPem(key: SigningKey): Promise<string> {
  return exportSPKI((await importJWK(key.published, key.algorithm, { extractable: true })) as CryptoKey)
}
