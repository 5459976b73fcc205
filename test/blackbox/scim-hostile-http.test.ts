import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { send, speak } from './raw.ts'
import { assertScimError } from './scim-error.ts'
import { startUsher, user } from './usher.ts'

const usher = await startUsher()
const json = 'application/scim+json'

async function house() {
  const organization = await usher.organization()
  const scim = await organization.scimClient()
  const authorization = `Bearer ${scim.token}`
  const path = `/scim/v2/${organization.slug}/Users`
  const post = (body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}) =>
    send(usher.url, { method: 'POST', path, headers: { authorization, 'content-type': json, ...headers }, body })
  const count = async () => (await scim.must('GET', '/Users?count=0')).totalResults
  return { scim, path, authorization, post, count }
}

const deep = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth)
const withName = (more: string) => `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann",${more}}`

/** What is wrong with a body or a connection is refused before anything is done. */
describe('hostile requests', () => {
  it('R35 row 9 an URL of 20 KB is 431 with a SCIM error, and .search takes what an URL cannot', async () => {
    const { scim, path, authorization } = await house()
    const filter = `userName eq "${'a'.repeat(20_000)}"`
    const raw = await speak(
      usher.url,
      `GET ${path}?filter=${encodeURIComponent(filter)} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`,
    )
    assert.match(raw, /^HTTP\/1\.1 431 /)
    assert.match(raw, /"status":"431"/)
    assert.match(raw, /urn:ietf:params:scim:api:messages:2\.0:Error/)
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:SearchRequest']
    const long = { filter: `userName eq "${'a'.repeat(8_000)}"`, attributes: Array(2_000).fill('userName') }
    assert.equal((await scim.call('POST', '/Users/.search', { schemas, ...long })).status, 200)
  })

  it('R35 rows 10 68 a body of more than 1 MiB is 413', async () => {
    const { post, count } = await house()
    assertScimError(await post(withName(`"title":"${'x'.repeat(1_200_000)}"`)), 413)
    assertScimError(await post(withName(`"photos":[{"value":"${'x'.repeat(5_000_000)}"}]`)), 413)
    assert.equal(await count(), 0)
  })

  it('R35 row 11 a body in chunks without an end is 413, and the connection is closed', async () => {
    const { path, authorization } = await house()
    const status = await new Promise<number>((resolve, reject) => {
      const { hostname, port } = new URL(usher.url)
      const headers = { authorization, 'content-type': json }
      const outgoing = request({ hostname, port, method: 'POST', path, headers, agent: false }, (answer) => {
        answer.resume()
        answer.on('end', () => {
          outgoing.destroy()
          resolve(answer.statusCode ?? 0)
        })
      })
      let answered = false
      outgoing.on('response', () => {
        answered = true
      })
      outgoing.on('error', (error) => (answered ? undefined : reject(error)))
      const chunk = Buffer.alloc(65_536, ' ')
      const pour = () => {
        while (!answered && outgoing.writable && outgoing.write(chunk));
        if (!answered && outgoing.writable) outgoing.once('drain', pour)
      }
      pour()
    })
    assert.equal(status, 413)
  })

  it('R23 row 12 a compressed body is 415, however small', async () => {
    const { post, count } = await house()
    for (const encoding of ['gzip', 'deflate', 'br']) {
      assertScimError(await post(gzipSync(JSON.stringify(user('ann'))), { 'content-encoding': encoding }), 415)
    }
    assertScimError(await post(gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' }), 415)
    assert.equal(await count(), 0)
  })

  it('R24 row 14 bytes that are no UTF-8, a byte order mark and half surrogates are 400 invalidSyntax', async () => {
    const { post, count } = await house()
    const [head, tail] = withName('"title":"|"')
      .split('|')
      .map((part) => Buffer.from(part))
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf]]) {
      assertScimError(await post(Buffer.concat([head!, Buffer.from(bytes), tail!])), 400, 'invalidSyntax')
    }
    assertScimError(await post(`\uFEFF${withName('"title":"x"')}`), 400, 'invalidSyntax')
    assertScimError(await post(withName('"title":"\\ud800"')), 400, 'invalidSyntax')
    assertScimError(await post(withName('"\\udc00":"x"')), 400, 'invalidSyntax')
    assert.equal(await count(), 0)
  })

  it('R24 row 15 a body that is no object is 400 invalidSyntax', async () => {
    const { post } = await house()
    for (const body of ['"text"', '1', '[]', '[{}]', 'null', 'true'])
      assertScimError(await post(body), 400, 'invalidSyntax')
  })

  it('R35 row 17 nesting that nothing needs is 400 invalidSyntax', async () => {
    const { post, scim } = await house()
    for (const depth of [100, 5_000, 100_000]) {
      for (const value of [deep(depth, '[', ']'), `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`]) {
        assertScimError(await post(withName(`"title":${value}`)), 400, 'invalidSyntax')
        const patch = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","value":${value}}]}`
        assertScimError(await scim.call('PATCH', '/Users/x', patch), 400, 'invalidSyntax')
      }
    }
  })

  it('R35 row 18 an object with 100,000 members is 400 invalidSyntax', async () => {
    const { post } = await house()
    const members = Array.from({ length: 100_000 }, (_, index) => `"${index.toString(36)}":1`).join()
    assertScimError(await post(withName(members)), 400, 'invalidSyntax')
  })

  it('R35 row 51 names of prototypes are 400 invalidSyntax at any depth, and nothing inherits from them', async () => {
    const { post, count } = await house()
    for (const more of [
      '"__proto__":{"x":1}',
      '"constructor":{"prototype":{"x":1}}',
      '"name":{"__proto__":{"x":1}}',
      '"emails":[{"__proto__":{"x":1}}]',
      '"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"prototype":{"x":1}}',
    ]) {
      assertScimError(await post(withName(more)), 400, 'invalidSyntax')
    }
    assert.equal(await count(), 0)
    assert.equal(({} as { x?: unknown }).x, undefined)
  })

  it('R35 names of database operators are names like others: dropped, and no operator anywhere', async () => {
    const { post, scim, count } = await house()
    assertScimError(
      await post('{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":{"$ne":null}}'),
      400,
      'invalidValue',
    )
    const created = await post(withName('"$where":"1","a.b":1,"name":{"$set":{"org":"x"},"givenName":"A"}'))
    assert.equal(created.status, 201, created.text)
    assert.deepEqual(created.body.name, { givenName: 'A' })
    assert.doesNotMatch(created.text, /\$where|\$set|"a\.b"/)
    for (const filter of ['userName eq "{\\"$ne\\":null}"', 'userName eq "$where"']) {
      assert.equal((await scim.must('GET', `/Users?filter=${encodeURIComponent(filter)}`)).totalResults, 0)
    }
    assert.equal(await count(), 1)
  })

  it('row 22 a request that could be read in two ways is 400, and the connection is closed', async () => {
    const { path } = await house()
    for (const head of [
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nX-A: b\r\n folded: c\r\n\r\n`,
      `GET ${path} HTTP/1.1\nHost: x\n\n`,
      `GET ${path} HTTP/1.1\r\n\r\n`,
      'nonsense\r\n\r\n',
    ]) {
      assert.match(await speak(usher.url, head), /^HTTP\/1\.1 400 /, head)
    }
  })

  it('row 27 HTTP/1.0 and requests behind each other on one connection are served', async () => {
    const { path } = await house()
    const config = path.replace('/Users', '/ServiceProviderConfig')
    const old = await speak(usher.url, `GET ${config} HTTP/1.0\r\n\r\n`)
    assert.match(old, /^HTTP\/1\.[01] 200 /)
    const line = `GET ${config} HTTP/1.1\r\nHost: x\r\n\r\n`
    const last = line.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
    const answers = await speak(usher.url, line.repeat(99) + last)
    assert.equal(answers.match(/HTTP\/1\.1 200 /g)?.length, 100)
  })

  it('R36 a client that asks 100 times at once is served every time', async () => {
    const { scim } = await house()
    const answers = await Promise.all(Array.from({ length: 100 }, () => scim.call('GET', '/Users')))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  })
})
