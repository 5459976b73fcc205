import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import request from 'supertest'
import { createHttpServer, listen } from '../../src/http/listen.ts'

/** A server that waits seconds where the real one waits minutes: time enough for the others on a machine with much to do. */
describe('requests that hardly arrive', { concurrency: true }, () => {
  let server: Server
  before(async () => {
    const times = { headersTimeout: 1_500, requestTimeout: 2_000, connectionsCheckingInterval: 20 }
    const app = createHttpServer(
      (incoming, response) => {
        incoming.resume()
        incoming.on('end', () => response.end('all of it'))
      },
      undefined,
      times,
    )
    await listen(app, { host: '127.0.0.1', port: 0 })
    server = app
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  /** Sends the beginning of a request, waits, and gives what comes until the server closes. */
  const begin = (beginning: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(beginning))
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk.toString()
      })
      socket.on('close', () => resolve(answer))
      socket.on('error', reject)
    })

  const complete = 'GET /scim/v2/acme/Users HTTP/1.1\r\nHost: x\r\n\r\n'
  const body = 'HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"userName":'
  for (const [what, beginning, form] of [
    // Nothing says what is asked for until the headers are there, on the same connection as before or not.
    ['headers', 'POST /scim/v2/acme/Users HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'problem'],
    ['headers of a second request', `${complete}POST /api/v1/organizations HTTP/1.1\r\nX-Slow: `, 'problem'],
    ['a body of SCIM', `POST /scim/v2/acme/Users ${body}`, 'scim'],
    ['a body of a second request', `${complete}POST /scim/v2/acme/Bulk ${body}`, 'scim'],
    ['a body of the admin API', `${complete}POST /api/v1/organizations ${body}`, 'problem'],
  ] as const) {
    it(`row 21 ${what}: 408, the connection is closed, and others are served meanwhile`, async () => {
      const slow = begin(beginning)
      const others = await Promise.all(Array.from({ length: 5 }, () => request(server).post('/').send({})))
      assert.deepEqual(
        others.map(({ text }) => text),
        Array.from({ length: 5 }, () => 'all of it'),
      )
      const answer = await slow
      const [, head = '', text = ''] = /(HTTP\/1\.1 408 (?:[^\r]+\r\n)+)\r\n(.*)$/ms.exec(answer) ?? []
      assert.match(head, /^connection: close\r$/im)
      assert.match(head, new RegExp(`^content-type: application/${form}\\+json\r$`, 'im'))
      const { detail, ...rest } = JSON.parse(text)
      assert.equal(typeof detail, 'string')
      assert.deepEqual(
        rest,
        form === 'scim'
          ? { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '408' }
          : { type: 'about:blank', title: 'Request Timeout', status: 408 },
      )
    })
  }
})
