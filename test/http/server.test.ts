import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Router } from 'express'
import request from 'supertest'
import { UsherError } from '../../src/errors.ts'
import type { Readiness } from '../../src/http/health.ts'
import { createHttpServer, listen } from '../../src/http/listen.ts'
import { createLogger } from '../../src/http/log.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { problemHandler } from '../../src/http/problem.ts'
import { recordOf } from '../../src/http/request-record.ts'
import { createHttpApp } from '../../src/http/server.ts'
import { closeServer, createDraining, type Draining } from '../../src/http/shutdown.ts'

describe('the HTTP application', () => {
  const lines: string[] = []
  let server: Server
  let draining: Draining
  const slowArrived = Promise.withResolvers<void>()
  let state: Readiness

  before(async () => {
    const log = createLogger('info', { write: (line: string) => lines.push(line) })
    const admin = Router()
    admin.get('/organizations/:org', (_request, response) => {
      recordOf(response).normalisations.push('op case')
      response.json({ ok: true })
    })
    admin.get('/broken', () => {
      throw new Error('mongodb://user:secret@host failed')
    })
    admin.get('/busy', () => {
      throw new UsherError('too_many_requests', 'Slow down.', { retryAfter: 1.2 })
    })
    admin.get('/refused', () => {
      const errors = [{ path: 'slug', message: 'is missing' }]
      throw new UsherError('validation_failed', 'No.', { errors, members: { decisionId: 'd' } })
    })
    admin.get('/slow', (_request, response) => {
      slowArrived.resolve()
      setTimeout(() => response.json({}), 300)
    })
    admin.use(problemHandler(log))
    draining = createDraining()
    const app = createHttpApp({
      log,
      metrics: createMetrics({ process: false }),
      draining,
      health: async () => state,
      version: { name: 'usher', version: '0.0.0' },
      scim: Router(),
      admin,
      login: Router(),
      oauth: Router(),
      start: Router().get('/', (_request, response) => {
        response.send('hello')
      }),
    })
    server = createHttpServer(app)
    await listen(server, { host: '127.0.0.1', port: 0 })
  })
  after(() => server.closeAllConnections())
  beforeEach(() => {
    lines.length = 0
    state = { ready: true, problems: [], warnings: ['old server'] }
  })

  const lastLine = () => JSON.parse(lines.at(-1) ?? '{}')

  it('answers the id of the request, taken from the caller or made', async () => {
    assert.equal((await request(server).get('/livez').set('X-Request-Id', 'abc')).headers['x-request-id'], 'abc')
    assert.match(String((await request(server).get('/livez')).headers['x-request-id']), /^[\da-f-]{36}$/)
  })

  it('tells nobody what it is made of, and tags nothing by itself', async () => {
    const { headers } = await request(server).get('/')
    assert.equal(headers['x-powered-by'], undefined)
    assert.equal(headers.etag, undefined)
    assert.equal(headers['x-content-type-options'], 'nosniff')
  })

  it('writes one line a request with the template of its route, and no query', async () => {
    await request(server).get('/api/v1/organizations/acme?access_token=s3cret').set('X-Request-Id', 'r1')
    const { ts: _ts, ms, ...line } = lastLine()
    assert.ok(ms >= 0)
    assert.deepEqual(line, {
      level: 'info',
      msg: 'request',
      requestId: 'r1',
      method: 'GET',
      route: '/api/v1/organizations/:org',
      status: 200,
      normalisations: ['op case'],
    })
    assert.equal(lines.length, 1)
  })

  it('R31 answers an unknown failure with 500 that says nothing, and logs its cause without secrets', async () => {
    const response = await request(server).get('/api/v1/broken').set('X-Request-Id', 'r2')
    assert.equal(response.status, 500)
    assert.equal(response.headers['content-type'], 'application/problem+json')
    assert.deepEqual(Object.keys(response.body).sort(), ['code', 'detail', 'status', 'title', 'type'])
    assert.equal(response.body.type, 'urn:usher:error:internal_error')
    assert.ok(!response.text.includes('mongodb'))
    const failure = JSON.parse(lines[0] ?? '{}')
    assert.equal(failure.requestId, 'r2')
    assert.match(failure.error.message, /failed/)
    assert.ok(!lines.join().includes('secret'))
    assert.equal(lastLine().code, 'internal_error')
  })

  it('RFC 9457: a refusal is a problem document with its code, field errors and further members', async () => {
    const { status, body } = await request(server).get('/api/v1/refused')
    assert.equal(status, 400)
    assert.deepEqual(body, {
      type: 'urn:usher:error:validation_failed',
      title: 'The body does not validate',
      status: 400,
      detail: 'No.',
      code: 'validation_failed',
      errors: [{ path: 'slug', message: 'is missing' }],
      decisionId: 'd',
    })
  })

  it('RFC 9110 section 10.2.3: Retry-After is in whole seconds', async () => {
    assert.equal((await request(server).get('/api/v1/busy')).headers['retry-after'], '2')
  })

  it('R19 R26 row 19 refuses unknown routes in the form of the protocol', async () => {
    const admin = await request(server).get('/api/v1/nothing')
    assert.deepEqual([admin.status, admin.headers['content-type']], [404, 'application/problem+json'])
    for (const path of ['/scim/v1/acme/Users', '/scim', '/SCIM/v3']) {
      const scim = await request(server).get(path)
      assert.deepEqual([scim.status, scim.headers['content-type']], [404, 'application/scim+json'], path)
      assert.deepEqual(scim.body.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error'])
    }
    assert.equal((await request(server).get('/%zz')).status, 404)
  })

  it('row 9 a URL of 20 KB is 431, row 22 what is no HTTP is 400, and both close the connection', async () => {
    const overflow = await raw(
      server,
      `GET /scim/v2/acme/Users?filter=${'x'.repeat(20_480)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    )
    assert.match(overflow, /^HTTP\/1\.1 431 /)
    assert.match(overflow, /application\/scim\+json/)
    assert.match(overflow, /"status":"431"/)
    for (const text of [
      'nonsense\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ]) {
      assert.match(await raw(server, text), /^HTTP\/1\.1 400 [\s\S]*Connection: close/)
    }
  })

  it('/readyz says what is missing, and asks the store at most once in two seconds', async (t) => {
    let milliseconds = performance.now()
    t.mock.method(performance, 'now', () => milliseconds)
    const ready = await request(server).get('/readyz')
    assert.deepEqual([ready.status, ready.body], [200, { status: 'ready', missing: [], warnings: ['old server'] }])
    state = { ready: false, problems: ['no index'], warnings: [] }
    assert.equal((await request(server).get('/readyz')).status, 200)
    milliseconds += 2_050
    const missing = await request(server).get('/readyz')
    assert.deepEqual([missing.status, missing.body], [503, { status: 'not ready', missing: ['no index'] }])
    assert.equal((await request(server).get('/livez')).status, 200)
  })

  it('/metrics counts by template, method and class of status', async () => {
    const { text, headers } = await request(server).get('/metrics')
    assert.match(String(headers['content-type']), /^text\/plain/)
    assert.match(text, /scim_http_requests_total\{route="\/api\/v1\/organizations\/:org",method="GET",status="2xx"\} 1/)
    assert.match(text, /scim_normalised_total\{kind="op case"\} 1/)
    assert.ok(!text.includes('acme'))
  })

  it('/version says what runs', async () => {
    assert.deepEqual((await request(server).get('/version')).body, { name: 'usher', version: '0.0.0' })
  })

  it('row 135 while draining it is not ready, closes connections, and answers what is in flight', async () => {
    const slow = request(server)
      .get('/api/v1/slow')
      .then((response) => response)
    await slowArrived.promise
    draining.begin()
    const { status, headers } = await request(server).get('/readyz')
    assert.deepEqual([status, headers.connection], [503, 'close'])
    const closed = closeServer(server)
    assert.equal((await slow).status, 200)
    await closed
    assert.equal(server.listening, false)
  })
})

function raw(server: Server, text: string): Promise<string> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(received))
  })
}
