import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { basic, type Form, keyHolder, requestToken } from './oauth-client.ts'
import { type Answer, startUsher } from './usher.ts'

const usher = await startUsher()
const grant = { grant_type: 'client_credentials' }

async function stage() {
  const organization = await usher.organization()
  const client = await organization.scimClient()
  const users = (token: string, slug = organization.slug) => usher.call('GET', `/scim/v2/${slug}/Users`, { token })
  const ask = (form: Form, authorization?: string) => requestToken(usher, organization.slug, form, authorization)
  return { organization, client, users, ask }
}

/** Runs with the clock of Usher that many seconds ahead. */
async function later(seconds: number, work: () => Promise<void>) {
  usher.clock.offset = seconds * 1_000
  try {
    await work()
  } finally {
    usher.clock.offset = 0
  }
}

function assertRefused(answer: Answer, status: number, error: string) {
  assert.equal(answer.status, status, answer.text)
  assert.deepEqual(Object.keys(answer.body), ['error', 'error_description'])
  assert.equal(answer.body.error, error)
  assert.match(answer.body.error_description, /^[ !#-[\]-~]+$/)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
}

describe('client credentials (RFC 6749 section 4.4)', () => {
  it('the token of a SCIM client is its secret, by Basic or in the form; what it gets is a bearer token of an hour', async () => {
    const { client, users, ask } = await stage()
    const answers = [
      await ask(grant, basic(client.id, client.token)),
      await ask({ ...grant, scope: 'scim' }, basic(client.id, client.token)),
      await ask({ ...grant, client_id: client.id, client_secret: client.token }),
      await ask({ ...grant, client_id: client.id, scope: '' }, basic(client.id, client.token)),
    ]
    for (const { status, headers, body, text } of answers) {
      assert.equal(status, 200, text)
      assert.deepEqual(Object.keys(body), ['access_token', 'token_type', 'expires_in', 'scope'])
      assert.match(body.access_token, /^usher_access_/)
      assert.deepEqual([body.token_type, body.expires_in, body.scope], ['Bearer', 3_600, 'scim'])
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(headers.get('pragma'), 'no-cache')
      assert.match(headers.get('content-type') ?? '', /^application\/json/)
      assert.equal((await users(body.access_token)).status, 200)
    }
  })

  it('what is written with an access token is the client’s, in its dialect', async () => {
    const organization = await usher.organization()
    const { id, token } = await organization.scimClient({ dialect: 'entra' })
    const { body } = await requestToken(usher, organization.slug, grant, basic(id, token))
    const created = await usher.call('POST', `/scim/v2/${organization.slug}/Users`, {
      token: body.access_token,
      body: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'ann', externalId: 'x1' },
    })
    assert.equal(created.status, 201, created.text)
    const provenance = await organization.admin('GET', `/users/${created.body.id}/provenance`)
    assert.ok(provenance.attributes.every(({ source }: { source: string }) => source === `scim:${id}`))
  })

  it('S1 an access token is for its organization only and no credential of the admin API', async () => {
    const { organization, client, users, ask } = await stage()
    const { body } = await ask(grant, basic(client.id, client.token))
    assert.equal((await users(body.access_token, (await usher.organization()).slug)).status, 404)
    const admin = await usher.call('GET', `/api/v1/organizations/${organization.slug}`, { token: body.access_token })
    assert.ok([401, 403].includes(admin.status))
    assertRefused(await ask(grant, basic(client.id, body.access_token)), 401, 'invalid_client')
  })

  it('an access token ends after an hour', async () => {
    const { client, users, ask } = await stage()
    const { body } = await ask(grant, basic(client.id, client.token))
    await later(3_590, async () => assert.equal((await users(body.access_token)).status, 200))
    await later(3_601, async () => assert.equal((await users(body.access_token)).status, 401))
  })

  it('an access token ends with its client, and with the token that it was issued for', async () => {
    const { organization, client, users, ask } = await stage()
    const second = await organization.admin('POST', `/scim-clients/${client.id}/tokens`)
    const exchange = async (secret: string) => {
      const { body } = await ask(grant, basic(client.id, secret))
      assert.equal((await users(body.access_token)).status, 200)
      return String(body.access_token)
    }
    const tokens = [await exchange(client.token), await exchange(second.token)] as const
    await organization.admin('DELETE', `/scim-clients/${client.id}/tokens/${second.id}`)
    assert.equal((await users(tokens[0])).status, 200)
    assert.equal((await users(tokens[1])).status, 401)
    assertRefused(await ask(grant, basic(client.id, second.token)), 401, 'invalid_client')
    await organization.admin('DELETE', `/scim-clients/${client.id}`)
    assert.equal((await users(tokens[0])).status, 401)
    assertRefused(await ask(grant, basic(client.id, client.token)), 401, 'invalid_client')
  })

  it('a secret that has expired is none', async () => {
    const { organization, client, ask } = await stage()
    const expiresAt = new Date(Date.now() + 60_000).toISOString()
    const { token } = await organization.admin('POST', `/scim-clients/${client.id}/tokens`, { expiresAt })
    assert.equal((await ask(grant, basic(client.id, token))).status, 200)
    await later(61, async () => assertRefused(await ask(grant, basic(client.id, token)), 401, 'invalid_client'))
  })

  it('the use of a secret is its last use', async () => {
    const { organization, client, ask } = await stage()
    assert.equal((await ask(grant, basic(client.id, client.token))).status, 200)
    const { tokens } = await organization.admin('GET', `/scim-clients/${client.id}`)
    assert.ok(tokens.some(({ lastUsed }: { lastUsed: string | null }) => lastUsed !== null))
  })
})

describe('scopes (RFC 6749 section 3.3)', () => {
  it('what is asked for is granted in any order, without it all that the client may have; documents without are for everything', async () => {
    const { organization, client, users, ask } = await stage()
    const granted = async (scope?: string) => {
      const { status, body, text } = await ask({ ...grant, ...(scope && { scope }) }, basic(client.id, client.token))
      assert.equal(status, 200, text)
      return body
    }
    const both = await granted('scim.groups scim.users.read')
    assert.deepEqual(both.scope.split(' ').sort(), ['scim.groups', 'scim.users.read'])
    assert.equal((await granted('scim.users.read scim.groups')).scope.split(' ').length, 2)
    assert.equal((await granted('scim.read scim.read')).scope, 'scim.read')
    assert.deepEqual((await organization.admin('GET', `/scim-clients/${client.id}`)).scopes, ['scim'])

    await organization.admin('PATCH', `/scim-clients/${client.id}`, { scopes: ['scim.read', 'scim.groups'] })
    assert.deepEqual((await granted()).scope.split(' ').sort(), ['scim.groups', 'scim.read'])
    assert.equal((await granted('scim.users.read')).scope, 'scim.users.read')
    assert.deepEqual((await organization.admin('PATCH', `/scim-clients/${client.id}`, { scopes: null })).scopes, [
      'scim',
    ])

    const org = (await organization.admin('GET', '')).id
    await usher.store.scimClients.updateOne(org, { _id: client.id }, { $unset: { scopes: '' } })
    await usher.store.credentials.updateOne({ org, kind: 'access' }, { $unset: { granted: '' } })
    usher.app.environment.credentialCache.clear()
    assert.deepEqual((await organization.admin('GET', `/scim-clients/${client.id}`)).scopes, ['scim'])
    assert.equal((await granted()).scope, 'scim')
    assert.equal((await users(both.access_token)).status, 200)
  })

  it('what is unknown, malformed, or more than the client may have, is invalid_scope (RFC 6749 section 5.2)', async () => {
    const { organization, client, ask } = await stage()
    const scopes = ['scim.users.read', 'scim.groups']
    await organization.admin('PATCH', `/scim-clients/${client.id}`, { scopes })
    const unknown = [
      'SCIM',
      'admin',
      'scim.',
      'scim.things',
      'scim.users.write',
      'scim.users.read.read',
      'read',
      '.read',
    ]
    const malformed = [
      ' ',
      'scim.groups ',
      ' scim.groups',
      'scim.groups  scim.users.read',
      'scim.groups,scim.users.read',
    ]
    const beyond = ['scim', 'scim.read', 'scim.users', 'scim.roles.read', 'scim.groups scim.users']
    for (const scope of [...unknown, ...malformed, ...beyond, 'scim.groups\t', 'scim.groups "']) {
      assertRefused(await ask({ ...grant, scope }, basic(client.id, client.token)), 400, 'invalid_scope')
    }
    const allowed = await ask({ ...grant, scope: 'scim.groups.read scim.groups' }, basic(client.id, client.token))
    assert.equal(allowed.status, 200, allowed.text)
  })

  it('an administrator names scopes that there are; more of them for a privileged client is for the operator', async () => {
    const organization = await usher.organization()
    for (const scopes of [[], ['scim.things'], ['Scim'], 'scim', [null]]) {
      const answer = await organization.ask('POST', '/scim-clients', { name: 'x', scopes })
      assert.equal(answer.status, 400, answer.text)
      assert.match(answer.body.errors[0].path, /^scopes/)
    }
    const made = { name: 'x', allowPrivileged: true, scopes: ['scim.users', 'scim.users'] }
    const { id, scopes } = await organization.admin('POST', '/scim-clients', made)
    assert.deepEqual(scopes, ['scim.users'])
    const { token } = await organization.admin('POST', '/api-keys', { name: 'key', scopes: ['admin'] })
    const patch = (wanted: readonly string[]) =>
      organization.ask('PATCH', `/scim-clients/${id}`, { scopes: wanted }, token)
    assert.equal((await patch(['scim'])).body.code, 'privileged_grant_refused')
    assert.deepEqual((await patch(['scim.users.read'])).body.scopes, ['scim.users.read'])
  })
})

describe('refusals of the token endpoint (RFC 6749 section 5.2)', () => {
  it('whoever is not authenticated gets one answer, whatever is wrong, with a challenge', async () => {
    const { organization, client } = await stage()
    const other = await (await usher.organization()).scimClient()
    const { id, token } = client
    const posted = { ...grant, client_id: id, client_secret: token }
    const asked: readonly (readonly [slug: string, form: Form, authorization?: string])[] = [
      [organization.slug, grant],
      [organization.slug, {}],
      ['nobody', grant],
      ['nobody', grant, basic(id, token)],
      ['nobody', posted],
      ['%00', posted],
      [organization.slug, grant, basic(id, `${token}x`)],
      [organization.slug, grant, basic(id, other.token)],
      [organization.slug, grant, basic(other.id, other.token)],
      [organization.slug, grant, basic('unknown', token)],
      [organization.slug, grant, basic(id, '')],
      [organization.slug, grant, 'Basic %%%'],
      [organization.slug, grant, `Basic ${Buffer.from('%zz:%zz').toString('base64')}`],
      [organization.slug, grant, `Basic ${Buffer.from(id).toString('base64')}`],
      [organization.slug, grant, `Bearer ${token}`],
      [organization.slug, { ...posted, client_id: 'unknown' }],
      [organization.slug, { ...grant, client_secret: token }],
      [organization.slug, { ...grant, client_id: id }],
      [organization.slug, { ...grant, client_id: other.id }, basic(id, token)],
      [organization.slug, { ...posted, client_secret: token.toUpperCase() }],
    ]
    const answers = await Promise.all(asked.map((request) => requestToken(usher, ...request)))
    for (const [index, answer] of answers.entries()) {
      assertRefused(answer, 401, 'invalid_client')
      assert.equal(answer.text, answers[0]?.text, String(asked[index]))
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic realm=/)
    }
  })

  it('a client authenticates in one way at a time (RFC 6749 section 2.3)', async () => {
    const { client, ask } = await stage()
    const posted = { ...grant, client_id: client.id, client_secret: client.token }
    assertRefused(await ask(posted, basic(client.id, client.token)), 400, 'invalid_request')
    assertRefused(await ask({ ...posted, client_assertion: 'x' }), 400, 'invalid_request')
  })

  it('the grant type must be there and client_credentials, each parameter once', async () => {
    const { client, ask } = await stage()
    const credentials = basic(client.id, client.token)
    const refused: readonly (readonly [form: Form, error: string])[] = [
      [{}, 'invalid_request'],
      [{ grant_type: '' }, 'invalid_request'],
      [{ grant_type: 'password', username: 'a', password: 'b' }, 'unsupported_grant_type'],
      [{ grant_type: 'authorization_code', code: 'x' }, 'unsupported_grant_type'],
      [[...Object.entries(grant), ...Object.entries(grant)], 'invalid_request'],
    ]
    for (const [form, error] of refused) assertRefused(await ask(form, credentials), 400, error)
  })

  it('a request is a POST of a form', async () => {
    const { organization, client } = await stage()
    const path = `/oauth/${organization.slug}/token`
    const headers = { authorization: basic(client.id, client.token) }
    assertRefused(await usher.call('POST', path, { body: grant, headers }), 415, 'invalid_request')
    const get = await usher.call('GET', `${path}?grant_type=client_credentials`, { headers })
    assertRefused(get, 405, 'invalid_request')
    assert.equal(get.headers.get('allow'), 'POST')
    const large = await requestToken(usher, organization.slug, { ...grant, x: 'x'.repeat(70_000) })
    assertRefused(large, 413, 'invalid_request')
  })

  it('credentials in the URL are not looked at (RFC 6749 section 2.3.1)', async () => {
    const { organization, client } = await stage()
    const query = new URLSearchParams({ ...grant, client_id: client.id, client_secret: client.token })
    const answer = await usher.call('POST', `/oauth/${organization.slug}/token?${query}`)
    assertRefused(answer, 401, 'invalid_client')
  })
})

describe('authorization server metadata (RFC 8414)', () => {
  const path = '/.well-known/oauth-authorization-server/oauth'

  it('says where and how, without credentials', async () => {
    const organization = await usher.organization()
    const { status, headers, body } = await usher.call('GET', `${path}/${organization.slug}`)
    assert.equal(status, 200)
    assert.match(headers.get('content-type') ?? '', /^application\/json/)
    assert.equal(body.issuer, `${usher.url}/oauth/${organization.slug}`)
    assert.equal(body.token_endpoint, `${body.issuer}/token`)
    assert.deepEqual(body.grant_types_supported, ['client_credentials'])
    assert.deepEqual(body.response_types_supported, [])
    const types = ['users', 'groups', 'roles', 'entitlements'].flatMap((type) => [`scim.${type}`, `scim.${type}.read`])
    assert.deepEqual(body.scopes_supported.toSorted(), ['scim', 'scim.read', ...types].sort())
    const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']
    assert.deepEqual(body.token_endpoint_auth_methods_supported, methods)
    const algorithms: string[] = body.token_endpoint_auth_signing_alg_values_supported
    assert.ok(algorithms.includes('ES256') && algorithms.every((name) => !/^(HS|none)/.test(name)))
    const holder = await keyHolder(usher, organization)
    assert.equal(holder.tokenEndpoint, body.token_endpoint)
  })

  it('A1 is the same for every slug, whether or not there is such an organization, and whoever asks', async () => {
    const { slug } = await usher.organization()
    const known = await usher.call('GET', `${path}/${slug}`, { token: 'nonsense' })
    const unknown = await usher.call('GET', `${path}/nobody`)
    assert.equal(known.status, 200)
    assert.equal(known.text.replaceAll(slug, 'nobody'), unknown.text)
    assert.equal((await usher.call('GET', `${path}/a%22b%2F..`)).body.issuer, `${usher.url}/oauth/a%22b%2F..`)
    assert.equal((await usher.call('POST', `${path}/${slug}`)).status, 405)
  })
})
