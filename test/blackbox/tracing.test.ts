import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SpanStatusCode } from '@opentelemetry/api'
import { Browser } from '../login/browser.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { unlessAlone } from './neighbour.ts'
import { type KeptSpan, keepSpans } from './spans.ts'
import { startUsher, user } from './usher.ts'

const spans = keepSpans()
const usher = await startUsher({ USHER_LOG_LEVEL: 'info' })
const provider = await TestProvider.start()
after(() => provider.close())

/** A trace of somebody outside who sends a request with this header. */
function newTrace() {
  const [id, parent] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  return { id, parent, headers: { traceparent: `00-${id}-${parent}-01` } }
}

/** The spans of a trace once all of them have ended. */
async function spansOf(trace: string): Promise<readonly KeptSpan[]> {
  for (;;) {
    const found = spans.filter(({ context }) => context.traceId === trace)
    if (found.length > 0 && found.every(({ ended }) => ended)) return found
    await sleep(5)
  }
}

/** The names of a span and of those around it, the outermost first. */
function pathOf(span: KeptSpan, all: readonly KeptSpan[]): string {
  const outer = all.find(({ context }) => context.spanId === span.parent)
  return outer === undefined ? span.name : `${pathOf(outer, all)} > ${span.name}`
}

const pathsOf = (all: readonly KeptSpan[]) => all.map((span) => pathOf(span, all))

describe('traces', () => {
  it('a SCIM request goes on with the trace of its traceparent: http, scim, one span for each call of the database', async () => {
    const client = await (await usher.organization()).scimClient()
    const { id, parent, headers } = newTrace()
    const { status } = await client.call('POST', '/Users', user('ann@secret.example'), headers)
    assert.equal(status, 201)
    const found = await spansOf(id)
    assert.equal(found[0]!.parent, parent)
    assert.deepEqual(found[0]!.attributes, {
      'http.request.method': 'POST',
      'http.route': '/scim/v2/:org/Users',
      'http.response.status_code': 201,
    })
    const paths = pathsOf(found)
    const inside = 'POST /scim/v2/:org/Users > scim > transaction'
    for (const path of [inside, `${inside} > bulkWrite users`, `${inside} > insert changes`]) {
      assert.ok(paths.includes(path), `${path} in ${paths.join('\n')}`)
    }
    const write = found.find(({ name }) => name === 'bulkWrite users')!
    assert.deepEqual(write.attributes, {
      'db.system.name': 'mongodb',
      'db.operation.name': 'bulkWrite',
      'db.collection.name': 'users',
    })
  })

  it('a login in the browser: discovery, jwks, token and userinfo are spans, and the provider is told the trace', async () => {
    const organization = await usher.organization()
    const connection = await organization.connection(provider)
    await connection.jit({ domains: 'any' })
    usher.clock.offset += 3_600_000
    provider.person = { sub: 'ann', email: 'ann@secret.example', email_verified: true }
    provider.knobs.idTokenClaims = (claims) => ({
      ...claims,
      iat: Number(claims.iat) + 3_600,
      exp: Number(claims.exp) + 3_600,
    })
    const browser = new Browser()
    const begun = newTrace()
    const start = await browser.visit(`${usher.url}/login/${organization.slug}/${connection.id}`, begun.headers)
    const back = await browser.follow(start.headers.get('location')!, { stop: (url) => url.includes('/callback?') })
    const { id, headers } = newTrace()
    const answer = await browser.visit(back.url, headers)
    assert.equal(answer.status, 200, await answer.text())
    const [first, second] = [await spansOf(begun.id), await spansOf(id)]
    const callback = 'GET /login/:organization/:connection/callback > login'
    for (const path of ['GET /login/:organization/:connection > login > discovery']) {
      assert.ok(pathsOf(first).includes(path), pathsOf(first).join('\n'))
    }
    for (const name of ['jwks', 'token', 'userinfo', 'transaction']) {
      assert.ok(pathsOf(second).includes(`${callback} > ${name}`), pathsOf(second).join('\n'))
    }
    const token = second.find(({ name }) => name === 'token')!
    assert.equal(provider.traceparents.token, `00-${id}-${token.context.spanId}-01`)
    assert.equal(provider.traceparents.userinfo?.slice(0, 35), `00-${id}`)
    assert.equal(provider.traceparents.discovery?.slice(0, 35), `00-${begun.id}`)
    assert.equal(token.attributes['http.response.status_code'], 200)
    usher.clock.offset = 0
  })

  it('a headless login is a span within that of the admin API', {
    skip: unlessAlone('it looks at the last login of all'),
  }, async () => {
    const organization = await usher.organization()
    const connection = await organization.connection(provider)
    const email = `bea@${organization.domain}`
    assert.equal((await connection.login({ sub: 'bea', email, email_verified: true })).body.outcome, 'created')
    const logins = spans.filter(({ name, parent }) => name === 'login' && parent !== undefined)
    const path = pathOf(logins.at(-1)!, spans)
    assert.match(path, /^POST \/api\/v1\/organizations\/:\w+\/connections\/:\w+\/logins > admin > login$/)
  })

  it('row 5 no attribute and no name holds an id, an address, a token or a path, also when something fails', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const body = user('cat@secret.example', { emails: [{ value: 'cat@secret.example' }] })
    const { id } = await client.must('POST', '/Users', body)
    const traces = [newTrace(), newTrace()]
    assert.equal((await client.call('POST', '/Users', body, traces[0]!.headers)).status, 409)
    await client.call('GET', `/Users/${id}?attributes=cat`, undefined, traces[1]!.headers)
    const [conflict] = [await spansOf(traces[0]!.id), await spansOf(traces[1]!.id)]
    const failed = conflict.filter(({ status }) => status.code === SpanStatusCode.ERROR)
    assert.ok(
      failed.some(({ attributes }) => attributes['error.type'] === 'StoreConflict'),
      pathsOf(conflict).join('\n'),
    )
    assert.equal(conflict[0]!.status.code, SpanStatusCode.UNSET)
    const text = JSON.stringify(spans.map(({ name, attributes, status }) => ({ name, attributes, status })))
    for (const secret of ['secret.example', id, client.id, client.token, organization.slug, 'ann', 'cat']) {
      assert.equal(text.includes(secret), false, secret)
    }
  })

  it('log lines name the trace', async () => {
    const client = await (await usher.organization()).scimClient()
    const { id, headers } = newTrace()
    await client.call('GET', '/Users', undefined, headers)
    await spansOf(id)
    assert.equal(usher.log.filter(({ trace, msg }) => trace === id && msg === 'request').length, 1)
  })
})
