import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { UsherError } from '../../src/errors.ts'
import { sendJson } from '../provider/test-provider.ts'
import { openSigningIn, type SigningIn } from './signing-in.ts'

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

describe('What the person at the browser sees when a login fails', () => {
  let signingIn: SigningIn
  let provider: SigningIn['provider']
  let stage: SigningIn['stage']
  let browser: SigningIn['browser']
  let start: string
  let callbackUrl: SigningIn['callbackUrl']
  let refusedPage: SigningIn['refusedPage']
  beforeEach(async () => {
    signingIn = await openSigningIn()
    ;({ provider, stage, browser, start, callbackUrl, refusedPage } = signingIn)
  })
  afterEach(() => signingIn.close())

  for (const [name, answer] of Object.entries(broken)) {
    it(`row 123: a token endpoint with ${name} is a 502 page, and nobody arrives`, async () => {
      const url = await callbackUrl()
      provider.knobs.instead.token = (_request, response) => answer(response)
      const began = performance.now()
      const text = await refusedPage(url, 502)
      assert.ok(performance.now() - began < 25_000)
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
})
