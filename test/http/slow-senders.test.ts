import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import request from 'supertest'
import { createHttpServer, listen } from '../../src/http/listen.ts'

/** A server that waits a fraction of a second where the real one waits minutes. */
describe('requests that hardly arrive', () => {
  let server: Server
  before(async () => {
    const times = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 }
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

  for (const [what, beginning] of [
    ['headers', 'POST /scim/v2/acme/Users HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['a body', 'POST /scim/v2/acme/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"userName":'],
  ] as const) {
    it(`row 21 ${what}: 408, the connection is closed, and others are served meanwhile`, async () => {
      const slow = begin(beginning)
      const others = await Promise.all(Array.from({ length: 5 }, () => request(server).post('/').send({})))
      assert.deepEqual(
        others.map(({ text }) => text),
        Array.from({ length: 5 }, () => 'all of it'),
      )
      const answer = await slow
      assert.match(answer, /^HTTP\/1\.1 408 /)
      assert.match(answer, /^connection: close$/im)
      assert.match(answer, /"status":408/)
    })
  }
})
