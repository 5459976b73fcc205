import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Browser } from './browser.ts'
import { openLoginStage } from './login-stage.ts'
import { isCallback, openSigningIn, type SigningIn } from './signing-in.ts'

const json = { accept: 'application/json' }

describe('A login in the browser (authorization code with PKCE, state, nonce and iss)', () => {
  let signingIn: SigningIn
  let provider: SigningIn['provider']
  let stage: SigningIn['stage']
  let browser: SigningIn['browser']
  let start: string
  let callbackUrl: SigningIn['callbackUrl']
  let refusedPage: SigningIn['refusedPage']
  let notGenuine: SigningIn['notGenuine']
  beforeEach(async () => {
    signingIn = await openSigningIn()
    ;({ provider, stage, browser, start, callbackUrl, refusedPage, notGenuine } = signingIn)
  })
  afterEach(() => signingIn.close())

  it('A3 A17 code flow: the person arrives once, with the claims of the ID token, and sees a page', async () => {
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
