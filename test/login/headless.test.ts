import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type HeadlessLogin, headlessLogin, headlessLoginBody } from '../../src/login/headless.ts'
import { signJwt } from '../provider/signing-key.ts'
import { sendJson, TestProvider } from '../provider/test-provider.ts'
import { type LoginStage, openLoginStage } from './login-stage.ts'

describe('A login by an application that has the ID token already', () => {
  let provider: TestProvider
  let stage: LoginStage
  beforeEach(async () => {
    provider = await TestProvider.start()
    stage = await openLoginStage()
    stage.add({
      id: 'c-1',
      issuer: provider.issuer,
      clientId: provider.clientId,
      clientSecret: null,
      audiences: ['app'],
    })
  })
  afterEach(async () => {
    await stage.close()
    await provider.close()
  })

  const login = (body: HeadlessLogin, connection = 'c-1') =>
    headlessLogin(stage.environment, stage.context, connection, body)
  const refused = async (body: HeadlessLogin) => {
    await assert.rejects(login(body), { code: 'token_invalid', status: 400 })
    assert.equal(stage.arrivals.length, 0)
  }

  it('the person arrives with the claims; the connection is the source', async () => {
    const answer = await login({ idToken: await provider.idToken({ email: 'anna@acme.example' }) })
    assert.equal(answer.outcome, 'created')
    assert.equal(stage.arrivals[0]?.login.claims.email, 'anna@acme.example')
    assert.equal(stage.arrivals[0]?.context.source, 'login:c-1')
    assert.equal(stage.arrivals[0]?.context.requestId, 'r-1')
  })

  it('row 94: the client id and each of `audiences` are accepted, others are not', async () => {
    await login({ idToken: await provider.idToken({ aud: 'app', azp: 'app' }) })
    stage.arrivals.length = 0
    await refused({ idToken: await provider.idToken({ aud: 'c-1' }) })
  })

  it('row 97: a nonce that is given must be the one of the token', async () => {
    await login({ idToken: await provider.idToken({ nonce: 'n' }), nonce: 'n' })
    stage.arrivals.length = 0
    await refused({ idToken: await provider.idToken({ nonce: 'n' }), nonce: 'm' })
    await refused({ idToken: await provider.idToken(), nonce: 'm' })
  })

  it('row 97: the same token has the same key, also with its ECDSA signature mirrored; other tokens and connections have others', async () => {
    stage.add({ id: 'c-2', issuer: provider.issuer, clientId: provider.clientId, clientSecret: null })
    const claims = {
      iss: provider.issuer,
      aud: provider.clientId,
      sub: 'a',
      iat: Date.now() / 1000,
      exp: Date.now() / 1000 + 60,
    }
    const idToken = await signJwt(provider.signingKey, claims)
    const mirrored = mirrorSignature(idToken)
    assert.notEqual(idToken, mirrored)
    for (const token of [idToken, idToken, mirrored]) await login({ idToken: token })
    await login({ idToken: await signJwt(provider.signingKey, claims) })
    await login({ idToken }, 'c-2')
    const [first, second, third, ...others] = stage.arrivals.map((arrival) => arrival.tokenKey)
    assert.match(first ?? '', /^[0-9a-f]{64}$/)
    assert.equal(second, first)
    assert.equal(third, first)
    assert.equal(new Set([first, ...others]).size, 3)
  })

  it('row 107: userInfo of another subject is refused; else it adds claims, and the ID token wins', async () => {
    const idToken = await provider.idToken({ email: 'anna@acme.example', title: null })
    for (const userInfo of [{ sub: 'other' }, {}, { sub: 7 }, { sub: ['person-1'] }])
      await refused({ idToken, userInfo })
    await login({ idToken, userInfo: { sub: 'person-1', email: 'x@x.example', department: 'Sales', title: 'Boss' } })
    const { email, department, title } = stage.arrivals[0]!.login.claims
    assert.deepEqual([email, department, title], ['anna@acme.example', 'Sales', null])
  })

  it('row 121: userInfo is bounded as the token is', async () => {
    const idToken = await provider.idToken()
    await refused({ idToken, userInfo: { sub: 'person-1', a: 'x'.repeat(70_000) } })
  })

  it('a login that is not genuine is counted by its reason and nothing else', async () => {
    await refused({ idToken: 'nonsense' })
    await refused({ idToken: await provider.idToken({ sub: '' }) })
    assert.deepEqual(stage.notGenuine, ['malformed', 'subject'])
  })

  it('rows 93 and 106: discovery that announces another issuer is a refusal by decision, the token’s issuer stays pinned', async () => {
    provider.knobs.discovery = (document) => ({ ...document, issuer: 'https://moved.example' })
    await login({ idToken: await provider.idToken() })
    assert.equal(stage.arrivals[0]?.connection.announcedIssuer, 'https://moved.example')
    stage.arrivals.length = 0
    await refused({ idToken: await provider.idToken({ iss: 'https://moved.example' }) })
  })

  it('row 124: a provider that cannot be asked is `provider_failed`, not a refusal', async () => {
    provider.knobs.instead.discovery = (_request, response) => sendJson(response, 500, {})
    const idToken = await provider.idToken()
    await assert.rejects(login({ idToken }), { code: 'provider_failed', status: 502 })
    await assert.rejects(login({ idToken }), { code: 'provider_failed', status: 502 })
    assert.equal(provider.requests.discovery, 1, 'a provider that is down is not asked by every login')
  })

  it('discovery is read once for many logins, and again for a new version of the connection', async () => {
    const tokens = await Promise.all(Array.from({ length: 10 }, (_, index) => provider.idToken({ jti: `${index}` })))
    await Promise.all(tokens.map((idToken) => login({ idToken })))
    assert.equal(provider.requests.discovery, 1)
    stage.connections.set('c-1', { ...stage.connections.get('c-1')!, version: 2 })
    await login({ idToken: tokens[0]! })
    assert.equal(provider.requests.discovery, 2)
  })

  it('unknown connections are not found, unknown members of the body are refused', async () => {
    await assert.rejects(login({ idToken: 'x' }, 'c-9'), { code: 'not_found' })
    assert.equal(headlessLoginBody.safeParse({ idToken: 'x', extra: 1 }).success, false)
    assert.equal(headlessLoginBody.safeParse({ idToken: 7 }).success, false)
    assert.equal(headlessLoginBody.safeParse({ idToken: 'x', userInfo: [] }).success, false)
    assert.equal(headlessLoginBody.safeParse({ idToken: 'x', nonce: 'n', userInfo: { sub: 'a' } }).success, true)
  })
})

/** The other valid signature of the same content that everybody can make: (r, n − s) of P-256. */
function mirrorSignature(token: string): string {
  const [header, payload, signature = ''] = token.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const mirrored = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const other = Buffer.from(mirrored.toString(16).padStart(64, '0'), 'hex')
  return `${header}.${payload}.${Buffer.concat([bytes.subarray(0, 32), other]).toString('base64url')}`
}
