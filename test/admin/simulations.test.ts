import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArrivalInput } from '../../src/directory/types.ts'
import type { Decision } from '../../src/provisioning/types.ts'
import { isProblem, openApi } from './api.ts'

const api = await openApi()
const { call, answers, asked } = api
const issuer = 'https://idp.example'
api.issuers.set(issuer, issuer)

const decision: Decision = {
  outcome: 'updated',
  code: null,
  subject: 's1',
  user: 'u1',
  steps: [{ step: 'connection', result: 'pass', detail: 'It is enabled.' }],
  claims: { sub: { type: 'string' } },
  operations: [{ method: 'PATCH', path: '/Users/u1', data: {} }],
  changes: [],
  warnings: [],
  profile: null,
  effects: null,
}

async function withConnection() {
  const { slug } = await api.organization()
  const path = `/organizations/${slug}`
  const { body } = await call('post', `${path}/connections`)
    .send({ name: 'contoso', type: 'oidc', issuer, clientId: 'usher', jit: { subjectClaim: 'oid' } })
    .expect(201)
  asked.length = 0
  return { path, id: body.id as string, connection: `${path}/connections/${body.id}` }
}

function simulated(): ArrivalInput {
  const last = asked.findLast(([name]) => name === 'simulate')
  assert.ok(last, 'the directory was asked')
  return last[1] as ArrivalInput
}

test('f7: a simulation is answered in the form of a decision that was not recorded', async () => {
  const { connection, id } = await withConnection()
  answers.set('simulate', decision)
  const { body } = await call('post', `${connection}/simulations`)
    .send({ claims: { oid: 's1', iat: 1_900_000_000 } })
    .expect(200)
  const { effects: _, profile: __, ...document } = decision
  assert.deepEqual(
    { ...body, at: '' },
    {
      id: null,
      reference: null,
      simulated: true,
      at: '',
      connection: id,
      configVersion: 1,
      ...document,
      unknownClaims: [],
    },
  )
  assert.equal(simulated().login.issuedAt.getTime(), 1_900_000_000_000)
  assert.equal(simulated().tokenKey, null)
})

test('a refusal is answered with 200 as well', async () => {
  const { connection } = await withConnection()
  answers.set('simulate', { ...decision, outcome: 'refused', code: 'user_suspended', operations: [] })
  const { body } = await call('post', `${connection}/simulations`).send({ claims: {} }).expect(200)
  assert.deepEqual([body.outcome, body.code], ['refused', 'user_suspended'])
})

test('a draft is checked like settings that are saved, and decided by', async () => {
  const { connection } = await withConnection()
  answers.set('simulate', decision)
  const post = (jit: object) => call('post', `${connection}/simulations`).send({ claims: {}, jit })
  await post({ mode: 'link' }).expect(200)
  assert.deepEqual(
    [simulated().connection.settings.mode, simulated().connection.settings.subjectClaim],
    ['link', 'oid'],
  )
  const { body } = await isProblem(post({ roles: { mode: 'assign', assign: ['x'] } }), 400, 'validation_failed')
  assert.equal(body.errors[0].path, 'jit.roles.assign.0')
  await isProblem(post({ subjectClaim: 'sub' }), 409, 'immutable')
  assert.equal((await call('get', `${connection}/jit`)).body.version, 1)
})

test('a recorded login is decided again with what was recorded; the rest counts as absent and is listed', async () => {
  const { connection, id } = await withConnection()
  answers.set('simulate', decision).set('decision', {
    id: 'd1',
    connection: id,
    at: '2030-01-01T00:00:00.000Z',
    issuedAt: '2029-12-31T00:00:00.000Z',
    subject: 's1',
    claims: { oid: { type: 'string' }, email: { type: 'string', value: 'a@b.example' }, nickname: { type: 'string' } },
  })
  const { body } = await call('post', `${connection}/simulations`).send({ decisionId: 'd1' }).expect(200)
  assert.deepEqual(body.unknownClaims, ['nickname'])
  assert.deepEqual({ ...simulated().login.claims }, { oid: 's1', email: 'a@b.example', iss: issuer })
  answers.set('decision', { id: 'd2', connection: 'other', claims: {} })
  await isProblem(call('post', `${connection}/simulations`).send({ decisionId: 'd2' }), 404, 'not_found')
})

test('exactly one of claims, idToken and decisionId is given', async () => {
  const { connection } = await withConnection()
  for (const body of [{}, { claims: {}, decisionId: 'x' }, { claims: 'x' }, { surprise: 1, claims: {} }]) {
    await isProblem(call('post', `${connection}/simulations`).send(body), 400, 'validation_failed')
  }
})

test('f8: a preview decides the last login of each person against the draft', async () => {
  const { connection, path, id } = await withConnection()
  await call('put', `${path}/roles/boss`).send({ privileged: true }).expect(201)
  const recorded = (subject: string, issuedAt: string) => ({ connection: id, subject, issuedAt, claims: {} })
  answers.set('countPeople', 2).set('lastLogins', [recorded('s1', '2030-01-02'), recorded('s2', '2030-01-01')])
  answers.set('simulate', {
    ...decision,
    changes: [{ path: 'roles[value eq "boss"]', before: { value: 'boss' }, after: null, source: `login:${id}` }],
  })
  const { body } = await call('post', `${connection}/jit/preview`)
    .send({ jit: { mode: 'link' } })
    .expect(200)
  const { samples, ...numbers } = body
  assert.deepEqual(numbers, {
    users: 2,
    changed: 2,
    created: 0,
    refused: 0,
    losingRoles: 2,
    losingGroups: 0,
    privilegedLosses: 2,
  })
  assert.equal(samples.length, 2)
  const decided = asked
    .filter(([name]) => name === 'simulate')
    .map(([, input]) => (input as ArrivalInput).login.issuedAt)
  assert.deepEqual(decided, [new Date('2030-01-02'), new Date('2030-01-01')])
})
