import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { readPrototypes } from '../prototypes.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { runs, seed } from '../runs.ts'
import { bulkUrn } from './bulking.ts'
import { type FuzzedHouse, fuzzed, secretText } from './fuzzing.ts'
import { buildHouse } from './house.ts'
import { enterpriseUrn, type Json } from './patching.ts'
import { adminToken, group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher({ USHER_LOG_LEVEL: 'info' })
const provider = await TestProvider.start()
after(() => provider.close())

/** The line of one request; it is written when the answer has gone. */
async function lineOf(requestId: string): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const line = usher.log.find((one) => one.requestId === requestId)
    if (line !== undefined) return line
    await turn()
  }
}

/** What a client sends, and the line that the log has of it. */
async function logged(client: ScimClient, method: string, path: string, body?: unknown) {
  const requestId = randomUUID()
  const answer = await client.call(method, path, body, { 'x-request-id': requestId })
  return { answer, line: await lineOf(requestId) }
}

const legacyUrn = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'
const filtered = (filter: string) => `/Users?filter=${encodeURIComponent(filter)}`
const patch = (...operations: readonly Json[]) => patchOp(...operations)

interface Case {
  readonly dialect?: string
  readonly send: readonly [method: string, path: string, body?: unknown]
  readonly names: readonly string[]
}

/** `{user}` and `{group}` stand for ids of a user and a group with that user; all of these requests succeed. */
const cases: readonly Case[] = [
  { send: ['GET', '/Users'], names: [] },
  { send: ['PATCH', '/Users/{user}', patch({ op: 'replace', path: 'title', value: 'One' })], names: [] },
  { send: ['PATCH', '/Users/{user}', patch({ op: 'Replace', path: 'title', value: 'Two' })], names: ['op case'] },
  {
    send: ['PATCH', '/Users/{user}', { schemas: patch().schemas, operations: [{ op: 'remove', path: 'title' }] }],
    names: ['Operations case'],
  },
  {
    send: ['PATCH', '/Users/{user}', patch({ op: 'replace', path: null, value: { 'name.givenName': 'Ann' } })],
    names: ['path null', 'path as a name in the value'],
  },
  {
    send: ['PATCH', '/Users/{user}', patch({ op: 'replace', value: { id: '{user}', active: 'True', password: 'x' } })],
    names: ['identical id ignored', 'boolean string', 'password discarded'],
  },
  {
    send: ['PATCH', '/Groups/{group}', patch({ op: 'remove', path: 'members', value: [{ value: '{user}' }] })],
    names: ['remove with values'],
  },
  {
    send: [
      'POST',
      '/Users',
      user('bob', { emails: { value: 'b@example.com' }, shoeSize: 42, [enterpriseUrn]: { manager: 'boss' } }),
    ],
    names: ['single value for a list', 'unknown attribute dropped', 'manager as text'],
  },
  {
    send: ['POST', '/Users', user('cat', { roles: ['a'], phoneNumbers: [{ value: '1' }, { value: '1' }] })],
    names: ['role as text', 'equal values collapsed'],
  },
  {
    send: ['POST', '/Users', { ...user('dan'), schemas: ['urn:scim:schemas:core:2.0'] }],
    names: ['former schema URI'],
  },
  { send: ['GET', '/users'], names: ['endpoint case'] },
  { send: ['GET', filtered('active eq "True"')], names: ['boolean string'] },
  { send: ['GET', filtered('department pr')], names: ['extension attribute without its URN'] },
  {
    dialect: 'entra',
    send: ['GET', filtered('userName eq ann and shoeSize pr')],
    names: ['text without quotes', 'unknown attribute in a filter'],
  },
  {
    dialect: 'entra',
    send: ['POST', '/Groups', { displayName: 'Bare', externalId: 'g' }],
    names: ['schemas inferred'],
  },
  {
    dialect: 'entra',
    send: ['POST', '/Groups', { ...group('Old'), schemas: [...group('Old').schemas, legacyUrn] }],
    names: ['unknown schema dropped'],
  },
  {
    dialect: 'entra',
    send: [
      'PATCH',
      '/Users/{user}',
      patch(
        { op: 'Replace', path: 'emails[type eq "work"].value', value: 'a@example.com' },
        { op: 'Add', path: 'shoeSize', value: 42 },
        { op: 'Add', path: 'roles', value: [{ value: '{"value":"editor"}' }] },
      ),
    ],
    names: ['op case', 'element created from the filter', 'unknown path ignored', 'role as JSON text'],
  },
  { dialect: 'entra', send: ['PATCH', '/Users/{user}', patch()], names: ['empty operations'] },
  {
    send: [
      'POST',
      '/Bulk',
      {
        schemas: [bulkUrn],
        Operations: [
          { method: 'PATCH', path: '/Users/{user}', data: patch({ op: 'REPLACE', path: 'title', value: 'Three' }) },
          { method: 'PATCH', path: '/Users/{user}', data: patch({ op: 'replace', path: 'active', value: 'true' }) },
        ],
      },
    ],
    names: ['op case', 'boolean string'],
  },
]

describe('the log line of a request', () => {
  it('names every tolerance that the request needed, and the counters count them', async () => {
    for (const { dialect = 'rfc', send, names } of cases) {
      const client = await (await usher.organization()).scimClient({ dialect })
      const { id: ann } = await client.must('POST', '/Users', user('ann'))
      const { id: crew } = await client.must('POST', '/Groups', group('Crew', { members: [{ value: ann }] }))
      const fill = (text: string) => text.replaceAll('{user}', ann).replaceAll('{group}', crew)
      const [method, path, body] = send
      const sent = body === undefined ? undefined : fill(JSON.stringify(body))
      const { answer, line } = await logged(client, method, fill(path), sent)
      const shown = `${method} ${path} ${sent}: ${answer.text.slice(0, 300)}`
      assert.ok(answer.status < 300, shown)
      const noted = line.normalisations as readonly string[] | undefined
      assert.deepEqual(noted?.toSorted(), names.length === 0 ? undefined : names.toSorted(), shown)
    }
    const { text } = await usher.call('GET', '/metrics')
    assert.match(text, /^scim_normalised_total\{kind="op case"\} 3$/m)
  })

  it('R282 rows 3 4 5 69 70 says who asked for what, and holds no token, query, name or value', async () => {
    const organization = await usher.organization()
    const [client, other] = [await organization.scimClient(), await (await usher.organization()).scimClient()]
    const secret = 'Correct-Horse-Battery'
    const { line } = await logged(client, 'POST', '/Users', user('ann@secret.example', { password: secret }))
    const { ts: _ts, ms: _ms, requestId: _id, ...rest } = line
    assert.deepEqual(rest, {
      level: 'info',
      msg: 'request',
      organization: organization.slug,
      client: `scim:${client.id}`,
      method: 'POST',
      route: '/scim/v2/:org/Users',
      status: 201,
      normalisations: ['password discarded'],
    })
    await logged(client, 'GET', filtered(`userName eq "ann@secret.example"`))
    await logged(client, 'POST', '/Users', user('x', { displayName: 'a\r\n{"level":"error"}', password: secret }))
    await logged(client, 'PATCH', '/Users/ann@secret.example', patch({ op: 'add', path: 'password', value: secret }))
    const withToken = randomUUID()
    const headers = { 'x-request-id': withToken }
    await usher.call('GET', `/scim/v2/${organization.slug}/Users?access_token=${client.token}`, { headers })
    assert.equal((await lineOf(withToken)).status, 401)
    const long = randomUUID()
    const wrong = { 'x-request-id': long, authorization: `Bearer ${'x'.repeat(8_192)}` }
    await usher.call('GET', `/scim/v2/${organization.slug}/Users`, { headers: wrong })
    assert.equal((await lineOf(long)).status, 401)
    const foreign = randomUUID()
    await usher.call('GET', `/scim/v2/${organization.slug}/Users`, {
      token: other.token,
      headers: { 'x-request-id': foreign },
    })
    assert.equal((await lineOf(foreign)).status, 404)
    const text = JSON.stringify(usher.log)
    for (const value of [
      secret,
      'secret.example',
      client.token,
      other.token,
      client.token.slice(11),
      'xxxx',
      'level\\":',
    ]) {
      assert.equal(text.includes(value), false, value)
    }
  })
})

describe('whatever is sent', () => {
  /** Somebody who is known, groups, and settings that read every claim that is sent. */
  async function fuzzedHouse(): Promise<FuzzedHouse> {
    const house = await buildHouse(usher, provider)
    const { id } = await house.scim.must('POST', '/Users', user('ann', { emails: [{ value: house.email('ann') }] }))
    const { id: team } = await house.scim.must('POST', '/Groups', group('Team'))
    await house.scim.must('POST', '/Groups', group('Crew'))
    const { nextCursor } = await house.scim.must('GET', '/Groups?count=1&cursor=')
    await house.connection.jit({
      attributeSyncMethod: 'OVERRIDE_ALL',
      domains: 'any',
      matching: [{ claim: 'email', attribute: 'emails.value' }],
      attributes: [
        { attribute: 'title', template: '{name} {a.b}' },
        { attribute: 'nickName', expression: 'upper(nickname)' },
        { attribute: 'emails', claim: 'emails' },
      ],
      groups: { mode: 'sync', claim: 'groups', mapping: [{ pattern: '.*', group: team }] },
    })
    return { ...house, usher, known: id, cursor: nextCursor }
  }

  for (const [what, send] of Object.entries(fuzzed)) {
    it(`P-3 P-8 ${what}: never a failure of ours, no prototype changes, no secret comes back or gets into the log`, async () => {
      const house = await fuzzedHouse()
      const prototypes = readPrototypes()
      const begin = usher.log.length
      const secrets = [house.scim.token, adminToken, provider.clientSecret]
      await fc.assert(
        fc.asyncProperty(send, async (request) => {
          const asked = request(house)
          let answer = await asked.ask()
          while (answer.status === 503 && answer.headers.has('retry-after')) {
            await delay(100)
            answer = await asked.ask()
          }
          assert.ok(answer.status >= 200 && answer.status < 500, `${answer.status} ${answer.text}`)
          assert.deepEqual(readPrototypes(), prototypes)
          const said = [answer.text, ...[...answer.headers].flat()].join('\n')
          for (const secret of [...secrets, ...asked.secrets]) assert.ok(!said.includes(secret), said)
        }),
        // What is found by chance is found by `npm run test:fuzz`.
        { numRuns: runs(25), seed: seed ?? 1 },
      )
      const written = JSON.stringify(usher.log.slice(begin))
      for (const secret of [...secrets, secretText]) assert.ok(!written.includes(secret), secret)
    })
  }
})
