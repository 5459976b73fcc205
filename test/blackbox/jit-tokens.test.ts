import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { exportSPKI, generateKeyPair } from 'jose'
import { assembleJwt, createSigningKey, signJwt } from '../provider/signing-key.ts'
import { type Claims, TestProvider } from '../provider/test-provider.ts'
import { buildHouse, verdict, warningCodes } from './house.ts'
import { adminToken, startUsher } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

async function door() {
  const home = await buildHouse(usher, provider, { connection: { audiences: ['api://app'] } })
  const path = `/connections/${home.connection.id}/logins`
  const hand = (idToken: string, more = {}) => home.organization.ask('POST', path, { idToken, ...more })
  const now = Math.floor(Date.now() / 1000)
  const claims = home.person('ann', { iss: provider.issuer, aud: provider.clientId, iat: now, exp: now + 300 })
  return { ...home, home, hand, now, claims }
}

const seconds = () => Math.floor(Date.now() / 1000)

describe('P1 P3 a token that is no genuine login: 400, no decision, nothing written', () => {
  const changed: Readonly<Record<string, () => Claims>> = {
    '93 another issuer': () => ({ iss: 'https://elsewhere.example' }),
    '93 the issuer with a slash': () => ({ iss: `${provider.issuer}/` }),
    '93 a template as issuer': () => ({ iss: `${provider.issuer}/{tenantid}` }),
    '94 no audience': () => ({ aud: undefined }),
    '94 another client': () => ({ aud: 'another' }),
    '94 an unknown extra audience': () => ({ aud: [provider.clientId, 'another'] }),
    '94 an empty list of audiences': () => ({ aud: [] }),
    '94 issued to another party': () => ({ azp: 'another' }),
    '95 no subject': () => ({ sub: undefined }),
    '95 an empty subject': () => ({ sub: '' }),
    '95 a number as subject': () => ({ sub: 7 }),
    '95 a subject of 256 characters': () => ({ sub: 'x'.repeat(256) }),
    '96 expired': () => ({ exp: seconds() - 61 }),
    '96 no exp': () => ({ exp: undefined }),
    '96 no iat': () => ({ iat: undefined }),
    '96 issued in the future': () => ({ iat: seconds() + 90 }),
    '96 not valid yet': () => ({ nbf: seconds() + 90 }),
    '96 times as text': () => ({ exp: String(seconds() + 300) }),
    '121 a claim of 1 MB': () => ({ nickname: 'x'.repeat(1_000_000) }),
    '121 2,000 claims': () => Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`c${index}`, 1])),
  }
  for (const [name, change] of Object.entries(changed)) {
    it(name, async () => {
      const { hand, claims, changes, organization } = await door()
      const answer = await hand(await signJwt(provider.signingKey, { ...claims, ...change() }))
      if (answer.status === 413) assert.match(name, /^121/)
      else assert.deepEqual([answer.status, verdict(answer)], [400, 'token_invalid'])
      assert.equal(answer.body.decisionId, undefined)
      assert.deepEqual((await organization.admin('GET', '/decisions')).items, [])
      assert.deepEqual(await changes(), [])
    })
  }

  it('rows 91 92 105 algorithms and headers that nobody agreed to', async () => {
    const { hand, claims } = await door()
    const other = await createSigningKey()
    const pair = await generateKeyPair('RS256', { extractable: true })
    const hmac = (secret: string | Buffer) => {
      const unsigned = assembleJwt({ alg: 'HS256', typ: 'JWT', kid: provider.signingKey.published.kid }, claims).slice(
        0,
        -1,
      )
      return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
    }
    const signed = await signJwt(provider.signingKey, claims)
    const [head, body, signature] = signed.split('.') as [string, string, string]
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url')
    const tokens = {
      'alg none': assembleJwt({ alg: 'none' }, claims),
      'alg none in other case': assembleJwt({ alg: 'nOnE' }, claims),
      'no signature': `${head}.${body}.`,
      'another body': `${head}.${forged}.${signature}`,
      'HMAC by the client secret': hmac(provider.clientSecret),
      'HMAC by a public key': hmac(await exportSPKI(pair.publicKey)),
      'another key under the same kid': await signJwt(other, claims, { kid: provider.signingKey.published.kid }),
      'its own key in jwk': await signJwt(other, claims, { jwk: other.published }),
      'its own keys at jku': await signJwt(other, claims, { jku: 'https://keys.example/jwks' }),
      'its own certificate at x5u': await signJwt(other, claims, { x5u: 'https://keys.example/x5u' }),
      'an unknown critical header': await signJwt(provider.signingKey, claims, {
        crit: ['urn:test:critical'],
        'urn:test:critical': true,
      }),
      'not a token': 'x',
      'five parts': 'a.b.c.d.e',
    }
    for (const [name, token] of Object.entries(tokens)) {
      const answer = await hand(token)
      assert.deepEqual([name, answer.status, answer.body.code], [name, 400, 'token_invalid'])
    }
    assert.equal(verdict(await hand(signed)), 'created')
  })

  it('row 127 a logout token is no ID token, and there is no address that takes it', async () => {
    const { hand, claims, organization, home } = await door()
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    const { nonce: _, ...logout } = { nonce: '', ...claims, jti: 'j-1', events }
    for (const header of [{}, { typ: 'logout+jwt' }]) {
      const token = await signJwt(provider.signingKey, logout, header)
      assert.equal(verdict(await hand(token)), 'token_invalid')
      for (const path of [
        `/login/${organization.slug}/${home.connection.id}/logout`,
        `/login/${organization.slug}/${home.connection.id}/backchannel-logout`,
        `/api/v1/organizations/${organization.slug}/connections/${home.connection.id}/logouts`,
      ]) {
        const body = `logout_token=${token}`
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        assert.equal((await usher.call('POST', path, { token: adminToken, body, headers })).status, 404, path)
      }
    }
  })

  it('row 97 a nonce that is given must be that of the token', async () => {
    const { hand, claims } = await door()
    const token = await signJwt(provider.signingKey, { ...claims, nonce: 'n1' })
    assert.equal(verdict(await hand(token, { nonce: 'n2' })), 'token_invalid')
    const without = await signJwt(provider.signingKey, claims)
    assert.equal(verdict(await hand(without, { nonce: 'n1' })), 'token_invalid')
    assert.equal(verdict(await hand(token, { nonce: 'n1' })), 'created')
  })

  it('row 94 each of the further audiences is accepted, and times within 60 seconds', async () => {
    const { hand, claims, now } = await door()
    const accepted = [
      { aud: 'api://app' },
      { aud: [provider.clientId, 'api://app'], azp: 'api://app' },
      { exp: now - 30 },
      { iat: now + 30 },
      { nbf: now + 30 },
    ]
    for (const change of accepted) {
      const answer = await hand(await signJwt(provider.signingKey, { ...claims, ...change }))
      assert.match(verdict(answer), /created|unchanged/, JSON.stringify(change))
    }
  })

  it('P5 a token of another connection of the same provider is not genuine there', async () => {
    const home = await door()
    const other = await home.organization.connection(provider, { clientId: 'another-client' })
    assert.equal(verdict(await other.login(home.person('ann'))), 'token_invalid')
  })
})

describe('102 103 keys', () => {
  it('row 103 a key that came just before the token is read at once; a withdrawn one ends', async () => {
    const rotating = await TestProvider.start()
    try {
      const home = await buildHouse(usher, rotating)
      assert.equal(verdict(await home.connection.login(home.person('ann'))), 'created')
      const old = rotating.signingKey
      await rotating.rotate()
      assert.equal(verdict(await home.connection.login(home.person('ann'))), 'unchanged')
      const now = seconds()
      const claims = home.person('ann', { iss: rotating.issuer, aud: rotating.clientId, iat: now, exp: now + 300 })
      const answer = await home.organization.ask('POST', `/connections/${home.connection.id}/logins`, {
        idToken: await signJwt(old, claims),
      })
      assert.equal(verdict(answer), 'token_invalid')
    } finally {
      await rotating.close()
    }
  })

  it('row 102 unknown keys cost the provider one request in five seconds', async () => {
    const { hand, claims } = await door()
    await hand(await signJwt(provider.signingKey, claims))
    const before = provider.requests.jwks
    const stranger = await createSigningKey()
    const begin = performance.now()
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) =>
        hand(await signJwt(stranger, claims, { kid: `unknown-${index}` })),
      ),
    )
    const requests = provider.requests.jwks - before
    // Fifty logins may take longer than five seconds on a machine with much to do.
    assert.ok(requests <= 1 + Math.floor((performance.now() - begin) / 5_000), `${requests} requests`)
  })
})

describe('hostile claims of a genuine login', () => {
  it('row 121 a claim of the wrong type keeps the old value and warns', async () => {
    const home = await door()
    await home.connection.login(home.person('ann', { nickname: 'Annie' }))
    for (const nickname of [{ a: 1 }, ['x'], 7, true]) {
      const answer = await home.connection.login(home.person('ann', { nickname }))
      assert.deepEqual([verdict(answer), warningCodes(answer)], ['unchanged', ['claim_malformed']])
    }
  })

  it('G11 row 121 names that mean something to JavaScript or to MongoDB stay names', async () => {
    const home = await door()
    const { now } = home
    const text = `{"iss":"${provider.issuer}","aud":"${provider.clientId}","iat":${now},"exp":${now + 300},"sub":"ann-subject",
      "email":"${home.email('ann')}","email_verified":true,"__proto__":{"polluted":true},"constructor":{"prototype":{"x":1}},
      "$where":"1","a.b":{"$gt":""},"toString":"x","given_name":"Ann"}`
    const answer = await home.hand(await signJwt(provider.signingKey, text))
    assert.equal(verdict(answer), 'created')
    assert.equal(({} as { polluted?: boolean }).polluted, undefined)
    const decision = await home.decision(answer)
    assert.equal(decision.claims.$where.type, 'string')
    assert.equal(
      verdict(await home.connection.login(home.person('ann', { given_name: 'Ann', family_name: undefined }))),
      'unchanged',
    )
  })

  it('row 95 a subject with any characters is one person, and shown as it is', async () => {
    const home = await door()
    const subjects = ['a|b', 'a b', '$ne', '{"$gt":""}', 'ä\u0000ö', '../x', '🙂'.repeat(60)]
    for (const [index, sub] of subjects.entries()) {
      const answer = await home.connection.login(home.person(`p${index}`, { sub }))
      assert.equal(verdict(answer), 'created', sub)
      assert.equal((await home.decision(answer)).subject, sub)
      assert.equal(verdict(await home.connection.login(home.person(`p${index}`, { sub }))), 'unchanged')
    }
  })
})
