import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { assembleJwt, createSigningKey, signJwt } from '../provider/signing-key.ts'
import type { TestProvider } from '../provider/test-provider.ts'
import { openSigningIn, type SigningIn } from './signing-in.ts'

describe('The cases of a relying party (OpenID Connect Core 3.1.3, hostile rows 91 to 107)', () => {
  let signingIn: SigningIn
  let provider: SigningIn['provider']
  let stage: SigningIn['stage']
  let browser: SigningIn['browser']
  let start: string
  let callbackUrl: SigningIn['callbackUrl']
  let notGenuine: SigningIn['notGenuine']
  beforeEach(async () => {
    signingIn = await openSigningIn()
    ;({ provider, stage, browser, start, callbackUrl, notGenuine } = signingIn)
  })
  afterEach(() => signingIn.close())

  const wrongTokens: Record<string, (knobs: TestProvider['knobs']) => void> = {
    'invalid iss': (knobs) => {
      knobs.idTokenClaims = (claims) => ({ ...claims, iss: 'https://other.example' })
    },
    'missing sub': (knobs) => {
      knobs.idTokenClaims = ({ sub: _, ...claims }) => claims
    },
    'invalid aud': (knobs) => {
      knobs.idTokenClaims = (claims) => ({ ...claims, aud: 'other' })
    },
    'missing iat': (knobs) => {
      knobs.idTokenClaims = ({ iat: _, ...claims }) => claims
    },
    'invalid nonce': (knobs) => {
      knobs.idTokenClaims = (claims) => ({ ...claims, nonce: 'other' })
    },
    'missing nonce': (knobs) => {
      knobs.idTokenClaims = ({ nonce: _, ...claims }) => claims
    },
    expired: (knobs) => {
      knobs.idTokenClaims = (claims) => ({ ...claims, exp: Math.floor(Date.now() / 1000) - 120 })
    },
    'sig none': (knobs) => {
      knobs.signIdToken = async (claims) => assembleJwt({ alg: 'none' }, claims)
    },
    'invalid signature': (knobs) => {
      knobs.signIdToken = async (claims) =>
        signJwt(await createSigningKey('ES256', provider.signingKey.published.kid!), claims)
    },
    'unknown key': (knobs) => {
      knobs.signIdToken = async (claims) => signJwt(await createSigningKey(), claims)
    },
    'userinfo sub mismatch (row 107)': (knobs) => {
      knobs.userInfo = (claims) => ({ ...claims, sub: 'somebody else' })
    },
    'userinfo signed by another key (row 107)': (knobs) => {
      knobs.instead.userinfo = async (_request, response) => {
        const foreign = await createSigningKey('ES256', provider.signingKey.published.kid!)
        const token = await signJwt(foreign, { ...provider.person, iss: provider.issuer, aud: provider.clientId })
        response.writeHead(200, { 'content-type': 'application/jwt' }).end(token)
      }
    },
  }
  for (const [name, turn] of Object.entries(wrongTokens)) {
    it(`${name}: not a genuine login, a 400 page, nobody arrives`, async () => {
      turn(provider.knobs)
      await notGenuine()
    })
  }

  it('RS256 is accepted', async () => {
    provider.signingKey = await createSigningKey('RS256')
    provider.publishedKeys = [provider.signingKey]
    assert.equal((await browser.follow(start)).response.status, 200)
  })

  it('kid absent with one key, and with several matching keys: accepted', async () => {
    provider.knobs.signIdToken = (claims) => signJwt(provider.signingKey, claims, { kid: undefined })
    assert.equal((await browser.follow(start)).response.status, 200)
    await provider.rotate({ keepOld: true })
    assert.equal((await browser.follow(start)).response.status, 200)
  })

  it('signing-key rotation, and rotation just before signing: accepted', async () => {
    assert.equal((await browser.follow(start)).response.status, 200)
    const url = await callbackUrl()
    await provider.rotate()
    assert.equal((await browser.visit(url)).status, 200)
  })

  it('userinfo by header, scope to userinfo claims: they are added, and the ID token wins', async () => {
    provider.person = { sub: 'anna', email: 'anna@acme.example' }
    provider.userInfoOnly = { department: 'Sales', email: 'other@acme.example' }
    await browser.follow(start)
    const claims = stage.arrivals[0]?.login.claims
    assert.equal(claims?.department, 'Sales')
    assert.equal(claims?.email, 'anna@acme.example')
    assert.equal(provider.requests.userinfo, 1)
  })

  it('row 107: a UserInfo answer that the issuer has signed is accepted', async () => {
    provider.knobs.instead.userinfo = async (_request, response) => {
      const claims = { ...provider.person, iss: provider.issuer, aud: provider.clientId, department: 'Sales' }
      const token = await signJwt(provider.signingKey, claims)
      response.writeHead(200, { 'content-type': 'application/jwt' }).end(token)
    }
    await browser.follow(start)
    assert.equal(stage.arrivals[0]?.login.claims.department, 'Sales')
  })

  it('a provider without UserInfo is fine', async () => {
    provider.knobs.discovery = ({ userinfo_endpoint: _, ...document }) => document
    assert.equal((await browser.follow(start)).response.status, 200)
    assert.equal(provider.requests.userinfo, 0)
  })

  it('client_secret_basic where it is accepted or nothing is announced, client_secret_post where only that is', async () => {
    await browser.follow(start)
    assert.equal(provider.lastAuthentication, 'Basic')
    provider.knobs.discovery = (document) => ({
      ...document,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
    })
    stage.add({ id: 'c-2', issuer: provider.issuer, clientId: provider.clientId, clientSecret: provider.clientSecret })
    assert.equal((await browser.follow(`${stage.url}/login/acme/c-2`)).response.status, 200)
    assert.equal(provider.lastAuthentication, 'post')
  })
})
