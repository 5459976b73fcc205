import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { runs } from '../runs.ts'
import { isProblem, openApi } from './api.ts'

const api = await openApi()
const { call } = api

test('a body that does not validate names every mistake, unknown members included', async () => {
  const { body } = await isProblem(
    call('post', '/organizations').send({ displayName: 7, surprise: true, returnUrls: [1] }),
    400,
    'validation_failed',
  )
  const paths = body.errors.map((error: { path: string }) => error.path).sort()
  assert.deepEqual(paths, ['displayName', 'returnUrls.0', 'slug', 'surprise'])
})

test('a body that cannot be read is refused before anything happens', async () => {
  const post = () => call('post', '/organizations').set('Content-Type', 'application/json')
  await isProblem(post().send('{"slug":'), 400, 'invalid_syntax')
  await isProblem(post().send('[]'), 400, 'invalid_syntax')
  await isProblem(post().send('"text"'), 400, 'invalid_syntax')
  await isProblem(post().send(''), 400, 'validation_failed')
  await isProblem(post().send(`{"slug":"${'x'.repeat(1_100_000)}"}`), 413, 'payload_too_large')
  await isProblem(call('post', '/organizations').type('form').send('slug=a'), 415, 'unsupported_media_type')
})

test('row 51: members that could be taken for a prototype are refused', async () => {
  for (const key of ['__proto__', 'constructor', 'prototype']) {
    const text = `{"slug":"a-slug","x":{"${key}":{"polluted":true}}}`
    await isProblem(call('post', '/organizations').type('json').send(text), 400, 'invalid_syntax')
  }
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
})

test('what is not there is 404, a method that is not there 405 with Allow', async () => {
  const { slug } = await api.organization()
  await isProblem(call('get', '/nothing'), 404, 'not_found')
  await isProblem(call('get', `/organizations/${slug}/nothing`), 404, 'not_found')
  const { headers } = await isProblem(call('put', `/organizations/${slug}`), 405, 'method_not_allowed')
  assert.deepEqual(String(headers.allow).split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'PATCH'])
  await isProblem(call('post', '/openapi.json', ''), 405, 'method_not_allowed')
  await call('head', `/organizations/${slug}`).expect(200)
})

test('lists take cursor and limit, and refuse what neither is', async () => {
  const { slug } = await api.organization()
  const path = `/organizations/${slug}/domains`
  for (const domain of ['a.example', 'b.example', 'c.example']) await call('post', path).send({ domain }).expect(201)
  const first = (await call('get', `${path}?limit=2`).expect(200)).body
  const second = (await call('get', `${path}?limit=2&cursor=${first.nextCursor}`).expect(200)).body
  assert.equal(first.items.length + second.items.length, 3)
  assert.ok(!('nextCursor' in second))
  await call('get', `${path}?limit=100000`).expect(200)
  for (const query of ['limit=0', 'limit=-1', 'limit=x', 'limit=1&limit=2', 'cursor=']) {
    await isProblem(call('get', `${path}?${query}`), 400, 'validation_failed')
  }
  await isProblem(call('get', `${path}?cursor=%24%7B`), 400, 'invalid_cursor')
})

test('nothing that is answered may be kept by a cache', async () => {
  const { slug } = await api.organization()
  const { headers } = await call('get', `/organizations/${slug}`).expect(200)
  assert.equal(headers['cache-control'], 'no-store')
})

test('P-8: any JSON value as a body is answered with 2xx or 4xx', async () => {
  const { slug } = await api.organization()
  const targets = [
    ['post', '/organizations'],
    ['patch', `/organizations/${slug}`],
    ['post', `/organizations/${slug}/api-keys`],
    ['post', `/organizations/${slug}/domains`],
    ['post', `/organizations/${slug}/invitations`],
    ['post', `/organizations/${slug}/scim-clients`],
    ['post', `/organizations/${slug}/connections`],
    ['put', `/organizations/${slug}/roles/member`],
  ] as const
  const keys = fc.constantFrom(
    'slug',
    'name',
    'domain',
    'email',
    'scopes',
    'jit',
    'issuer',
    'type',
    'groups',
    '$where',
    'a.b',
  )
  const bodies = fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...targets), bodies, async ([method, path], body) => {
      const { status, text } = await call(method, path).send(body)
      assert.ok(status >= 200 && status < 500, `${status} ${text}`)
    }),
    { numRuns: runs(150) },
  )
})
