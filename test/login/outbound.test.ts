import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { createOutboundFetch, type NameResolver } from '../../src/login/outbound.ts'
import { isPublicAddress } from '../../src/login/public-address.ts'
import { runs } from '../runs.ts'

const failed = (sentence: RegExp) => ({ code: 'provider_failed', detail: sentence })

describe('Requests to identity providers are bounded (P2, hostile row 104)', () => {
  let server: Server
  let base: string
  let calls = 0
  before(async () => {
    server = createServer((request, response) => {
      calls += 1
      if (request.url === '/big') response.end('x'.repeat(2_000_000))
      else if (request.url === '/slow') response.write('{')
      else if (request.url === '/redirect') response.writeHead(302, { location: `${base}/secret` }).end('moved')
      else if (request.url === '/broken') response.socket?.destroy()
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  const open = createOutboundFetch({ allowPrivateIssuers: true, timeoutMs: 2_000 })

  it('where private issuers are allowed, an answer comes as it is', async () => {
    assert.deepEqual(await (await open(`${base}/`)).json(), { ok: true })
  })

  it('row 104: an answer over 1 MB is refused', async () => {
    await assert.rejects(open(`${base}/big`), failed(/too large/))
  })

  it('row 104: an answer that does not end in time is refused', async () => {
    const began = performance.now()
    await assert.rejects(open(`${base}/slow`), failed(/in time/))
    assert.ok(performance.now() - began < 10_000)
  })

  it('row 104: a redirect is not followed', async () => {
    const before = calls
    assert.equal((await open(`${base}/redirect`)).status, 302)
    assert.equal(calls, before + 1)
  })

  it('row 123: a connection that breaks is a provider that failed', async () => {
    await assert.rejects(open(`${base}/broken`), failed(/cannot be reached/))
  })

  const strict = (addresses: readonly string[]) => {
    const resolve: NameResolver = (_name, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )
    return createOutboundFetch({ allowPrivateIssuers: false, timeoutMs: 2_000, resolve })
  }

  it('row 104: plain http and literal private addresses are refused before a connection is made', async () => {
    const fetch = strict(['93.184.215.14'])
    const before = calls
    await assert.rejects(fetch(`${base}/`), failed(/https/))
    for (const host of [
      '127.0.0.1',
      '10.0.0.1',
      '169.254.169.254',
      '[::1]',
      '[fe80::1]',
      '[::ffff:10.0.0.1]',
      '2130706433',
      '0x7f.1',
    ]) {
      await assert.rejects(fetch(`https://${host}/`), failed(/not public/), host)
    }
    assert.equal(calls, before)
  })

  it('row 104: a name is refused when any of its addresses is private', async () => {
    for (const addresses of [['127.0.0.1'], ['93.184.215.14', '10.1.2.3'], ['fd00:ec2::254'], []]) {
      const error = await strict(addresses)('https://idp.example/').then(
        () => assert.fail('answered'),
        (thrown: { readonly code: string; readonly cause?: { readonly detail?: string } }) => thrown,
      )
      assert.equal(error.code, 'provider_failed')
    }
  })

  it('row 104: the address that was checked is the one that is connected to: the name is resolved once', async () => {
    let lookups = 0
    const fetch = createOutboundFetch({
      allowPrivateIssuers: false,
      timeoutMs: 2_000,
      resolve: (_name, _options, callback) => {
        lookups += 1
        callback(null, [{ address: lookups === 1 ? '192.0.2.1' : '127.0.0.1', family: 4 }])
      },
    })
    await assert.rejects(fetch('https://idp.example/'), { code: 'provider_failed' })
    assert.equal(lookups, 1)
  })
})

describe('An address is public or not', () => {
  for (const address of ['93.184.215.14', '8.8.8.8', '172.32.0.1', '2606:4700::1111', '2a00:1450:4001::1']) {
    it(`${address} is public`, () => assert.equal(isPublicAddress(address), true))
  }
  for (const address of [
    ...['0.0.0.0', '127.8.8.8', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254'],
    ...['100.64.0.1', '198.18.0.1', '224.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'fd00:ec2::254'],
    ...[
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001::1',
      'ff02::1',
      'idp.example',
      '',
    ],
  ]) {
    it(`${address || 'an empty address'} is not`, () => assert.equal(isPublicAddress(address), false))
  }
  it('an IPv4 address within an IPv6 one is never public', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => !isPublicAddress(`::ffff:${address}`) && !isPublicAddress(`::${address}`)),
      { numRuns: runs(100) },
    )
  })
})
