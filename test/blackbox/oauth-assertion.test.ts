import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { assertionType, keyHolder, requestToken } from './oauth-client.ts'
import { type Answer, startUsher } from './usher.ts'

const usher = await startUsher()
const elsewhere = await startUsher({ USHER_PUBLIC_URL: usher.url }, usher.home)

const seconds = () => Math.floor(Date.now() / 1000)

function assertInvalidClient(answer: Answer, what = '') {
  assert.equal(answer.status, 401, `${what} ${answer.text}`)
  assert.equal(answer.body.error, 'invalid_client', what)
  assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic /)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
}

describe('private_key_jwt (RFC 7523 sections 2.2 and 3)', () => {
  it('a client with a key gets an access token by an assertion, for the token endpoint or the issuer', async () => {
    const organization = await usher.organization()
    const client = await keyHolder(usher, organization)
    const { issuer, tokenEndpoint } = client
    for (const aud of [issuer, tokenEndpoint, [tokenEndpoint], ['https://other.example', issuer]]) {
      const { status, body, text } = await client.ask(await client.assertion({ aud }))
      assert.equal(status, 200, text)
      const users = await usher.call('GET', `/scim/v2/${organization.slug}/Users`, { token: body.access_token })
      assert.equal(users.status, 200)
    }
    assert.equal((await client.ask(undefined, { client_id: client.id })).status, 200)
  })

  for (const alg of ['RS256', 'PS384', 'ES384', 'EdDSA']) {
    it(`${alg} is an algorithm that counts`, async () => {
      const client = await keyHolder(usher, await usher.organization(), alg)
      assert.equal((await client.ask()).status, 200)
    })
  }

  it('an assertion without kid is tried with every key that fits', async () => {
    const organization = await usher.organization()
    const client = await keyHolder(usher, organization)
    const { publicKey } = await generateKeyPair('ES256')
    const other = { ...(await exportJWK(publicKey)), kid: 'other' }
    await organization.admin('PATCH', `/scim-clients/${client.id}`, { jwks: { keys: [other, client.publicKey] } })
    assert.equal((await client.ask(await client.assertion({}, { kid: undefined }))).status, 200)
    assertInvalidClient(await client.ask(await client.assertion({}, { kid: 'other' })))
    assertInvalidClient(await client.ask(await client.assertion({}, { kid: 'unknown' })))
  })

  it('an assertion counts once, in whichever process', async () => {
    const client = await keyHolder(usher, await usher.organization())
    const again = await client.assertion()
    assert.equal((await client.ask(again)).status, 200)
    assertInvalidClient(await client.ask(again))

    const raced = await client.assertion()
    const form = { grant_type: 'client_credentials', client_assertion_type: assertionType, client_assertion: raced }
    const slug = client.issuer.split('/').at(-1) ?? ''
    const answers = await Promise.all(
      [usher, elsewhere, usher, elsewhere].map((process) => requestToken(process, slug, form)),
    )
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401, 401])
    const jti = 'the same'
    assert.equal((await client.ask(await client.assertion({ jti }))).status, 200)
    assertInvalidClient(await client.ask(await client.assertion({ jti, exp: seconds() + 90 })))
    const neighbour = await keyHolder(usher, await usher.organization())
    assert.equal((await neighbour.ask(await neighbour.assertion({ jti }))).status, 200)
  })

  it('an assertion that is not of this client, for this server, and short-lived is refused', async () => {
    const organization = await usher.organization()
    const client = await keyHolder(usher, organization)
    const other = await keyHolder(usher, await usher.organization())
    const wrong: readonly Readonly<Record<string, unknown>>[] = [
      { aud: other.tokenEndpoint },
      { aud: other.issuer },
      { aud: usher.url },
      { aud: `${client.issuer}/` },
      { aud: undefined },
      { aud: [] },
      { iss: other.id },
      { iss: undefined },
      { sub: other.id },
      { sub: undefined },
      { iss: other.id, sub: other.id },
      { sub: ['x'] },
      { exp: undefined },
      { exp: seconds() - 1 },
      { exp: seconds() + 400 },
      { exp: 'soon' },
      { nbf: seconds() + 120 },
      { jti: undefined },
      { jti: '' },
      { jti: 7 },
    ]
    for (const claims of wrong) {
      assertInvalidClient(await client.ask(await client.assertion(claims)), JSON.stringify(claims))
    }
    assertInvalidClient(await client.ask(undefined, { client_id: other.id }), 'client_id')
    assert.equal((await client.ask(await client.assertion({ exp: seconds() + 295 }))).status, 200)
  })

  it('RFC 8725 section 3.1: neither none nor HMAC signs, nor a key that the assertion brings along', async () => {
    const client = await keyHolder(usher, await usher.organization())
    const claims = () => ({
      iss: client.id,
      sub: client.id,
      aud: client.tokenEndpoint,
      exp: seconds() + 60,
      jti: randomBytes(8).toString('hex'),
    })
    const foreign = await generateKeyPair('ES256')
    const jwk = await exportJWK(foreign.publicKey)
    const secret = new TextEncoder().encode(JSON.stringify(client.publicKey))
    const forged = [
      new UnsecuredJWT(claims()).encode(),
      await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256' }).sign(secret),
      await new SignJWT(claims()).setProtectedHeader({ alg: 'HS512', kid: 'key-1' }).sign(secret),
      await new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', kid: 'key-1' }).sign(foreign.privateKey),
      await new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', jwk }).sign(foreign.privateKey),
      `${(await client.assertion()).split('.').slice(0, 2).join('.')}.`,
      'no.jwt.at-all',
      `x${'x'.repeat(20_000)}`,
    ]
    for (const assertion of forged) assertInvalidClient(await client.ask(assertion), assertion.slice(0, 60))
    assertInvalidClient(await client.ask(undefined, { client_assertion_type: 'urn:x' }))
  })

  it('a client without keys has no assertion that counts', async () => {
    const organization = await usher.organization()
    const client = await keyHolder(usher, organization)
    await organization.admin('PATCH', `/scim-clients/${client.id}`, { jwks: null })
    assertInvalidClient(await client.ask())
  })

  it('access tokens end with the keys that they were issued for', async () => {
    const organization = await usher.organization()
    const client = await keyHolder(usher, organization)
    const { body } = await client.ask()
    const users = () => usher.call('GET', `/scim/v2/${organization.slug}/Users`, { token: body.access_token })
    assert.equal((await users()).status, 200)
    await organization.admin('PATCH', `/scim-clients/${client.id}`, { jwks: { keys: [client.publicKey] } })
    assert.equal((await users()).status, 401)
    assert.equal((await client.ask()).status, 200)
  })
})
