import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { clientKeys, findClientSecret, issueAccessToken } from '../../src/organizations/access-tokens.ts'
import { createApiKey, deleteApiKey, listApiKeys } from '../../src/organizations/api-keys.ts'
import { CredentialCache } from '../../src/organizations/credential-cache.ts'
import { authenticate, ensureOperatorToken } from '../../src/organizations/credentials.ts'
import {
  createScimClient,
  deleteScimClient,
  getScimClient,
  patchScimClient,
} from '../../src/organizations/scim-clients.ts'
import { createScimToken, deleteScimToken } from '../../src/organizations/scim-tokens.ts'
import { contextOf, keyOf, openRoom, refuses } from './room.ts'

const room = await openRoom()
const { environment } = room
const later = (seconds: number) => new Date(Date.now() + seconds * 1_000)

test('O5: an API key stands for its organization and scopes until it expires; the token is kept nowhere', async () => {
  const organization = await room.organization()
  const expiresAt = later(60)
  const key = await createApiKey(environment, contextOf(organization), {
    name: 'ci',
    scopes: ['read', 'logins', 'read'],
    expiresAt,
  })
  const who = await authenticate(environment, key.token, new Date())
  assert.deepEqual(who, {
    principal: { kind: 'key', id: key.id, name: 'ci', organization: organization.id, scopes: ['read', 'logins'] },
    dialect: 'rfc',
  })
  assert.equal(await authenticate(environment, key.token, later(61)), null)
  const stored = await environment.store.credentials.find({ org: organization.id })
  assert.ok(!JSON.stringify(stored).includes(key.token))
  const { items } = await listApiKeys(environment, contextOf(organization), { limit: 10 })
  assert.ok(!JSON.stringify(items).includes(key.token))
  assert.equal(items[0]?.id, key.id)
})

test('a revoked key ends at once here, and within 10 s where it is cached', async () => {
  const organization = await room.organization()
  const context = contextOf(organization)
  const key = await createApiKey(environment, context, { name: 'ci', scopes: ['read'] })
  const elsewhere = { ...environment, store: environment.store, credentialCache: new CredentialCache() }
  assert.ok(await authenticate(environment, key.token, new Date()))
  assert.ok(await authenticate(elsewhere, key.token, new Date()))
  await deleteApiKey(environment, context, key.id)
  assert.equal(await authenticate(environment, key.token, new Date()), null)
  assert.equal(await authenticate(elsewhere, key.token, later(10.1)), null)
})

test('the use of a credential is recorded at most once a minute', async () => {
  const organization = await room.organization()
  const context = contextOf(organization)
  const { token } = await createApiKey(environment, context, { name: 'ci', scopes: ['read'] })
  const first = new Date('2030-01-01T00:00:00Z')
  /** It is recorded beside the request. */
  const lastUsedAfter = async (former: string | null) => {
    for (;;) {
      const [key] = (await listApiKeys(environment, context, { limit: 1 })).items
      if (key?.lastUsed !== former) return key?.lastUsed
      await setTimeout(20)
    }
  }
  await authenticate(environment, token, first)
  assert.equal(await lastUsedAfter(null), first.toISOString())
  await authenticate(environment, token, new Date(first.getTime() + 59_000))
  await authenticate(environment, token, new Date(first.getTime() + 61_000))
  assert.equal(await lastUsedAfter(first.toISOString()), '2030-01-01T00:01:01.000Z')
})

test('a key that may grant privileged roles is made by the operator or with such a key', async () => {
  const organization = await room.organization()
  const input = { name: 'boss', scopes: ['admin', 'admin:privileged'] as const }
  await refuses(
    createApiKey(environment, contextOf(organization, keyOf(organization, 'admin')), input),
    'privileged_grant_refused',
  )
  await createApiKey(environment, contextOf(organization, keyOf(organization, 'admin:privileged')), input)
})

test('a key of another organization is not found', async () => {
  const [one, two] = [await room.organization(), await room.organization()]
  const key = await createApiKey(environment, contextOf(one), { name: 'ci', scopes: ['read'] })
  await refuses(deleteApiKey(environment, contextOf(two), key.id), 'not_found')
  assert.ok(await authenticate(environment, key.token, new Date()))
})

test("the operator's token is made once and returned once, whoever starts first", async () => {
  const other = openEnvironment()
  const made = await Promise.all([
    ensureOperatorToken(other, undefined, new Date()),
    ensureOperatorToken(other, undefined, new Date()),
  ])
  const [token] = made.filter((each) => each !== null)
  assert.equal(made.filter((each) => each !== null).length, 1)
  assert.equal(await ensureOperatorToken(other, undefined, new Date()), null)
  assert.deepEqual((await authenticate(other, token!, new Date()))?.principal, { kind: 'operator' })

  assert.equal(await ensureOperatorToken(other, 'configured-by-the-operator', new Date()), null)
  assert.equal(await authenticate(other, token!, new Date()), null)
  assert.ok(await authenticate(other, 'configured-by-the-operator', new Date()))
  assert.equal(await authenticate(other, 'something else', new Date()), null)
})

function openEnvironment() {
  return { ...environment, store: environment.store, credentialCache: new CredentialCache() }
}

test('a SCIM client has several live tokens, each in its dialect, until one is revoked', async () => {
  const organization = await room.organization()
  const context = contextOf(organization)
  const client = await createScimClient(environment, context, { name: 'entra', dialect: 'entra', onExisting: 'adopt' })
  assert.equal(client.baseUrl, `https://usher.example/scim/v2/${organization.slug}`)
  const second = await createScimToken(environment, context, client.id)
  for (const { token } of [client, second]) {
    const who = await authenticate(environment, token, new Date())
    assert.equal(who?.dialect, 'entra')
    assert.equal(who?.principal.kind === 'scim' && who.principal.id, client.id)
    assert.equal(who?.principal.kind === 'scim' && who.principal.onExisting, 'adopt')
  }
  await deleteScimToken(environment, context, client.id, second.id)
  assert.equal(await authenticate(environment, second.token, new Date()), null)
  assert.ok(await authenticate(environment, client.token, new Date()))
  assert.equal((await getScimClient(environment, context, client.id)).tokens.length, 1)
})

test('a token of a SCIM client expires, in a year when nobody says otherwise', async () => {
  const organization = await room.organization()
  const { token } = await createScimClient(environment, contextOf(organization), { name: 'okta' })
  assert.ok(await authenticate(environment, token, later(364 * 86_400)))
  assert.equal(await authenticate(environment, token, later(366 * 86_400)), null)
})

test('G8: whether a client may grant privileged roles is the operator’s to say, and so are its tokens', async () => {
  const organization = await room.organization()
  const admin = contextOf(organization, keyOf(organization, 'admin'))
  const privileged = contextOf(organization, keyOf(organization, 'admin', 'admin:privileged'))
  const input = { name: 'hr', allowPrivileged: true }
  await refuses(createScimClient(environment, admin, input), 'privileged_grant_refused')
  await refuses(createScimClient(environment, privileged, input), 'privileged_grant_refused')
  const client = await createScimClient(environment, contextOf(organization), input)
  await refuses(createScimToken(environment, admin, client.id), 'privileged_grant_refused')
  await refuses(patchScimClient(environment, admin, client.id, { jwks: { keys: [] } }), 'privileged_grant_refused')
  await patchScimClient(environment, admin, client.id, { name: 'people' })
  await refuses(patchScimClient(environment, admin, client.id, { allowPrivileged: false }), 'privileged_grant_refused')
})

test('a change of a client holds for the tokens that are in use', async () => {
  const organization = await room.organization()
  const context = contextOf(organization)
  const { id, token } = await createScimClient(environment, context, { name: 'okta', dialect: 'okta' })
  assert.equal((await authenticate(environment, token, new Date()))?.dialect, 'okta')
  await patchScimClient(environment, context, id, { dialect: null })
  assert.equal((await authenticate(environment, token, new Date()))?.dialect, 'rfc')
})

test('client credentials (RFC 6749 section 4.4): a live token of the client is its secret, an access token lasts an hour', async () => {
  const organization = await room.organization()
  const context = contextOf(organization)
  const keys = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] }
  const client = await createScimClient(environment, context, { name: 'entra', jwks: keys })
  assert.ok(await findClientSecret(environment, organization, client.id, client.token, new Date()))
  assert.equal(await findClientSecret(environment, organization, 'other', client.token, new Date()), null)
  assert.equal(
    await findClientSecret(environment, await room.organization(), client.id, client.token, new Date()),
    null,
  )
  assert.equal(await findClientSecret(environment, organization, client.id, client.token, later(367 * 86_400)), null)
  assert.deepEqual(await clientKeys(environment, organization, client.id), keys)

  const access = await issueAccessToken(
    environment,
    organization,
    { clientId: client.id, secret: null },
    null,
    new Date(),
  )
  assert.equal(access.expiresIn, 3_600)
  assert.equal((await authenticate(environment, access.token, later(3_590)))?.principal.kind, 'scim')
  assert.equal(await authenticate(environment, access.token, later(3_601)), null)
  assert.equal(await findClientSecret(environment, organization, client.id, access.token, new Date()), null)

  await deleteScimClient(environment, context, client.id)
  assert.equal(await authenticate(environment, access.token, new Date()), null)
  assert.equal(await authenticate(environment, client.token, new Date()), null)
})
