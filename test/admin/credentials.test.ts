import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProblem, openApi } from './api.ts'

const api = await openApi()
const { call } = api

async function organizationWithKeys() {
  const { slug } = await api.organization()
  const keyWith = async (...scopes: string[]) => {
    const { body } = await call('post', `/organizations/${slug}/api-keys`).send({ name: 'key', scopes }).expect(201)
    return body.token as string
  }
  return { slug, keyWith }
}

test('without credentials every path but the document answers 401, whether or not it exists', async () => {
  const { slug } = await organizationWithKeys()
  const paths = [
    '/organizations',
    `/organizations/${slug}`,
    '/organizations/nobody',
    '/nothing',
    '/jobs/1',
    `/organizations/${slug}/domains`,
  ]
  for (const path of paths) {
    const { headers } = await isProblem(call('get', path, ''), 401, 'unauthorized')
    assert.match(String(headers['www-authenticate']), /^Bearer /)
    await isProblem(call('delete', path, ''), 401, 'unauthorized')
  }
  await isProblem(call('get', '/organizations', 'usher_key_wrong'), 401, 'unauthorized')
  const document = await call('get', '/openapi.json', '').expect(200)
  assert.equal(document.body.info.title, 'Usher admin API')
})

test('the organization of another one answers as one that does not exist', async () => {
  const [one, two] = [await organizationWithKeys(), await organizationWithKeys()]
  const key = await one.keyWith('admin', 'admin:privileged')
  for (const path of ['', '/domains', '/connections/x/jit', '/users/x/provenance']) {
    const foreign = await isProblem(call('get', `/organizations/${two.slug}${path}`, key), 404, 'not_found')
    const unknown = await isProblem(call('get', `/organizations/nobody${path}`, key), 404, 'not_found')
    assert.deepEqual(foreign.body, unknown.body)
  }
  await isProblem(call('patch', `/organizations/${two.slug}`, key).send({ displayName: 'x' }), 404, 'not_found')
})

test('a key sees its own organization in the list, the operator all', async () => {
  const { slug, keyWith } = await organizationWithKeys()
  const { body } = await call('get', '/organizations', await keyWith('read')).expect(200)
  assert.deepEqual(
    body.items.map((each: { slug: string }) => each.slug),
    [slug],
  )
  assert.ok((await call('get', '/organizations').expect(200)).body.items.length > 1)
})

test('a key may what its scopes say', async () => {
  const { slug, keyWith } = await organizationWithKeys()
  const path = `/organizations/${slug}`
  const reading = await keyWith('read')
  await call('get', path, reading).expect(200)
  await isProblem(call('patch', path, reading).send({ displayName: 'x' }), 403, 'forbidden')
  await isProblem(call('post', `${path}/connections/x/logins`, reading).send({ idToken: 'x' }), 403, 'forbidden')

  const logins = await keyWith('logins')
  await isProblem(call('get', path, logins), 403, 'forbidden')
  await isProblem(call('post', `${path}/connections/x/logins`, logins).send({ idToken: 'x' }), 404, 'not_found')
  await isProblem(call('post', `${path}/connections/x/simulations`, logins).send({ claims: {} }), 403, 'forbidden')

  const admin = await keyWith('admin')
  await call('patch', path, admin).send({ displayName: 'x' }).expect(200)
  await isProblem(
    call('post', `${path}/api-keys`, admin).send({ name: 'x', scopes: ['admin:privileged'] }),
    403,
    'privileged_grant_refused',
  )
  await isProblem(call('put', `${path}/roles/boss`, admin).send({ privileged: true }), 403, 'privileged_grant_refused')
  await isProblem(call('delete', path, admin), 403, 'forbidden')
  await isProblem(call('post', '/organizations', admin).send({ slug: 'mine' }), 403, 'forbidden')
})

test('the token of a SCIM client is not for this API', async () => {
  const { slug } = await organizationWithKeys()
  const { body } = await call('post', `/organizations/${slug}/scim-clients`).send({ name: 'okta' }).expect(201)
  await isProblem(call('get', `/organizations/${slug}`, body.token), 403, 'forbidden')
  await isProblem(call('get', '/organizations', body.token), 403, 'forbidden')
})

test('a revoked key ends at once', async () => {
  const { slug } = await organizationWithKeys()
  const path = `/organizations/${slug}/api-keys`
  const { body } = await call('post', path)
    .send({ name: 'ci', scopes: ['read'] })
    .expect(201)
  assert.equal(body.expiresAt, null)
  await call('get', path, body.token).expect(200)
  await call('delete', `${path}/${body.id}`).expect(204)
  await isProblem(call('get', path, body.token), 401, 'unauthorized')
})
