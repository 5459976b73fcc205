import assert from 'node:assert/strict'
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { UsherError } from '../../src/errors.ts'
import { readJsonBody } from '../../src/http/body.ts'
import { bodyLimits } from '../../src/http/body-limits.ts'

const options = { mediaTypes: ['application/scim+json', 'application/json'], untyped: 'accept' } as const

describe('the body of a request', () => {
  let server: Server

  before(async () => {
    server = createServer(async (request, response) => {
      try {
        response.end(JSON.stringify({ body: (await readJsonBody(request, options)) ?? null }))
      } catch (error) {
        assert.ok(error instanceof UsherError)
        for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value)
        response.statusCode = error.status
        response.end(JSON.stringify({ code: error.code, detail: error.detail }))
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  after(() => server.close())

  interface Reply {
    readonly status: number
    readonly headers: IncomingHttpHeaders
    readonly body: { readonly body?: unknown; readonly code?: string; readonly detail?: string }
  }

  function send(body: string | Buffer | readonly Buffer[], headers: Record<string, string> = {}): Promise<Reply> {
    const { port } = server.address() as AddressInfo
    return new Promise((resolve, reject) => {
      const typed = { 'Content-Type': 'application/scim+json', ...headers }
      const sent = Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== ''))
      const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', headers: sent }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) })
        })
      })
      request.on('error', reject)
      for (const chunk of typeof body === 'string' || Buffer.isBuffer(body) ? [body] : body) request.write(chunk)
      request.end()
    })
  }

  async function refused(body: string | Buffer, status: number, code: string, headers?: Record<string, string>) {
    const reply = await send(body, headers)
    assert.deepEqual([reply.status, reply.body.code], [status, code], `${body.toString().slice(0, 60)}`)
    return reply
  }

  it('R20 RFC 7644 section 3.8: is JSON in UTF-8, with characters of up to four bytes', async () => {
    const body = { userName: 'Žofie 🎭', list: [1, true, null, { a: 'é' }] }
    assert.deepEqual((await send(JSON.stringify(body))).body.body, body)
  })

  it('R23 may be application/json or application/scim+json, with charset utf-8, or without a type', async () => {
    for (const type of [
      'application/json',
      'application/scim+json; charset=utf-8',
      'APPLICATION/JSON;charset="UTF-8"',
      'application/json; charset=utf8',
      '',
    ]) {
      assert.equal((await send('{}', { 'Content-Type': type })).status, 200, type)
    }
  })

  it('row 13 R23 of any other media type or charset is 415', async () => {
    for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'json', 'a/b/c']) {
      await refused('{}', 415, 'unsupported_media_type', { 'Content-Type': type })
    }
    await refused('{}', 415, 'unsupported_media_type', { 'Content-Type': 'application/json; charset=iso-8859-1' })
  })

  it('row 12 that is compressed is 415', async () => {
    await refused('{}', 415, 'unsupported_media_type', { 'Content-Encoding': 'gzip' })
    assert.equal((await send('{}', { 'Content-Encoding': 'identity' })).status, 200)
  })

  it('is undefined when there is none', async () => {
    assert.equal((await send('')).body.body, null)
  })

  it('R24 that is not JSON is 400, and the answer does not repeat it', async () => {
    for (const text of ['{', '{"password":"s3cret",}', "{'a':1}", 'undefined', '{"a":1}x', '\u00a0']) {
      const { body } = await refused(text, 400, 'invalid_syntax')
      assert.ok(!body.detail?.includes('s3cret'))
    }
  })

  it('row 14 with invalid UTF-8, a byte order mark or half of a surrogate pair is 400', async () => {
    await refused(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'invalid_syntax')
    await refused(Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]), 400, 'invalid_syntax')
    await refused('\ufeff{}', 400, 'invalid_syntax')
    await refused('{"a":"\\ud800"}', 400, 'invalid_syntax')
    await refused('{"\\udc00":1}', 400, 'invalid_syntax')
  })

  it('row 15 that is no object is 400', async () => {
    for (const text of ['"a"', '1', '[]', '[{}]', 'null', 'true']) await refused(text, 400, 'invalid_syntax')
  })

  it('row 16 with a repeated key has the last value', async () => {
    assert.deepEqual((await send('{"a":1,"a":2}')).body.body, { a: 2 })
  })

  it('row 17 nested 65, 5,000 or 100,000 levels deep is 400, and 64 levels are not', async () => {
    const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    assert.equal((await send(nested(64))).status, 200)
    for (const depth of [66, 5_000, 100_000]) await refused(nested(depth), 400, 'invalid_syntax')
  })

  it('row 18 with an object of more than 1,000 members is 400', async () => {
    const members = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [n, 1])))
    assert.equal((await send(members(1_000))).status, 200)
    await refused(members(1_001), 400, 'invalid_syntax')
    await refused(members(80_000), 400, 'invalid_syntax')
  })

  it('rows 59 80 with a list of more than 8,192 elements is 413', async () => {
    const list = (count: number) => JSON.stringify({ list: Array.from({ length: count }, () => 1) })
    assert.equal((await send(list(8_192))).status, 200)
    await refused(list(8_193), 413, 'payload_too_large')
  })

  it('row 51 with a member named after a prototype is 400 at any depth', async () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      await refused(`{"${name}":{"x":1}}`, 400, 'invalid_syntax')
      await refused(`{"a":[{"b":{"${name}":1}}]}`, 400, 'invalid_syntax')
    }
    assert.equal(Object.hasOwn(Object.prototype, 'x'), false)
  })

  it('row 10 R35 larger than the limit is 413, and its sender gets to read that', async () => {
    const text = (size: number) => `{"a":"${'x'.repeat(size - 8)}"}`
    assert.equal((await send(text(bodyLimits.bytes))).status, 200)
    await refused(text(bodyLimits.bytes + 1), 413, 'payload_too_large')
    await refused(text(1_200_000), 413, 'payload_too_large')
  })

  it('row 11 without an end is 413, and the connection is closed', async () => {
    const { port } = server.address() as AddressInfo
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest({ port, host: '127.0.0.1', method: 'POST' }, (response) => {
        assert.equal(response.headers.connection, 'close')
        resolve(response.statusCode ?? 0)
        request.destroy()
      })
      request.on('error', reject)
      request.setHeader('Content-Type', 'application/json')
      const chunk = Buffer.alloc(65_536, ' ')
      const feed = () => {
        while (!request.destroyed && request.write(chunk));
      }
      request.on('drain', feed)
      feed()
    })
    assert.equal(status, 413)
  })
})
