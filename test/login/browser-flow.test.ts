import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { UsherError } from '../../src/errors.ts'
import { assembleJwt, createSigningKey, signJwt } from '../provider/signing-key.ts'
import { sendJson, TestProvider } from '../provider/test-provider.ts'
import { Browser } from './browser.ts'
import { type LoginStage, openLoginStage } from './login-stage.ts'

/** What a broken token endpoint answers. */
const broken = {
  'status 500': (response: ServerResponse) => sendJson(response, 500, { error: 'server_error' }),
  'no answer': () => {},
  'no JSON': (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
  },
  'an answer of 10 MB': (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(`{"a":"${'x'.repeat(10_000_000)}"}`)
  },
  'a refusal of the client': (response: ServerResponse) => sendJson(response, 401, { error: 'invalid_client' }),
}

const json = { accept: 'application/json' }

describe('A login in the browser (authorization code with PKCE, state, nonce and iss)', () => {
  let provider: TestProvider
  let stage: LoginStage
  let browser: Browser
  let start: string
  beforeEach(async () => {
    provider = await TestProvider.start()
    stage = await openLoginStage()
    stage.add({ id: 'c-1', issuer: provider.issuer, clientId: provider.clientId, clientSecret: provider.clientSecret })
    browser = new Browser()
    start = `${stage.url}/login/acme/c-1`
  })
  afterEach(async () => {
    await stage.close()
    await provider.close()
  })

  const isCallback = (url: string) => url.includes('/callback?')
  const callbackUrl = async (from = start) => (await browser.follow(from, { stop: isCallback })).url

  async function refusedPage(url: string, status = 400, by = browser): Promise<string> {
    const response = await by.visit(url)
    const text = await response.text()
    assert.equal(response.status, status, text)
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    assert.equal(response.headers.get('x-frame-options'), 'DENY')
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/)
    return text
  }

  /** Not genuine: a 400 page, nobody arrived. */
  async function notGenuine(options: { readonly tokenRequests?: number } = {}): Promise<void> {
    await refusedPage(await callbackUrl())
    assert.equal(stage.arrivals.length, 0)
    if (options.tokenRequests !== undefined) assert.equal(provider.requests.token, options.tokenRequests)
    assert.equal(stage.notGenuine.length, 1)
  }

  it('code flow: the person arrives once, with the claims of the ID token, and sees a page', async () => {
    provider.person = { sub: 'anna', email: 'anna@acme.example', email_verified: true }
    const { response } = await browser.follow(start)
    const text = await response.text()
    assert.equal(response.status, 200)
    assert.match(text, /You are signed in to Acme &lt;&amp;&gt; Co/)
    assert.match(text, /7F3K-22QM/)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const [arrival, ...others] = stage.arrivals
    assert.equal(others.length, 0)
    assert.equal(arrival?.login.claims.email, 'anna@acme.example')
    assert.equal(arrival?.login.issuer, provider.issuer)
    assert.equal(arrival?.connection.announcedIssuer, provider.issuer)
    assert.equal(arrival?.tokenKey, null)
    assert.deepEqual(arrival?.context.principal, { kind: 'login', connection: 'c-1' })
    assert.equal(arrival?.context.source, 'login:c-1')
  })

  it('the request has PKCE S256, state, nonce, the exact redirect URI and openid; hints are passed on', async () => {
    const hints = 'login_hint=anna%40acme.example&prompt=login&max_age=100&acr_values=a+b&ui_locales=de'
    provider.knobs.idTokenClaims = (claims) => ({ ...claims, auth_time: Math.floor(Date.now() / 1000) })
    await callbackUrl(`${start}?${hints}&scope=admin&client_id=other`)
    const sent = Object.fromEntries(provider.lastAuthorization ?? [])
    assert.equal(sent.code_challenge_method, 'S256')
    assert.match(sent.code_challenge ?? '', /^[\w-]{43}$/)
    assert.ok((sent.state?.length ?? 0) >= 32 && (sent.nonce?.length ?? 0) >= 32)
    assert.equal(sent.redirect_uri, `${start}/callback`)
    assert.equal(sent.response_type, 'code')
    assert.equal(sent.client_id, provider.clientId)
    assert.equal(sent.scope, 'openid profile email')
    assert.equal(sent.login_hint, 'anna@acme.example')
    assert.deepEqual([sent.prompt, sent.max_age, sent.acr_values, sent.ui_locales], ['login', '100', 'a b', 'de'])
  })

  it('Accept: application/json gets the answer document, and problem documents for failures', async () => {
    const response = await browser.visit(await callbackUrl(), json)
    assert.equal(response.status, 200)
    assert.equal(((await response.json()) as { reference: string }).reference, '7F3K-22QM')
    const again = await browser.visit(`${start}/callback?code=x&state=y`, json)
    assert.equal(again.status, 400)
    assert.match(again.headers.get('content-type') ?? '', /^application\/problem\+json/)
    assert.equal(((await again.json()) as { code: string }).code, 'token_invalid')
    assert.equal(again.headers.get('cache-control'), 'no-store')
  })

  it('return_to: a successful login ends in a 303 with the reference', async () => {
    const own = await browser.visit(await callbackUrl(`${start}?return_to=${encodeURIComponent('/home?a=1')}`))
    assert.equal(own.status, 303)
    assert.equal(own.headers.get('location'), `${stage.url}/home?a=1&decision=7F3K-22QM`)
    const registered = await browser.visit(await callbackUrl(`${start}?return_to=https%3A%2F%2Fapp.example%2Fdone`))
    assert.equal(registered.headers.get('location'), 'https://app.example/done?decision=7F3K-22QM')
  })

  for (const target of ['//evil.example', '\\\\evil.example', 'javascript:alert(1)', 'https://evil.example/']) {
    it(`row 125: return_to=${target} is refused before anything happens`, async () => {
      await refusedPage(`${start}?return_to=${encodeURIComponent(target)}`)
      assert.equal(stage.transactions.size, 0)
    })
  }

  it('row 98: state missing or forged is refused before any token request', async () => {
    const url = new URL(await callbackUrl())
    for (const state of [null, '', 'forged']) {
      const changed = new URL(url)
      if (state === null) changed.searchParams.delete('state')
      else changed.searchParams.set('state', state)
      await refusedPage(changed.href)
    }
    const twice = new URL(url)
    twice.searchParams.append('state', 'second')
    await refusedPage(twice.href)
    assert.equal(provider.requests.token, 0)
  })

  it('rows 98 and 126: another browser cannot finish the login, the own one still can', async () => {
    const url = await callbackUrl()
    await refusedPage(url, 400, new Browser())
    const attacker = new Browser()
    await attacker.follow(start, { stop: isCallback })
    await refusedPage(url, 400, attacker)
    assert.equal(provider.requests.token, 0)
    assert.equal((await browser.visit(url)).status, 200)
  })

  it('row 98: a state is good for its own connection only', async () => {
    stage.add({ id: 'c-2', issuer: provider.issuer, clientId: provider.clientId, clientSecret: provider.clientSecret })
    const url = await callbackUrl()
    await refusedPage(url.replace('/c-1/', '/c-2/'))
    assert.equal(provider.requests.token, 0)
  })

  it('rows 98 and 99: the callback works once; back button and double click get a calm page', async () => {
    const url = await callbackUrl()
    const answers = await Promise.all([browser.visit(url), browser.visit(url)])
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 400])
    await refusedPage(url)
    assert.equal(stage.arrivals.length, 1)
    assert.equal(provider.requests.token, 1)
  })

  it('a login that takes more than ten minutes has ended', async () => {
    const url = await callbackUrl()
    stage.clockOffset = 601_000
    await refusedPage(url)
    assert.equal(provider.requests.token, 0)
  })

  it('row 99: a code that was redeemed before is refused', async () => {
    provider.knobs.authorization = (parameters) => ({ ...parameters, code: 'used' })
    await notGenuine()
  })

  it('row 100: a PKCE verifier that does not fit fails the login', async () => {
    const url = await callbackUrl()
    const [state, transaction] = [...stage.transactions][0]!
    stage.transactions.set(state, { ...transaction, verifier: 'x'.repeat(43) })
    await refusedPage(url)
    assert.equal(stage.arrivals.length, 0)
  })

  it('row 101, mix-up: `iss` of another issuer, or none where one is announced, aborts without a token request', async () => {
    provider.knobs.authorization = (parameters) => ({ ...parameters, iss: 'https://evil.example' })
    await notGenuine({ tokenRequests: 0 })
    stage.notGenuine.length = 0
    provider.knobs.authorization = ({ code, state }) => ({ code: code!, state: state! })
    await notGenuine({ tokenRequests: 0 })
  })

  it('row 126: the cookie is renewed by every start, HttpOnly, Lax and for the login paths only', async () => {
    const cookies = await Promise.all([1, 2].map(async () => (await browser.visit(start)).headers.getSetCookie()[0]))
    assert.notEqual(cookies[0], cookies[1])
    for (const cookie of cookies) {
      assert.match(cookie ?? '', /^usher_login=[\w-]{43}; Max-Age=600; Path=\/login; HttpOnly; SameSite=Lax$/)
    }
  })

  it('row 126: the cookie is Secure where the public URL is https', async () => {
    const secure = await openLoginStage({ publicUrl: 'https://usher.example/base' })
    secure.add({ id: 'c-1', issuer: provider.issuer, clientId: 'x', clientSecret: null })
    const response = await browser.visit(`${secure.url}/login/acme/c-1`, { 'x-forwarded-host': 'evil.example' })
    assert.match(response.headers.getSetCookie()[0] ?? '', /; Path=\/base\/login; HttpOnly; SameSite=Lax; Secure$/)
    const redirect = new URL(response.headers.get('location') ?? '').searchParams.get('redirect_uri')
    assert.equal(redirect, 'https://usher.example/base/login/acme/c-1/callback')
    await secure.close()
  })

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

  for (const [name, answer] of Object.entries(broken)) {
    it(`row 123: a token endpoint with ${name} is a 502 page, and nobody arrives`, async () => {
      const url = await callbackUrl()
      provider.knobs.instead.token = (_request, response) => answer(response)
      const began = performance.now()
      const text = await refusedPage(url, 502)
      assert.ok(performance.now() - began < 10_000)
      assert.match(text, /try again/i)
      assert.equal(stage.arrivals.length, 0)
    })
  }

  it('row 124: keys that cannot be read are a 502 page', async () => {
    const url = await callbackUrl()
    provider.knobs.instead.jwks = (_request, response) => sendJson(response, 503, {})
    await refusedPage(url, 502)
  })

  it('a provider that is down at the start is a 502 page; what was read before serves through an outage', async () => {
    provider.knobs.instead.discovery = (_request, response) => sendJson(response, 503, {})
    await refusedPage(start, 502)
    delete provider.knobs.instead.discovery
    stage.clockOffset = 6_000
    assert.equal((await browser.follow(start)).response.status, 200)
    provider.knobs.instead.discovery = (_request, response) => sendJson(response, 503, {})
    stage.clockOffset = 3_600_000
    assert.equal((await browser.visit(start)).status, 302)
  })

  it('an error of the provider is told apart: the person gave up (400), the provider failed (502)', async () => {
    for (const [error, status] of [
      ['access_denied', 400],
      ['login_required', 400],
      ['server_error', 502],
      ['invalid_scope', 502],
    ] as const) {
      provider.knobs.authorization = ({ state, iss }) => ({ state: state!, iss: iss!, error })
      await refusedPage(await callbackUrl(), status)
    }
    assert.equal(provider.requests.token, 0)
  })

  it('a refusal is a 403 page with a calm sentence and the reference, never the detail', async () => {
    stage.onArrival = () => {
      throw new UsherError('user_suspended', 'The user 4711 is suspended by scim:x.', {
        members: { decisionId: 'd-1', reference: '7F3K-22QM' },
      })
    }
    const text = await refusedPage(await callbackUrl(), 403)
    assert.match(text, /7F3K-22QM/)
    assert.doesNotMatch(text, /suspend|4711|scim/i)
  })

  it('a failure of ours is a 500 page that says nothing', async () => {
    stage.onArrival = () => {
      throw new Error('driver said: secret')
    }
    assert.doesNotMatch(await refusedPage(await callbackUrl(), 500), /driver|secret/)
  })

  it('row 106: a discovery that announces another issuer ends the login as the decision `issuer_mismatch`', async () => {
    await browser.follow(start)
    provider.knobs.discovery = (document) => ({
      ...document,
      issuer: 'https://moved.example',
      token_endpoint: 'http://127.0.0.1:9/',
    })
    stage.clockOffset = 600_001
    const url = await callbackUrl()
    stage.clockOffset = 0
    await browser.visit(url)
    assert.equal(stage.arrivals[1]?.connection.announcedIssuer, 'https://moved.example')
    assert.equal(stage.arrivals[1]?.login.issuer, provider.issuer)
  })

  it('row 106: where no endpoints of the pinned issuer are known, nothing is sent to those of another one', async () => {
    provider.knobs.discovery = (document) => ({ ...document, issuer: 'https://moved.example' })
    await refusedPage(start, 403)
    assert.equal(provider.requests.authorize, 0)
  })

  it('unknown organizations and connections are the same 404 page; other methods are 405', async () => {
    const unknown = await refusedPage(`${stage.url}/login/nobody/c-1`, 404)
    assert.equal(await refusedPage(`${stage.url}/login/acme/nothing`, 404), unknown)
    await refusedPage(`${stage.url}/login/acme/nothing/callback?state=x`, 404)
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
      assert.equal((await fetch(`${start}/callback?state=x`, { method })).status, 405)
      assert.equal((await fetch(start, { method })).headers.get('allow'), 'GET')
    }
    assert.equal(stage.transactions.size, 0)
  })

  it('malformed parameters are a 400 page', async () => {
    for (const query of ['max_age=-1', 'max_age=x', 'prompt=a&prompt=b', `login_hint=${'x'.repeat(5_000)}`]) {
      await refusedPage(`${start}?${query}`)
    }
  })
})
