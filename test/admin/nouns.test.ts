import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsherError } from '../../src/errors.ts'
import { isProblem, openApi } from './api.ts'

const api = await openApi()
const { call, answers, asked } = api
const issuer = 'https://idp.example'
api.issuers.set(issuer, issuer)

async function base(): Promise<string> {
  return `/organizations/${(await api.organization()).slug}`
}

async function withConnection() {
  const path = await base()
  const input = { name: 'contoso', type: 'oidc', issuer, clientId: 'usher', clientSecret: 'hidden' }
  const { body } = await call('post', `${path}/connections`).send(input).expect(201)
  return { path, connection: `${path}/connections/${body.id}`, id: body.id as string, body }
}

test('organizations are made, read, changed and deleted', async () => {
  const made = await call('post', '/organizations').send({ slug: 'acme', displayName: 'Acme' }).expect(201)
  assert.equal(made.headers.location, '/api/v1/organizations/acme')
  await isProblem(call('post', '/organizations').send({ slug: 'acme' }), 409, 'already_exists')
  await isProblem(call('post', '/organizations').send({ slug: 'beta', defaultRole: 'x' }), 400, 'validation_failed')
  const changed = await call('patch', '/organizations/acme').send({ seatLimit: 10, returnUrls: ['https://a.example/'] })
  assert.deepEqual(changed.body, { ...made.body, seatLimit: 10, returnUrls: ['https://a.example/'] })
  const merged = await call('patch', '/organizations/acme')
    .type('application/merge-patch+json')
    .send('{"seatLimit":null}')
  assert.equal(merged.body.seatLimit, null)
  await call('delete', '/organizations/acme').expect(204)
  await isProblem(call('get', '/organizations/acme'), 404, 'not_found')
})

test('domains are added, verified and removed', async () => {
  const path = await base()
  const { body } = await call('post', `${path}/domains`).send({ domain: 'nouns.example' }).expect(201)
  assert.deepEqual([body.status, body.record.type, body.record.name], ['pending', 'TXT', '_usher.nouns.example'])
  assert.equal((await call('post', `${path}/domains/nouns.example/verify`).expect(200)).body.status, 'pending')
  const vouched = { domain: 'vouched.example', verified: true, reason: 'known' }
  const verified = (await call('post', `${path}/domains`).send(vouched).expect(201)).body
  assert.deepEqual([verified.status, verified.method], ['verified', 'operator'])
  const other = await base()
  await call('post', `${other}/domains`).send({ domain: 'vouched.example' }).expect(201)
  await isProblem(call('post', `${other}/domains/vouched.example/verify`), 409, 'domain_taken')
  await call('delete', `${path}/domains/nouns.example`).expect(204)
  assert.equal((await call('get', `${path}/domains`).expect(200)).body.items.length, 1)
})

test('roles are put, listed and deleted', async () => {
  const path = await base()
  await call('put', `${path}/roles/member`).expect(201)
  await call('put', `${path}/roles/member`).send({ description: 'everybody' }).expect(200)
  assert.equal((await call('get', `${path}/roles/member`).expect(200)).body.description, 'everybody')
  await call('patch', path).send({ defaultRole: 'member' }).expect(200)
  await isProblem(call('delete', `${path}/roles/member`), 409, 'in_use')
  assert.equal((await call('get', `${path}/roles`).expect(200)).body.items.length, 1)
  await call('put', `${path}/roles/${encodeURIComponent('Team lead')}`).expect(201)
  await call('delete', `${path}/roles/Team%20lead`).expect(204)
})

test('invitations are made, read and withdrawn', async () => {
  const path = await base()
  const { body } = await call('post', `${path}/invitations`).send({ email: 'anna@b.example' }).expect(201)
  await isProblem(
    call('post', `${path}/invitations`).send({ email: 'x@b.example', expiresAt: 'soon' }),
    400,
    'validation_failed',
  )
  assert.deepEqual((await call('get', `${path}/invitations/${body.id}`).expect(200)).body, body)
  await call('delete', `${path}/invitations/${body.id}`).expect(204)
  await isProblem(call('get', `${path}/invitations/${body.id}`), 404, 'not_found')
})

test('SCIM clients and their tokens are made, changed and deleted; a token is shown once', async () => {
  const path = `${await base()}/scim-clients`
  const { body } = await call('post', path).send({ name: 'entra', dialect: 'entra' }).expect(201)
  assert.match(body.token, /^usher_scim_/)
  assert.match(body.baseUrl, /^https:\/\/usher\.example\/scim\/v2\//)
  const token = (await call('post', `${path}/${body.id}/tokens`).expect(201)).body
  assert.match(token.token, /^usher_scim_/)
  assert.ok(Date.parse(token.expiresAt) > Date.now())
  const read = await call('get', `${path}/${body.id}`).expect(200)
  assert.equal(read.body.tokens.length, 2)
  assert.ok(!read.text.includes(token.token) && !read.text.includes(body.token))
  await isProblem(call('patch', `${path}/${body.id}`).send({ dialect: 'klingon' }), 400, 'validation_failed')
  assert.equal((await call('patch', `${path}/${body.id}`).send({ onExisting: 'adopt' })).body.onExisting, 'adopt')
  await call('delete', `${path}/${body.id}/tokens/${token.id}`).expect(204)
  await call('delete', `${path}/${body.id}`).expect(204)
  assert.deepEqual((await call('get', path).expect(200)).body, { items: [] })
})

test('connections are made, shown without their secret, changed, but not to another issuer', async () => {
  const { connection, body, path, id } = await withConnection()
  assert.equal(body.redirectUri, `https://usher.example/login/${path.split('/')[2]}/${id}/callback`)
  assert.ok(!JSON.stringify(body).includes('hidden'))
  await isProblem(call('patch', connection).send({ issuer: 'https://x.example' }), 409, 'immutable')
  await isProblem(call('patch', connection).send({ jit: { subjectClaim: 'oid' } }), 409, 'immutable')
  assert.equal((await call('patch', connection).send({ enabled: false })).body.enabled, false)
  await isProblem(
    call('post', `${path}/connections`).send({
      name: 'x',
      type: 'oidc',
      issuer: 'https://{tenantid}.example',
      clientId: 'x',
    }),
    400,
    'issuer_invalid',
  )
})

test('JIT settings carry their version as ETag, and If-Match is heeded', async () => {
  const { connection } = await withConnection()
  const read = await call('get', `${connection}/jit`).expect(200)
  assert.equal(read.headers.etag, '"1"')
  await call('get', `${connection}/jit`).set('If-None-Match', '"1"').expect(304)
  const changed = await call('patch', `${connection}/jit`).set('If-Match', '"1"').send({ mode: 'off' }).expect(200)
  assert.equal(changed.headers.etag, '"2"')
  await isProblem(call('put', `${connection}/jit`).set('If-Match', '"1"').send({}), 412, 'precondition_failed')
  const { body } = await isProblem(
    call('put', `${connection}/jit`).send({ mode: null, x: 1 }),
    400,
    'validation_failed',
  )
  assert.deepEqual(body.errors.map((error: { path: string }) => error.path).sort(), ['mode', 'x'])
  const back = await call('post', `${connection}/jit/rollback`).send({ version: 1 }).expect(200)
  assert.deepEqual([back.body.mode, back.body.version], ['on', 3])
  assert.equal((await call('get', `${connection}/jit/versions`).expect(200)).body.items.length, 3)
})

test('A22: a connection is deleted only by who says what becomes of the users', async () => {
  const { connection, path } = await withConnection()
  const impact = { keep: 3, deactivate: 2, delete: 1, unlinked: 2 }
  answers.set('deletionImpact', impact)
  assert.deepEqual((await call('get', `${connection}/deletion-impact`).expect(200)).body, impact)
  const refusal = await isProblem(call('delete', connection), 400, 'validation_failed')
  assert.deepEqual(refusal.body.impact, impact)
  assert.match(refusal.body.detail, /delete: 1 users/)
  await isProblem(call('delete', `${connection}?users=all`), 400, 'validation_failed')
  const woken = api.jobsWoken()
  const { body } = await call('delete', `${connection}?users=keep`).expect(202)
  assert.equal(api.jobsWoken(), woken + 1)
  assert.equal((await call('get', `/jobs/${body.job}`).expect(200)).body.state, 'pending')
  const key = async (organization: string) =>
    (await call('post', `${organization}/api-keys`).send({ name: 'x', scopes: ['read'] })).body.token
  await call('get', `/jobs/${body.job}`, await key(path)).expect(200)
  await isProblem(call('get', `/jobs/${body.job}`, await key(await base())), 404, 'not_found')
  await isProblem(call('get', connection), 404, 'not_found')
})

test('what concerns people is asked of the directory', async () => {
  const path = await base()
  const shown = { id: 'u1', version: 'W/"2"', resource: { schemas: [], id: 'u1', userName: 'anna' } }
  answers.set('grant', shown).set('hold', shown).set('provenance', { attributes: [] })
  answers
    .set('tombstones', { items: [], nextCursor: 'next' })
    .set('changes', { items: [{ id: 'c1' }], nextCursor: null })
  asked.length = 0
  assert.deepEqual((await call('put', `${path}/users/u1/roles/boss`).expect(200)).body, shown.resource)
  await call('delete', `${path}/users/u1/roles/boss`).expect(204)
  await call('post', `${path}/users/u1/suspend`).send({ reason: 'leave' }).expect(200)
  await call('post', `${path}/users/u1/activate`).expect(200)
  await call('delete', `${path}/users/u1/identities/i1`).expect(204)
  assert.deepEqual((await call('get', `${path}/users/u1/provenance`).expect(200)).body, { attributes: [] })
  assert.deepEqual((await call('get', `${path}/tombstones`).expect(200)).body, { items: [], nextCursor: 'next' })
  await call('delete', `${path}/tombstones/t1`).expect(204)
  assert.deepEqual((await call('get', `${path}/changes?resource=u1`).expect(200)).body, { items: [{ id: 'c1' }] })
  assert.deepEqual(asked, [
    ['grant', 'u1', 'boss'],
    ['revoke', 'u1', 'boss'],
    ['hold', 'u1', 'suspend', 'leave'],
    ['hold', 'u1', 'activate', undefined],
    ['unlink', 'u1', 'i1', false],
    ['provenance', 'u1'],
    ['tombstones', { user: undefined, cursor: undefined, limit: 100 }],
    ['removeTombstone', 't1'],
    ['changes', { resource: 'u1', cursor: undefined, limit: 100 }],
  ])
  answers.set('hold', new UsherError('last_admin_kept', 'last_admin_kept: she is the last one.'))
  await isProblem(call('post', `${path}/users/u1/deactivate`), 403, 'last_admin_kept')
  answers.set('hold', new Error('a secret of the driver'))
  const failure = await isProblem(call('post', `${path}/users/u1/deactivate`), 500, 'internal_error')
  assert.ok(!failure.text.includes('secret'))
})

test('decisions are listed by what they are about, and found by id or reference', async () => {
  const path = await base()
  answers.set('decisions', { items: [{ id: 'd1' }], nextCursor: 'n' }).set('decision', { id: 'd1' })
  asked.length = 0
  const list = await call('get', `${path}/decisions?outcome=refused&since=2030-01-01T00:00:00Z&limit=5`).expect(200)
  assert.deepEqual(list.body, { items: [{ id: 'd1' }], nextCursor: 'n' })
  await call('get', `${path}/decisions/7F3K-22QM`).expect(200)
  const [listed, read] = asked
  assert.deepEqual((listed?.[1] as { since?: Date } | undefined)?.since, new Date('2030-01-01T00:00:00Z'))
  assert.deepEqual(read, ['decision', '7F3K-22QM'])
  await isProblem(call('get', `${path}/decisions?since=yesterday`), 400, 'validation_failed')
})
