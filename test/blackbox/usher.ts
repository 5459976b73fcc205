/**
 * The whole of Usher on a real database, as its users see it: only HTTP goes in and out. One for each test file; every
 * test makes an organization of its own in it.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type App, createApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { listen } from '../../src/http/listen.ts'
import { createLogger } from '../../src/http/log.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { usherDatabase } from '../database.ts'
import { freePort } from '../free-port.ts'
import type { Claims, TestProvider } from '../provider/test-provider.ts'
import { hasNeighbour, startNeighbour } from './neighbour.ts'

export { group, patchOp, user } from './bodies.ts'

export const adminToken = `usher_admin_${randomBytes(32).toString('hex')}`

/** An answer with its body read as JSON, whatever its media type. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of every shape, and an assertion is their type check
  readonly body: any
  readonly text: string
}

export interface Call {
  readonly token?: string | null
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Home {
  readonly database: string
  readonly dataDir: string
}

/** An Usher as its users reach it: by HTTP alone. */
export interface Service {
  call(method: string, path: string, call?: Call): Promise<Answer>
  /** The operator's call of the admin API; `path` begins behind `/api/v1`. Fails unless the status is one of success. */
  admin(method: string, path: string, body?: unknown): Promise<Answer['body']>
  /** A new organization with a default role `member` and the verified domain `{slug}.example`. */
  organization(settings?: Readonly<Record<string, unknown>>): Promise<Organization>
}

export interface Usher extends Service {
  readonly url: string
  readonly app: App
  readonly store: Store
  /** The clock that the app sees; tests may move it. */
  readonly clock: { offset: number }
  /** Where everything is kept; a second Usher that is started with it is another process of the same installation. */
  readonly home: Home
  /** By which the database server knows this Usher among others, so that a fault can be meant for it alone. */
  readonly appName: string
  /** The lines of the log so far, each read as JSON: none, unless a test sets `USHER_LOG_LEVEL`. */
  readonly log: readonly Readonly<Record<string, unknown>>[]
  /** TXT records by name, for domain proofs. */
  readonly txt: Map<string, string[]>
}

export interface Organization {
  readonly slug: string
  readonly domain: string
  /** A call of the admin API below the organization, by the operator; fails unless it succeeds. */
  admin(method: string, path: string, body?: unknown): Promise<Answer['body']>
  /** The same whatever the answer. */
  ask(method: string, path: string, body?: unknown, token?: string): Promise<Answer>
  scimClient(settings?: Readonly<Record<string, unknown>>): Promise<ScimClient>
  /** A connection to a provider that signs what a test says. */
  connection(provider: TestProvider, settings?: Readonly<Record<string, unknown>>): Promise<TestConnection>
}

export interface ScimClient {
  readonly id: string
  readonly token: string
  /** `path` begins behind the organization's base. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** The same; fails unless it succeeds. */
  must(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer['body']>
}

export interface TestConnection {
  readonly id: string
  readonly provider: TestProvider
  /** Signs an ID token with these claims and hands it in, as an application does. */
  login(claims: Claims, more?: Readonly<Record<string, unknown>>): Promise<Answer>
  token(claims: Claims): Promise<string>
  jit(settings: Readonly<Record<string, unknown>>): Promise<Answer['body']>
}

/**
 * Starts Usher on a free port and a database of its own, with a busy neighbour where the run asks for one; it ends with
 * the test file. Called at the top of a file: within
 * a hook, the end would be that of the hook.
 */
export async function startUsher(
  environment: Readonly<Record<string, string>> = {},
  shared: Home | null = null,
): Promise<Usher> {
  const home = shared ?? { database: await usherDatabase(), dataDir: await mkdtemp(join(tmpdir(), 'usher-blackbox-')) }
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const config = readConfig({
    USHER_PORT: String(port),
    USHER_DATA_DIR: home.dataDir,
    USHER_ADMIN_TOKEN: adminToken,
    USHER_LOG_LEVEL: 'silent',
    NODE_ENV: 'test',
    MONGODB_URI: home.database,
    ...environment,
  })
  const appName = `usher-${randomBytes(6).toString('hex')}`
  const store = await openStore({ uri: config.mongodbUri!, appName })
  await store.prepare().catch(async (error: unknown) => {
    // Its connections would keep the process of the tests from ending.
    await store.close()
    throw error
  })
  const clock = { offset: 0 }
  const txt = new Map<string, string[]>()
  const log: Readonly<Record<string, unknown>>[] = []
  const app = await createApp({
    config,
    store,
    log: createLogger(config.logLevel, { write: (line) => log.push(JSON.parse(line)) }),
    version: 'test',
    now: () => new Date(Date.now() + clock.offset),
    resolveTxt: async (name) => (txt.get(name) ?? []).map((value) => [value]),
  })
  await listen(app.server, { host: '127.0.0.1', port })
  const service = serviceAt(url)
  const neighbour = hasNeighbour ? await startNeighbour(service) : null
  after(async () => {
    await neighbour?.stop()
    app.server.closeAllConnections()
    app.server.close()
    await app.stop()
    await store.close()
    if (shared === null) await rm(home.dataDir, { recursive: true, force: true })
  })
  return {
    ...service,
    url,
    app,
    store,
    clock,
    home,
    appName,
    log,
    txt,
  }
}

/** An Usher that runs already, and whose operator's token is `adminToken`. */
export function serviceAt(url: string): Service {
  const call: Service['call'] = (method, path, options = {}) => request(url, method, path, options)
  const admin: Service['admin'] = async (method, path, body) =>
    succeeded(await call(method, `/api/v1${path}`, { body, token: adminToken }))
  return { call, admin, organization: (settings) => makeOrganization(call, admin, settings) }
}

async function makeOrganization(
  call: Service['call'],
  operator: Service['admin'],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Organization> {
  const slug = `org-${randomBytes(5).toString('hex')}`
  const domain = `${slug}.example`
  await operator('POST', '/organizations', { slug, ...settings })
  const ask: Organization['ask'] = (method, path, body, token = adminToken) =>
    call(method, `/api/v1/organizations/${slug}${path}`, { body, token })
  const admin: Organization['admin'] = async (method, path, body) => succeeded(await ask(method, path, body))
  await admin('PUT', '/roles/member', {})
  await admin('PATCH', '', { defaultRole: 'member' })
  await admin('POST', '/domains', { domain, verified: true, reason: 'test' })
  return {
    slug,
    domain,
    admin,
    ask,
    async scimClient(client = {}) {
      const { id, token } = await admin('POST', '/scim-clients', {
        name: `client-${randomBytes(3).toString('hex')}`,
        ...client,
      })
      const scim: ScimClient['call'] = (method, path, body, headers = {}) =>
        call(method, `/scim/v2/${slug}${path}`, {
          token,
          body,
          headers: { 'content-type': 'application/scim+json', ...headers },
        })
      return { id, token, call: scim, must: async (...input) => succeeded(await scim(...input)) }
    },
    async connection(provider, connection = {}) {
      const { id } = await admin('POST', '/connections', {
        name: `connection-${randomBytes(3).toString('hex')}`,
        type: 'oidc',
        issuer: provider.issuer,
        clientId: provider.clientId,
        clientSecret: provider.clientSecret,
        ...connection,
      })
      // Two logins of one person within a second are two tokens.
      const token = (claims: Claims) => provider.idToken({ jti: randomBytes(8).toString('hex'), ...claims })
      return {
        id,
        provider,
        token,
        login: async (claims, more = {}) =>
          ask('POST', `/connections/${id}/logins`, { idToken: await token(claims), ...more }),
        jit: (jit) => admin('PUT', `/connections/${id}/jit`, jit),
      }
    },
  }
}

async function request(
  url: string,
  method: string,
  path: string,
  { token, body, headers = {} }: Call,
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token == null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: text }),
  })
  const answer = await response.text()
  return { status: response.status, headers: response.headers, body: readJson(answer), text: answer }
}

function readJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function succeeded(answer: Answer): Answer['body'] {
  if (answer.status >= 200 && answer.status < 300) return answer.body
  throw new Error(`${answer.status} ${answer.text}`)
}
