import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { after, before } from 'node:test'
import express from 'express'
import request from 'supertest'
import type { Directory } from '../../src/directory/types.ts'
import { createLogger } from '../../src/http/log.ts'
import { createLimits } from '../../src/limits/limits.ts'
import type { Authenticated, Organizations } from '../../src/organizations/types.ts'
import { builtInDocuments, readDocuments } from '../../src/schema/documents.ts'
import { createRegistry } from '../../src/schema/registry.ts'
import { AsyncRuns } from '../../src/scim/async-runs.ts'
import type { DialectName } from '../../src/scim/dialects.ts'
import { createScimRouter } from '../../src/scim/router.ts'
import { Scans } from '../../src/scim/scans.ts'

/** None of the requests below gets as far as the directory. */
const unreachable = new Proxy({} as Directory, {
  get: (_target, name) => assert.fail(`the directory was asked to ${String(name)}`),
})

function scimClient(organization: string, dialect: DialectName): Authenticated {
  const grants = { onExisting: 'conflict', allowPrivileged: false, scopes: ['scim'] } as const
  return { principal: { kind: 'scim', id: `c-${dialect}`, name: 'c', organization, ...grants }, dialect }
}

const credentials: Readonly<Record<string, Authenticated>> = {
  rfc: scimClient('1', 'rfc'),
  entra: scimClient('1', 'entra'),
  onelogin: scimClient('1', 'onelogin'),
  strict: scimClient('1', 'interop-strict'),
  foreign: scimClient('2', 'rfc'),
  reader: { principal: { kind: 'key', id: 'k', name: 'k', organization: '1', scopes: ['read'] }, dialect: 'rfc' },
  loginsOnly: { principal: { kind: 'key', id: 'l', name: 'l', organization: '1', scopes: ['logins'] }, dialect: 'rfc' },
  operator: { principal: { kind: 'operator' }, dialect: 'rfc' },
}

const ref = { displayName: 'Acme', defaultRole: null, seatLimit: null, returnUrls: [] }
const longAgo = new Date('2026-01-01T00:00:00Z')
const organizations = {
  authenticate: async (token) => credentials[token] ?? null,
  bySlug: async (slug) => (slug === 'acme' ? { ...ref, id: '1', slug } : null),
  roles: async () => [
    { name: 'member', displayName: 'Member', description: '', created: longAgo, lastModified: longAgo },
    { name: 'admin', displayName: 'Administrator', description: '', created: longAgo, lastModified: longAgo },
  ],
} as Partial<Organizations> as Organizations

const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** The SCIM room without a directory, for requests that are answered before it is asked. Call it outside of suites. */
export function scimProtocol() {
  let server: Server

  before(async () => {
    const app = express()
    app.set('etag', false)
    app.use(
      '/scim/v2',
      createScimRouter({
        directory: unreachable,
        organizations,
        registry: createRegistry(readDocuments([builtInDocuments])),
        publicUrl: 'https://usher.example',
        cursorKeys: [randomBytes(32)],
        scans: new Scans(),
        limits: createLimits(null),
        asyncRuns: new AsyncRuns(),
        log: createLogger('silent'),
        now: () => new Date('2026-03-01T12:00:00Z'),
      }),
    )
    server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  after(() => server.close())

  const get = (path: string, token?: string) => {
    const call = request(server).get(`/scim/v2${path}`)
    return token === undefined ? call : call.set('Authorization', `Bearer ${token}`)
  }
  const send = (method: 'get' | 'put' | 'post' | 'delete' | 'options', path: string, token: string) =>
    request(server)[method](`/scim/v2${path}`).set('Authorization', `Bearer ${token}`)
  const post = (path: string, token: string, body: string | object = {}) =>
    request(server)
      .post(`/scim/v2${path}`)
      .set('Authorization', `Bearer ${token}`)
      .set('Content-Type', 'application/scim+json')
      .send(typeof body === 'string' ? body : JSON.stringify(body))

  /** The whole answer is a SCIM error and nothing but that (RFC 7644 section 3.12). */
  function assertError(response: request.Response, status: number, scimType?: string): void {
    assert.equal(response.status, status, JSON.stringify(response.body))
    assert.equal(response.headers['content-type'], 'application/scim+json')
    const { detail, ...rest } = response.body as Record<string, unknown>
    assert.equal(typeof detail, 'string')
    assert.deepEqual(rest, { schemas: [errorUrn], status: String(status), ...(scimType ? { scimType } : {}) })
  }

  return { get, post, send, assertError }
}
