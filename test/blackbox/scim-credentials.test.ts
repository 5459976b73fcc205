import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bulk, postUser } from './bulking.ts'
import { basic, requestToken } from './oauth-client.ts'
import { send } from './raw.ts'
import { assertScimError } from './scim-error.ts'
import { type Answer, group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const schemasDir = fileURLToPath(new URL('../fixtures/schemas/', import.meta.url))
const usher = await startUsher({ USHER_SCHEMAS_DIR: schemasDir })
const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

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

  it('O7 row 6 a token that has expired is 401', async () => {
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
    const search = { schemas: [searchUrn], filter: 'userName pr' }
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

/** RFC 6750 section 3.1. */
describe('scopes of SCIM clients', () => {
  const groupsUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
  const search = { schemas: [searchUrn], filter: 'id pr' }

  /** A house with a user and a group, and clients by the scopes that an access token has, or the client itself. */
  async function stage() {
    const organization = await usher.organization()
    const owner = await organization.scimClient()
    const ann = await owner.must('POST', '/Users', user('ann'))
    const crew = await owner.must('POST', '/Groups', group('Crew'))
    const withToken = (token: string): ScimClient['call'] => {
      return (method, path, body) => usher.call(method, `/scim/v2/${organization.slug}${path}`, { token, body })
    }
    const byAccess = async (...scopes: readonly string[]) => {
      const form = { grant_type: 'client_credentials', scope: scopes.join(' ') }
      const { body } = await requestToken(usher, organization.slug, form, basic(owner.id, owner.token))
      return { ...owner, call: withToken(body.access_token) }
    }
    const byClient = async (...scopes: readonly string[]) => organization.scimClient({ scopes })
    return { organization, owner, ann: ann.id as string, crew: crew.id as string, byAccess, byClient }
  }

  function assertInsufficient(answer: Answer, scope: string) {
    assertScimError(answer, 403)
    const challenge = answer.headers.get('www-authenticate') ?? ''
    assert.match(challenge, /^Bearer .*error="insufficient_scope"/)
    assert.ok(challenge.endsWith(`scope="${scope}"`), challenge)
  }

  for (const by of ['byAccess', 'byClient'] as const) {
    it(`of ${by === 'byAccess' ? 'an access token' : 'a client, for its own tokens,'} say what may be read and written, by resource type`, async () => {
      const house = await stage()
      const { ann, crew } = house
      const change = patchOp({ op: 'add', path: 'externalId', value: 'x' })
      const member = patchOp({ op: 'add', path: 'members', value: [{ value: ann }] })
      const requests: readonly (readonly [needed: string, method: string, path: string, body?: unknown])[] = [
        ['scim.users.read', 'GET', '/Users'],
        ['scim.users.read', 'GET', `/Users/${ann}`],
        ['scim.users.read', 'POST', '/Users/.search', search],
        ['scim.users', 'POST', '/Users', { schemas: ['nonsense'] }],
        ['scim.users', 'PUT', `/Users/${ann}`, user('ann')],
        ['scim.users', 'PATCH', `/Users/${ann}`, change],
        ['scim.users', 'DELETE', '/Users/nobody'],
        ['scim.groups.read', 'GET', `/Groups/${crew}`],
        ['scim.groups.read', 'POST', '/Groups/.search', search],
        ['scim.groups', 'PATCH', `/Groups/${crew}`, member],
        [
          'scim.groups',
          'PUT',
          `/Groups/${crew}`,
          { schemas: [groupsUrn], displayName: 'Crew', members: [{ value: ann }] },
        ],
        ['scim.groups', 'DELETE', '/Groups/nobody'],
        ['scim.roles.read', 'GET', '/Roles'],
        ['scim.testresources.read', 'GET', '/TestResources'],
        ['scim.testresources', 'DELETE', '/TestResources/nothing'],
      ]
      for (const scopes of [
        ['scim.users.read'],
        ['scim.groups'],
        ['scim.read'],
        ['scim.roles.read', 'scim.users'],
        ['scim.testresources'],
      ]) {
        const { call } = await house[by](...scopes)
        for (const [needed, ...request] of requests) {
          const answer = await call(...request)
          const whole = needed.replace(/\.read$/, '')
          const isEnough =
            scopes.some((scope) => scope === needed || scope === whole) ||
            (needed !== whole && scopes.includes('scim.read'))
          if (isEnough) assert.ok(![401, 403].includes(answer.status), `${scopes} ${request}: ${answer.text}`)
          else assertInsufficient(answer, needed)
        }
      }
    })
  }

  it('a search at the root is over what may be read, each operation of a bulk is refused like its single request', async () => {
    const { owner, byAccess, ann, crew } = await stage()
    const readers = [await byAccess('scim.users.read'), await byAccess('scim.groups.read', 'scim.roles.read'), owner]
    const found = await Promise.all(
      readers.map(async ({ call }) => {
        const [posted, asked] = [await call('POST', '/.search', search), await call('GET', '/?filter=id%20pr')]
        assert.deepEqual(posted.body, asked.body)
        return posted.body.Resources.map(({ id }: { id: string }) => id).sort()
      }),
    )
    assert.deepEqual(found, [[ann], [crew], [ann, crew].sort()])
    const none = await byAccess('scim.roles')
    assertInsufficient(await none.call('POST', '/.search', search), 'scim.read')
    assertInsufficient(await none.call('GET', '/'), 'scim.read')
    const page = await readers[2]!.call('POST', '/.search', { ...search, count: 1, cursor: '' })
    const cursor = page.body.nextCursor
    assertScimError(await readers[0]!.call('POST', '/.search', { ...search, count: 1, cursor }), 400, 'invalidCursor')

    const client = await byAccess('scim.groups', 'scim.users.read')
    const results = await bulk(client, [
      postUser('a', 'bob'),
      {
        method: 'PATCH',
        path: `/Groups/${crew}`,
        data: patchOp({ op: 'add', path: 'members', value: [{ value: ann }] }),
      },
      { method: 'DELETE', path: `/Users/${ann}` },
      { method: 'POST', path: '/Groups', bulkId: 'g', data: group('Others') },
    ])
    assert.deepEqual(
      results.map(({ status }) => status),
      ['403', '200', '403', '201'],
    )
    const single = await client.call('POST', '/Users', user('bob'))
    assert.deepEqual(results[0]!.response, single.body)
    assert.equal((await owner.must('GET', '/Users')).totalResults, 1)
  })

  it('what an administrator takes from a client, its tokens of both kinds lose; discovery needs none', async () => {
    const { organization, owner, ann, byAccess } = await stage()
    const access = await byAccess('scim.users', 'scim.groups.read')
    await organization.admin('PATCH', `/scim-clients/${owner.id}`, { scopes: ['scim.users.read', 'scim.roles'] })
    for (const { call } of [owner, access]) {
      assert.equal((await call('GET', `/Users/${ann}`)).status, 200)
      assertInsufficient(await call('DELETE', `/Users/${ann}`), 'scim.users')
      assertInsufficient(await call('GET', '/Groups'), 'scim.groups.read')
      for (const path of ['/ServiceProviderConfig', '/ResourceTypes', '/Schemas']) {
        assert.equal((await call('GET', path)).status, 200)
      }
    }
    assert.equal((await owner.call('GET', '/Roles')).status, 200)
    assertInsufficient(await access.call('GET', '/Roles'), 'scim.roles.read')
  })
})
