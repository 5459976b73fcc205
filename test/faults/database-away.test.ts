import assert from 'node:assert/strict'
import { after, afterEach, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { patience, untilAnswered } from '../blackbox/asking.ts'
import { type Answer, adminToken, startUsher, user } from '../blackbox/usher.ts'
import { testDatabase } from '../database.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { TcpProxy } from './proxy.ts'

const database = testDatabase()
const proxy = await TcpProxy.start(database)
const usher = await startUsher({ MONGODB_URI: proxy.through(database) })
const provider = await TestProvider.start()
after(async () => {
  await provider.close()
  await proxy.close()
})

/** The answer and how long it took. */
async function timed<T>(answer: Promise<T>): Promise<T & { readonly seconds: number }> {
  const begin = performance.now()
  const given = await answer
  return { ...given, seconds: (performance.now() - begin) / 1_000 }
}

/** Readiness is looked at afresh every two seconds; a driver that has given the server up looks for it a bit later. */
async function untilReadinessIs(status: number, seconds: number): Promise<Answer> {
  const begin = performance.now()
  for (;;) {
    const answer = await usher.call('GET', '/readyz')
    if (answer.status === status) return answer
    assert.ok(performance.now() - begin < seconds * 1_000, `/readyz is ${answer.status} ${answer.text}`)
    await delay(100)
  }
}

describe('the database is away', () => {
  afterEach(() => proxy.pass())

  const faults = {
    'does not answer': () => proxy.blackhole(),
    'breaks every connection': () => proxy.reset(),
  }
  for (const [name, begin] of Object.entries(faults)) {
    it(`rows 128 131 a database that ${name} is 503 within 5 s in each form, and comes back without a restart`, async () => {
      const organization = await usher.organization()
      const scim = await organization.scimClient()
      const connection = await organization.connection(provider)
      const known = await scim.must('POST', '/Users', user(`known@${organization.domain}`))
      const people = ['ann', 'bob', 'cleo'].map((person) => ({
        sub: person,
        email: `${person}@${organization.domain}`,
      }))
      const tokens = await Promise.all(people.map((claims) => connection.token(claims)))
      const login = (idToken: string) => organization.ask('POST', `/connections/${connection.id}/logins`, { idToken })
      const created = user(`new@${organization.domain}`)

      begin()
      const [live, ready, read, written, removed, listed, admin, page, ...logins] = await Promise.all([
        timed(usher.call('GET', '/livez')),
        untilReadinessIs(503, 20),
        timed(scim.call('GET', `/Users/${known.id}`)),
        timed(scim.call('POST', '/Users', created)),
        timed(scim.call('DELETE', `/Users/${known.id}`)),
        timed(scim.call('GET', '/Groups')),
        timed(usher.call('GET', '/api/v1/organizations', { token: adminToken })),
        timed(usher.call('GET', `/login/${organization.slug}/${connection.id}`)),
        ...tokens.map((token) => timed(login(token))),
      ])
      assert.equal(live.status, 200)
      assert.ok(live.seconds < patience, `${live.seconds} s`)
      assert.match(ready.body.missing.join(), /database/)
      for (const answer of [read, written, removed, listed]) {
        assert.equal(answer.status, 503, answer.text)
        assert.deepEqual(answer.body.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error'])
        assert.equal(answer.body.status, '503')
        assert.match(String(answer.headers.get('content-type')), /^application\/scim\+json/)
      }
      for (const answer of [admin, ...logins]) {
        assert.equal(answer.status, 503, answer.text)
        assert.equal(answer.body.code, 'unavailable')
        assert.match(String(answer.headers.get('content-type')), /^application\/problem\+json/)
      }
      assert.equal(page.status, 503)
      assert.match(String(page.headers.get('content-type')), /^text\/html/)
      for (const answer of [read, written, removed, listed, admin, page, ...logins]) {
        assert.ok(answer.seconds < patience, `${answer.seconds} s`)
        assert.match(String(answer.headers.get('retry-after')), /^\d+$/)
      }

      proxy.pass()
      await untilReadinessIs(200, 60)
      // What was asked while the outcome was unknown is safe to ask again, until what it left locked has been settled.
      assert.ok([201, 409].includes((await untilAnswered(() => scim.call('POST', '/Users', created))).status))
      assert.ok([204, 404].includes((await untilAnswered(() => scim.call('DELETE', `/Users/${known.id}`))).status))
      for (const token of tokens) assert.equal((await untilAnswered(() => login(token))).status, 200)
      const users = await untilAnswered(() => scim.call('GET', '/Users'))
      assert.equal(users.body.totalResults, 1 + people.length)
      const { body } = await untilAnswered(() => organization.ask('GET', '/decisions'))
      assert.equal(body.items.length, people.length)
    })
  }

  it('row 131 a database half a second away is slow and nothing else', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const { id } = await scim.must('POST', '/Users', user(`ann@${organization.domain}`))
    proxy.slow(250)
    try {
      const answers = await Promise.all(Array.from({ length: 10 }, () => scim.call('GET', `/Users/${id}`)))
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    } finally {
      proxy.pass()
    }
  })

  it('row 131 many writers of one user that wait for each other when the database goes away all hear of it in time', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const { id } = await scim.must('POST', '/Users', user(`ann@${organization.domain}`))
    proxy.slow(50)
    const writes = Array.from({ length: 20 }, (_, index) =>
      timed(
        scim.call('PATCH', `/Users/${id}`, {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'replace', path: 'title', value: `title ${index}` }],
        }),
      ),
    )
    await delay(400)
    proxy.blackhole()
    const answers = await Promise.all(writes)
    proxy.pass()
    for (const { status, seconds, text } of answers) {
      assert.ok([200, 503].includes(status), text)
      assert.ok(seconds < patience, `${seconds} s`)
    }
    await untilReadinessIs(200, 60)
    const acknowledged = answers.filter(({ status }) => status === 200).length
    const { meta } = (await untilAnswered(() => scim.call('GET', `/Users/${id}`))).body
    assert.ok(Number(/\d+/.exec(meta.version)?.[0]) > acknowledged, meta.version)
  })
})
