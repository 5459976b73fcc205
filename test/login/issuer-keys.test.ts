import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { IssuerKeys, type KeySource } from '../../src/login/keys.ts'
import { createOutboundFetch } from '../../src/login/outbound.ts'
import { verifyIdToken } from '../../src/login/verify-token.ts'
import { sendJson, TestProvider } from '../provider/test-provider.ts'

const minutes = 60_000

describe('The keys of an issuer (OpenID Connect Discovery jwks_uri)', () => {
  let provider: TestProvider
  let source: KeySource
  let clock: number
  beforeEach(async () => {
    provider = await TestProvider.start()
    clock = Date.now()
    const fetch = createOutboundFetch({ allowPrivateIssuers: true, timeoutMs: 5_000 })
    source = new IssuerKeys({ fetch, now: () => new Date(clock) }).of(provider.issuer, `${provider.issuer}/jwks`)
  })
  afterEach(() => provider.close())

  const verify = (token: string) =>
    verifyIdToken(source, { issuer: provider.issuer, audiences: [provider.clientId], now: new Date() }, token)
  const refused = (token: string) => assert.rejects(verify(token), { code: 'token_invalid' })

  it('are read once for many logins, also when these come at the same time', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => provider.idToken()))
    await Promise.all(tokens.map(verify))
    assert.equal(provider.requests.jwks, 1)
  })

  it('row 103, signing-key rotation: a token by a new key is accepted after one re-read at once', async () => {
    await verify(await provider.idToken())
    await provider.rotate()
    await verify(await provider.idToken())
    assert.equal(provider.requests.jwks, 2)
  })

  it('row 103, rotation just before signing: also when many tokens by the new key come at the same time', async () => {
    await verify(await provider.idToken())
    await provider.rotate({ keepOld: true })
    const tokens = await Promise.all(Array.from({ length: 20 }, () => provider.idToken()))
    await Promise.all(tokens.map(verify))
    assert.equal(provider.requests.jwks, 2)
  })

  it('row 103: a rotation is also followed for tokens without kid', async () => {
    await verify(await provider.idToken({}, { kid: undefined }))
    await provider.rotate()
    await verify(await provider.idToken({}, { kid: undefined }))
  })

  it('a key that the re-read no longer contains ends', async () => {
    const old = await provider.idToken()
    await verify(old)
    await provider.rotate()
    await verify(await provider.idToken())
    await refused(old)
  })

  it('row 102: unknown kids cause at most one re-read in 5 s', async () => {
    await verify(await provider.idToken())
    for (let index = 0; index < 200; index += 1) await refused(await provider.idToken({}, { kid: `unknown-${index}` }))
    assert.equal(provider.requests.jwks, 2)
    clock += 4_999
    await refused(await provider.idToken({}, { kid: 'unknown' }))
    assert.equal(provider.requests.jwks, 2)
    clock += 1
    await refused(await provider.idToken({}, { kid: 'unknown' }))
    assert.equal(provider.requests.jwks, 3)
  })

  it('an invalid signature by a known kid causes no re-read', async () => {
    await verify(await provider.idToken())
    const [header, payload] = (await provider.idToken()).split('.')
    const foreign = (await provider.idToken({ sub: 'other' })).split('.')[2]
    await refused(`${header}.${payload}.${foreign}`)
    assert.equal(provider.requests.jwks, 1)
  })

  it('row 124: known keys serve through an outage for a day, then logins fail', async () => {
    await verify(await provider.idToken())
    provider.knobs.instead.jwks = (_request, response) => sendJson(response, 503, {})
    clock += 23 * 60 * minutes
    await verify(await provider.idToken())
    const asked = provider.requests.jwks
    await verify(await provider.idToken())
    assert.equal(provider.requests.jwks, asked, 'a provider that is down is not asked by every login')
    clock += 61 * minutes
    await assert.rejects(verify(await provider.idToken()), { code: 'provider_failed' })
    delete provider.knobs.instead.jwks
    await verify(await provider.idToken())
  })

  it('row 138: a rotation is followed at once when a clock that was an hour fast is right again', async () => {
    clock += 60 * minutes
    await verify(await provider.idToken())
    await provider.rotate()
    await verify(await provider.idToken())
    clock -= 60 * minutes
    await provider.rotate()
    await verify(await provider.idToken())
    assert.equal(provider.requests.jwks, 3)
  })

  it('are read again when they are older than ten minutes', async () => {
    await verify(await provider.idToken())
    clock += 10 * minutes
    await verify(await provider.idToken())
    assert.equal(provider.requests.jwks, 2)
  })

  const hostile: Record<string, (set: { readonly keys: readonly unknown[] }) => unknown> = {
    'row 104: 10,000 keys': ({ keys }) => ({ keys: Array.from({ length: 10_000 }, () => keys[0]) }),
    'row 104: 5 MB': ({ keys }) => ({ keys, padding: 'x'.repeat(5_000_000) }),
    'no key set': () => ['keys'],
    'keys that are no objects': () => ({ keys: ['key', null] }),
  }
  for (const [name, jwks] of Object.entries(hostile)) {
    it(`a key set with ${name} is a provider that failed`, async () => {
      provider.knobs.jwks = jwks
      await assert.rejects(verify(await provider.idToken()), { code: 'provider_failed' })
    })
  }

  it('row 104: a key set that redirects or does not come is a provider that failed', async () => {
    provider.knobs.instead.jwks = (_request, response) =>
      void response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    await assert.rejects(verify(await provider.idToken()), { code: 'provider_failed' })
    provider.knobs.instead.jwks = () => {}
    await assert.rejects(verify(await provider.idToken()), { code: 'provider_failed' })
  })
})
