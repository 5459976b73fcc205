import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { send } from './raw.ts'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()

/** RFC 7644 sections 2 and 6; RFC 6750. */
describe('credentials of SCIM', () => {
  const users = (slug: string) => `/scim/v2/${slug}/Users`

  it('row 2 the scheme is read in any case', async () => {
    const { slug, scimClient } = await usher.organization()
    const { token } = await scimClient()
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const answer = await usher.call('GET', users(slug), { headers: { authorization: `${scheme} ${token}` } })
      assert.equal(answer.status, 200, scheme)
    }
  })

  it('row 3 a token that cannot be one is 401', async () => {
    const { slug, scimClient } = await usher.organization()
    const { token } = await scimClient()
    for (const wrong of [
      'x'.repeat(8_192),
      `${token}x`,
      `${token},${token}`,
      `${token} x`,
      token.slice(0, -1),
      'é',
      '"',
    ]) {
      const headers = { authorization: `Bearer ${wrong}` }
      assertScimError(await send(usher.url, { path: users(slug), headers }), 401)
    }
  })

  it('row 4 a token in the URL or the body is none', async () => {
    const { slug, scimClient } = await usher.organization()
    const { token } = await scimClient()
    assertScimError(await usher.call('GET', `${users(slug)}?access_token=${token}`), 401)
    assertScimError(await usher.call('POST', users(slug), { body: user('ann', { access_token: token }) }), 401)
  })

  it('R38 a client has two live tokens, each is shown once, has a prefix, is revoked and expires by itself', async () => {
    const organization = await usher.organization()
    const { id, token } = await organization.scimClient()
    const second = await organization.admin('POST', `/scim-clients/${id}/tokens`)
    const status = async (bearer: string) =>
      (await usher.call('GET', users(organization.slug), { token: bearer })).status
    for (const one of [token, second.token]) {
      assert.match(one, /^usher_scim_[\w-]{40,}$/)
      assert.equal(await status(one), 200)
    }
    const read = await organization.admin('GET', `/scim-clients/${id}`)
    assert.ok(!JSON.stringify(read).includes(token))
    for (const { expiresAt, lastUsed } of read.tokens) {
      assert.ok(Date.parse(expiresAt) > Date.now())
      assert.ok(Date.parse(lastUsed) > Date.now() - 600_000, 'its last use is shown')
    }
    await organization.admin('DELETE', `/scim-clients/${id}/tokens/${second.id}`)
    assert.equal(await status(second.token), 401)
    assert.equal(await status(token), 200)
  })

  it('row 6 a token that has expired is 401', async () => {
    const organization = await usher.organization()
    const expiresAt = new Date(Date.now() + 60_000).toISOString()
    const scopes = ['admin']
    const { token } = await organization.admin('POST', '/api-keys', { name: 'short', scopes, expiresAt })
    assert.equal((await usher.call('GET', users(organization.slug), { token })).status, 200)
    usher.clock.offset = 120_000
    try {
      assertScimError(await usher.call('GET', users(organization.slug), { token }), 401)
    } finally {
      usher.clock.offset = 0
    }
  })

  it('R39 R277 row 5 at another organization a credential gets the answer of an organization that does not exist', async () => {
    const here = await (await usher.organization()).scimClient()
    const there = await usher.organization()
    const { id } = await (await there.scimClient()).must('POST', '/Users', user('ann'))
    for (const [method, path, body] of [
      ['GET', '/Users', undefined],
      ['GET', `/Users/${id}`, undefined],
      ['PUT', `/Users/${id}`, user('eve')],
      ['PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'title', value: 'x' })],
      ['DELETE', `/Users/${id}`, undefined],
      ['POST', '/Users', user('eve')],
      ['GET', '/Nothing', undefined],
      ['DELETE', '/Users', undefined],
    ] as const) {
      const ask = (slug: string) => usher.call(method, `/scim/v2/${slug}${path}`, { token: here.token, body })
      const foreign = await ask(there.slug)
      assertScimError(foreign, 404)
      assert.equal(foreign.text, (await ask('nobody')).text)
    }
  })

  it('R39 R278 ids of another organization are 404 under every method', async () => {
    const here = await (await usher.organization()).scimClient()
    const there = await (await usher.organization()).scimClient()
    const ann = await there.must('POST', '/Users', user('ann'))
    const all = await there.must('POST', '/Groups', group('All'))
    for (const [path, body] of [
      [`/Users/${ann.id}`, user('ann')],
      [`/Groups/${all.id}`, group('All')],
    ] as const) {
      assertScimError(await here.call('GET', path), 404)
      assertScimError(await here.call('PUT', path, body), 404)
      assertScimError(await here.call('PATCH', path, patchOp({ op: 'add', path: 'externalId', value: 'x' })), 404)
      assertScimError(await here.call('DELETE', path), 404)
      assert.equal((await there.call('GET', path)).status, 200)
    }
    for (const filter of [`id eq "${ann.id}"`, 'userName eq "ann"']) {
      assert.equal((await here.must('GET', `/Users?filter=${encodeURIComponent(filter)}`)).totalResults, 0)
    }
  })

  it('row 7 an API key reads with the scope read, writes with admin, and does neither with logins', async () => {
    const { slug, admin } = await usher.organization()
    const key = async (scope: string) => (await admin('POST', '/api-keys', { name: scope, scopes: [scope] })).token
    const [reader, writer, login] = [await key('read'), await key('admin'), await key('logins')]
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:SearchRequest']
    const search = { schemas, filter: 'userName pr' }
    const ask = (token: string, method: string, path: string, body?: unknown) =>
      usher.call(method, `/scim/v2/${slug}${path}`, { token, body })
    const { id } = (await ask(writer, 'POST', '/Users', user('ann'))).body
    assert.equal((await ask(reader, 'GET', '/Users')).status, 200)
    assert.equal((await ask(reader, 'POST', '/.search', search)).body.totalResults, 1)
    assert.equal((await ask(reader, 'POST', '/Users/.search', search)).body.totalResults, 1)
    for (const [method, path, body] of [
      ['POST', '/Users', user('bob')],
      ['PUT', `/Users/${id}`, user('bob')],
      ['PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'title', value: 'x' })],
      ['DELETE', `/Users/${id}`, undefined],
      ['POST', '/Bulk', {}],
    ] as const) {
      assertScimError(await ask(reader, method, path, body), 403)
    }
    assertScimError(await ask(login, 'GET', '/Users'), 403)
    assert.equal((await ask(writer, 'DELETE', `/Users/${id}`)).status, 204)
  })
})
