import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import express from 'express'
import { createDirectory } from '../../src/directory/directory.ts'
import type { Directory } from '../../src/directory/types.ts'
import type { Logger } from '../../src/http/log.ts'
import { createDiscoveryCheck } from '../../src/login/discovery.ts'
import type { LoginEnvironment } from '../../src/login/environment.ts'
import { Providers } from '../../src/login/providers.ts'
import { createLoginRouter } from '../../src/login/router.ts'
import { createOrganizations } from '../../src/organizations/create.ts'
import { CredentialCache } from '../../src/organizations/credential-cache.ts'
import type { OrganizationsEnvironment } from '../../src/organizations/environment.ts'
import { scimScopes } from '../../src/organizations/scim-scopes.ts'
import { createSealing } from '../../src/organizations/sealing.ts'
import { people } from '../../src/sandbox/people.ts'
import { type DemoProvider, startDemoProvider } from '../../src/sandbox/provider.ts'
import { loadProviderSecrets, type ProviderSecrets } from '../../src/sandbox/provider-secrets.ts'
import { type Sandbox, type SandboxRooms, seedSandbox } from '../../src/sandbox/seed.ts'
import { createStartRouter } from '../../src/sandbox/start-page.ts'
import { builtInDocuments, readDocuments } from '../../src/schema/documents.ts'
import { createRegistry } from '../../src/schema/registry.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { testDatabase } from '../database.ts'
import { freePort } from '../free-port.ts'
import { Browser } from './browser.ts'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }

describe('The sandbox: one command, and five people to sign in as', () => {
  const uri = testDatabase()
  let store: Store
  let server: Server
  let url: string
  let dataDir: string
  let rooms: SandboxRooms
  let directory: Directory
  let demo: DemoProvider
  let secrets: ProviderSecrets
  let sandbox: Sandbox | null = null

  before(async () => {
    store = await openStore({ uri })
    await store.prepare()
    dataDir = await mkdtemp(join(tmpdir(), 'usher-sandbox-'))
    secrets = await loadProviderSecrets(dataDir)
    const app = express()
    server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const port = await freePort()
    demo = await startDemoProvider({
      host: '127.0.0.1',
      port,
      issuer: `http://127.0.0.1:${port}`,
      loginUrl: `${url}/login/acme`,
      secrets,
    })
    const now = () => new Date()
    const registry = createRegistry(readDocuments([builtInDocuments]))
    const providers = new Providers({ allowPrivateIssuers: true, now })
    const environment: OrganizationsEnvironment = {
      store,
      publicUrl: url,
      jitDefaults: { mode: 'on', attributeSyncMethod: 'PRESERVE_LOCAL' },
      sealing: createSealing(randomBytes(32)),
      credentialCache: new CredentialCache(),
      resolveTxt: async () => [],
      checkDiscovery: createDiscoveryCheck(providers.fetch, true),
      userType: registry.resourceType('User'),
      scimScopes: scimScopes(registry.resourceTypes),
    }
    directory = createDirectory({ store, registry, reportFailure: (_context, error) => console.error(error) })
    const organizations = createOrganizations(environment)
    rooms = { environment, organizations, directory, registry, dataDir, now }
    const login: LoginEnvironment = { organizations, directory, providers, publicUrl: url, sandbox: 'acme', now }
    app.use('/login', createLoginRouter(login, silent))
    app.use(createStartRouter({ sandbox: () => sandbox, directory, publicUrl: url, log: silent, now }))
  })
  after(async () => {
    await demo?.close()
    server.closeAllConnections()
    server.close()
    await store.close()
    await rm(dataDir, { recursive: true })
  })

  const seed = () => seedSandbox(rooms, { issuer: demo.issuer, clientSecret: secrets.clientSecret })
  const signIn = async (person: (typeof people)[number]) => {
    const page = await (await fetch(`${url}/`)).text()
    const link = new RegExp(`href="([^"]*login_hint=${encodeURIComponent(person.email)})"`).exec(page)?.[1]
    assert.ok(link, `no link for ${person.email}`)
    const { response } = await new Browser().follow(link, { headers: { accept: 'application/json' } })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const find = (subject: string) => people.find((person) => person.subject === subject)!

  it('before the seed the start page says in a few lines what is running', async () => {
    const response = await fetch(`${url}/`)
    const page = await response.text()
    assert.equal(response.status, 200)
    assert.match(page, /Usher is running/)
    assert.doesNotMatch(page, /Bearer/)
    assert.equal((await fetch(`${url}/sandbox/decisions/x`)).status, 404)
  })

  it('can be seeded again and again: nothing is made twice', async () => {
    sandbox = await seed()
    const again = await seed()
    assert.deepEqual(again, { ...sandbox, organization: again.organization })
    assert.equal(again.organization.defaultRole, 'member')
  })

  it('the start page shows the SCIM base URL, how to get a token, and a link for each person', async () => {
    const page = await (await fetch(`${url}/`)).text()
    assert.ok(page.includes(`${url}/scim/v2/acme`))
    assert.match(page, /Bearer usher_scim_/)
    assert.match(page, /Nobody has signed in yet/)
    assert.equal(page.match(/Sign in as/g)?.length, 6)
    assert.match(page, /name="viewport"/)
  })

  it('an employee: the first login creates the user, the second changes nothing', async () => {
    const first = await signIn(find('anna'))
    assert.equal(first.status, 200, JSON.stringify(first.body))
    assert.equal(first.body.outcome, 'created')
    assert.deepEqual(first.body.roles, ['member'])
    assert.equal((await signIn(find('anna'))).body.outcome, 'unchanged')
  })

  it('a manager: the groups claim gives the group and the role', async () => {
    const { body } = await signIn(find('mateo'))
    assert.equal(body.outcome, 'created', JSON.stringify(body))
    assert.deepEqual([...(body.roles as string[])].sort(), ['manager', 'member'])
    assert.equal((body.groups as { display: string }[])[0]?.display, 'Managers')
  })

  it('a contractor of another domain is refused', async () => {
    const { status, body } = await signIn(find('carla'))
    assert.deepEqual([status, body.code], [403, 'domain_not_allowed'])
    assert.match(String(body.reference), /^[2-9A-Z]{4}-[2-9A-Z]{4}$/)
  })

  it('one whose e-mail is unverified is refused', async () => {
    const { status, body } = await signIn(find('udo'))
    assert.deepEqual([status, body.code], [403, 'email_unverified'])
  })

  it('one whom SCIM has pushed before is linked to that user', async () => {
    const { body } = await signIn(find('priya'))
    assert.equal(body.outcome, 'linked', JSON.stringify(body))
  })

  it('after a sign-in the page shows the decision, its SCIM operations and the user; a refusal names no reason', async () => {
    const { response } = await new Browser().follow(`${url}/login/acme/${sandbox?.connection}?login_hint=anna`)
    const page = await response.text()
    assert.equal(response.status, 200)
    for (const part of ['Decision', 'SCIM operations', 'User', 'anna@acme.example'])
      assert.ok(page.includes(part), part)
    const refused = await new Browser().follow(`${url}/login/acme/${sandbox?.connection}?login_hint=carla`)
    assert.equal(refused.response.status, 403)
    const calm = await refused.response.text()
    assert.doesNotMatch(calm, /domain_not_allowed/)
    assert.match(calm, /\/sandbox\/decisions\/[2-9A-Z]{4}-[2-9A-Z]{4}/)
  })

  it('the start page lists the recent decisions, each with a page of its own', async () => {
    const page = await (await fetch(`${url}/`)).text()
    const link = /href="(\/sandbox\/decisions\/[^"]+)"/.exec(page)?.[1]
    assert.ok(link)
    const decision = await fetch(`${url}${link}`)
    assert.equal(decision.status, 200)
    assert.match(await decision.text(), /domain_not_allowed/)
    assert.equal((await fetch(`${url}/sandbox/decisions/ABCD-2345`)).status, 404)
  })
})
