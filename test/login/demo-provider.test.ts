import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { people } from '../../src/sandbox/people.ts'
import { type DemoProvider, demoClientId, startDemoProvider } from '../../src/sandbox/provider.ts'
import { loadProviderSecrets, type ProviderSecrets } from '../../src/sandbox/provider-secrets.ts'
import { freePort } from '../free-port.ts'
import { Browser } from './browser.ts'
import { type LoginStage, openLoginStage } from './login-stage.ts'

describe('The demo identity provider of the sandbox, a real OpenID provider', () => {
  let dataDir: string
  let secrets: ProviderSecrets
  let demo: DemoProvider
  let stage: LoginStage
  let start: string
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'usher-demo-'))
    secrets = await loadProviderSecrets(dataDir)
    stage = await openLoginStage({ sandbox: true })
    const port = await freePort()
    demo = await startDemoProvider({
      host: '127.0.0.1',
      port,
      issuer: `http://127.0.0.1:${port}`,
      loginUrl: `${stage.url}/login/acme`,
      secrets,
    })
    stage.add({
      id: 'contoso',
      issuer: demo.issuer,
      clientId: demoClientId,
      clientSecret: secrets.clientSecret,
      scopes: ['openid', 'profile', 'email', 'groups'],
    })
    start = `${stage.url}/login/acme/contoso`
  })
  after(async () => {
    await stage.close()
    await demo.close()
    await rm(dataDir, { recursive: true })
  })
  beforeEach(() => {
    stage.arrivals.length = 0
  })

  it('has five people, and signs in as each of them by login hint, in one browser in turn', async () => {
    assert.equal(people.length, 5)
    const browser = new Browser()
    for (const person of people) {
      const { response } = await browser.follow(`${start}?login_hint=${encodeURIComponent(person.email)}`)
      assert.equal(response.status, 200, await response.text())
      const claims = stage.arrivals.at(-1)?.login.claims
      assert.equal(claims?.sub, person.subject)
      assert.equal(claims?.email, person.email)
      assert.equal(claims?.email_verified, person.emailVerified)
      assert.deepEqual(claims?.groups, person.groups && [...person.groups])
    }
  })

  it('without a hint it shows the people, and signs in whoever is chosen', async () => {
    const browser = new Browser()
    const { response, url } = await browser.follow(start)
    const page = await response.text()
    assert.equal(response.status, 200)
    for (const person of people) assert.ok(page.includes(person.email))
    const link = /href="([^"]*\/mateo)"/.exec(page)?.[1] ?? ''
    const end = await browser.follow(new URL(link, url).href)
    assert.equal(end.response.status, 200)
    assert.equal(stage.arrivals[0]?.login.claims.sub, 'mateo')
  })

  it('in the sandbox the page shows the decision, its SCIM operations and the user, escaped', async () => {
    const { response } = await new Browser().follow(`${start}?login_hint=anna`)
    const page = await response.text()
    assert.match(page, /Decision/)
    assert.match(page, /SCIM operations/)
    assert.match(page, /&quot;path&quot;: &quot;\/Users&quot;/)
    assert.match(page, /&lt;script&gt;/)
    assert.doesNotMatch(page, /<script/)
  })

  it('a login that its person has not finished shows a calm page when it has ended', async () => {
    const response = await new Browser().visit(`${demo.issuer}/interaction/unknown`)
    assert.equal(response.status, 400)
    assert.match(await response.text(), /start again/)
  })

  it('redirects to no other address', async () => {
    const query = new URLSearchParams({
      client_id: demoClientId,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: 'https://evil.example/callback',
    })
    const response = await new Browser().visit(`${demo.issuer}/auth?${query}`)
    assert.equal(response.status, 400)
  })

  it('keeps its key and secret over a restart, readable by its owner only', async () => {
    assert.deepEqual(await loadProviderSecrets(dataDir), secrets)
    const file = join(dataDir, 'sandbox-provider.json')
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.ok((await readFile(file, 'utf8')).includes(secrets.clientSecret))
  })
})
