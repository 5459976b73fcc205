import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { createDiscoveryCheck } from '../../src/login/discovery.ts'
import { createOutboundFetch } from '../../src/login/outbound.ts'
import type { DiscoveryCheck } from '../../src/organizations/types.ts'
import { sendJson, TestProvider } from '../provider/test-provider.ts'

const invalid = (sentence: RegExp) => ({ code: 'issuer_invalid', status: 400, detail: sentence })

describe('An issuer is checked before a connection to it is saved (Discovery 4.3, hostile row 106)', () => {
  let provider: TestProvider
  let check: DiscoveryCheck
  beforeEach(async () => {
    provider = await TestProvider.start('/tenant')
    check = createDiscoveryCheck(createOutboundFetch({ allowPrivateIssuers: true, timeoutMs: 5_000 }), true)
  })
  afterEach(() => provider.close())

  it('an issuer that announces itself is accepted', async () => {
    assert.deepEqual(await check(provider.issuer), { issuer: provider.issuer })
  })

  it('row 106, discovery issuer mismatch: the announced issuer is named', async () => {
    provider.knobs.discovery = (document) => ({ ...document, issuer: 'https://other.example' })
    await assert.rejects(check(provider.issuer), invalid(/another issuer: https:\/\/other\.example/))
    provider.knobs.discovery = (document) => document
    await assert.rejects(check(`${provider.issuer}/`), invalid(/another issuer/))
  })

  for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'issuer']) {
    it(`row 106, missing endpoints: a document without ${endpoint} is refused, and one that names no URL`, async () => {
      provider.knobs.discovery = ({ [endpoint]: _, ...document }) => document
      await assert.rejects(check(provider.issuer), invalid(new RegExp(endpoint)))
      provider.knobs.discovery = (document) => ({ ...document, [endpoint]: ['javascript:alert(1)'] })
      await assert.rejects(check(provider.issuer), invalid(new RegExp(endpoint)))
    })
  }

  it('an issuer that cannot be reached, answers an error, or no JSON is refused', async () => {
    await assert.rejects(check('http://127.0.0.1:9'), invalid(/cannot be reached/))
    provider.knobs.instead.discovery = (_request, response) => sendJson(response, 500, {})
    await assert.rejects(check(provider.issuer), invalid(/status 500/))
    provider.knobs.instead.discovery = (_request, response) => void response.end('<html>')
    await assert.rejects(check(provider.issuer), invalid(/not usable/))
    provider.knobs.instead.discovery = () => {}
    await assert.rejects(check(provider.issuer), invalid(/in time/))
  })

  it('row 93: an issuer that stands for many tenants is refused without a request', async () => {
    for (const issuer of [
      'https://login.microsoftonline.com/{tenantid}/v2.0',
      'https://login.microsoftonline.com/common/v2.0',
      'https://login.microsoftonline.com/organizations/v2.0',
      'https://login.microsoftonline.com/consumers/v2.0/',
      'https://login.microsoftonline.us/common',
      'https://idp.example/%7Btenant%7D',
      'https://idp.example/common/v2.0',
    ]) {
      await assert.rejects(check(issuer), invalid(/many tenants/), issuer)
    }
  })

  it('row 93: an issuer whose document announces a template is refused', async () => {
    provider.knobs.discovery = (document) => ({ ...document, issuer: 'https://login.example/{tenantid}/v2.0' })
    await assert.rejects(check(provider.issuer), invalid(/many tenants/))
  })

  it('what is no plain URL is refused', async () => {
    for (const issuer of [
      '',
      'idp.example',
      'ftp://idp.example',
      'https://user:secret@idp.example',
      'https://idp.example?x',
      'https://idp.example#x',
      'https://idp .example',
      'javascript:alert(1)',
    ]) {
      await assert.rejects(check(issuer), invalid(/URL/), issuer)
    }
  })

  it('row 106: without leave for private issuers, http and private addresses are refused', async () => {
    const strict = createDiscoveryCheck(createOutboundFetch({ allowPrivateIssuers: false }), false)
    await assert.rejects(strict(provider.issuer), invalid(/https/))
    await assert.rejects(strict('https://127.0.0.1'), invalid(/not public/))
    await assert.rejects(strict('https://169.254.169.254/latest'), invalid(/not public/))
  })
})
