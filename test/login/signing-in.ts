import assert from 'node:assert/strict'
import { TestProvider } from '../provider/test-provider.ts'
import { Browser } from './browser.ts'
import { type LoginStage, openLoginStage } from './login-stage.ts'

/** A provider, the login room with a connection `c-1` to it, and a browser in front of both. */
export interface SigningIn {
  readonly provider: TestProvider
  readonly stage: LoginStage
  readonly browser: Browser
  /** Where a login begins. */
  readonly start: string
  /** Signs in at the provider; gives the callback's address without visiting it. */
  readonly callbackUrl: (from?: string) => Promise<string>
  /** Visits an address that must answer with a page of this status; gives the page's text. */
  readonly refusedPage: (url: string, status?: number, by?: Browser) => Promise<string>
  /** Signs in; that must end in a 400 page, with nobody arriving. */
  readonly notGenuine: (options?: { readonly tokenRequests?: number }) => Promise<void>
  readonly close: () => Promise<void>
}

export const isCallback = (url: string) => url.includes('/callback?')

export async function openSigningIn(): Promise<SigningIn> {
  const provider = await TestProvider.start()
  const stage = await openLoginStage()
  stage.add({ id: 'c-1', issuer: provider.issuer, clientId: provider.clientId, clientSecret: provider.clientSecret })
  const browser = new Browser()
  const start = `${stage.url}/login/acme/c-1`

  const callbackUrl = async (from = start) => (await browser.follow(from, { stop: isCallback })).url

  const refusedPage = async (url: string, status = 400, by = browser) => {
    const response = await by.visit(url)
    const text = await response.text()
    assert.equal(response.status, status, text)
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    assert.equal(response.headers.get('x-frame-options'), 'DENY')
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/)
    return text
  }

  const notGenuine = async ({ tokenRequests }: { readonly tokenRequests?: number } = {}) => {
    await refusedPage(await callbackUrl())
    assert.equal(stage.arrivals.length, 0)
    if (tokenRequests !== undefined) assert.equal(provider.requests.token, tokenRequests)
    assert.equal(stage.notGenuine.length, 1)
  }

  const close = async () => {
    await stage.close()
    await provider.close()
  }
  return { provider, stage, browser, start, callbackUrl, refusedPage, notGenuine, close }
}
