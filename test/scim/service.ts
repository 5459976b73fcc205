import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { after, before } from 'node:test'
import express from 'express'
import request from 'supertest'
import { createDirectory } from '../../src/directory/directory.ts'
import { createLogger } from '../../src/http/log.ts'
import { createLimits } from '../../src/limits/limits.ts'
import type { Authenticated, Organizations } from '../../src/organizations/types.ts'
import { builtInDocuments, readDocuments } from '../../src/schema/documents.ts'
import { createRegistry } from '../../src/schema/registry.ts'
import { AsyncRuns } from '../../src/scim/async-runs.ts'
import { type DialectName, dialectNames } from '../../src/scim/dialects.ts'
import { createScimRouter } from '../../src/scim/router.ts'
import { Scans } from '../../src/scim/scans.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { testDatabase } from '../database.ts'

export const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
export const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'
export const bulkUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
/** The SCIM base of the organization that requests go to unless they say otherwise. */
export const base = 'https://usher.example/scim/v2/acme'

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete'

export interface Options {
  readonly dialect?: DialectName
  readonly headers?: Readonly<Record<string, string>>
  readonly organization?: string
}

/** Every dialect has a client in every organization, whose token names both. */
const organizations = {
  authenticate: async (token): Promise<Authenticated | null> => {
    const [organization = '', dialect = ''] = token.split('.')
    if (!dialectNames.includes(dialect as DialectName)) return null
    const grants = { onExisting: 'conflict', allowPrivileged: false, scopes: ['scim'] } as const
    const principal = { kind: 'scim', id: `client-${dialect}`, name: dialect, organization, ...grants } as const
    return { principal, dialect: dialect as DialectName }
  },
  bySlug: async (slug) => ({ id: slug, slug, displayName: slug, defaultRole: null, seatLimit: null, returnUrls: [] }),
  roles: async () => [],
} as Partial<Organizations> as Organizations

/** The SCIM room with a directory on a database of its own, for the tests of one file. Call it outside of suites. */
export function scimService() {
  const uri = testDatabase()
  let store: Store
  let server: Server
  let counter = 0

  before(async () => {
    store = await openStore({ uri })
    await store.prepare()
    const registry = createRegistry(readDocuments([builtInDocuments]))
    const app = express()
    app.set('etag', false)
    app.use(
      '/scim/v2',
      createScimRouter({
        directory: createDirectory({ store, registry, reportFailure: () => undefined }),
        organizations,
        registry,
        publicUrl: 'https://usher.example',
        cursorKeys: [randomBytes(32)],
        scans: new Scans(),
        limits: createLimits(null),
        asyncRuns: new AsyncRuns(),
        log: createLogger('silent'),
        now: () => new Date(),
      }),
    )
    server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  after(async () => {
    server.close()
    await store.close()
  })

  function call(method: Method, path: string, body?: object, options: Options = {}) {
    const organization = options.organization ?? 'acme'
    const sent = request(server)
      [method](`/scim/v2/${organization}${path}`)
      .set('Authorization', `Bearer ${organization}.${options.dialect ?? 'rfc'}`)
      .set(options.headers ?? {})
    return body === undefined ? sent : sent.set('Content-Type', 'application/scim+json').send(JSON.stringify(body))
  }

  async function create(type: 'Users' | 'Groups', body: object, options: Options = {}) {
    const response = await call(
      'post',
      `/${type}`,
      { schemas: [type === 'Users' ? userUrn : groupUrn], ...body },
      options,
    )
    assert.equal(response.status, 201, JSON.stringify(response.body))
    return response.body
  }

  function newUser(more: object = {}, options: Options = {}) {
    counter += 1
    return create('Users', { userName: `user${counter}@acme.example`, ...more }, options)
  }

  return { call, create, newUser }
}
