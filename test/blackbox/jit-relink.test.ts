import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Claims } from '../provider/test-provider.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, type House, verdict } from './house.ts'
import { jobEnd } from './jobs.ts'
import { type Answer, adminToken, patchOp, startUsher, type TestConnection, user } from './usher.ts'

const usher = await startUsher()
const [provider, successor] = await Promise.all([TestProvider.start(), TestProvider.start()])
after(() => Promise.all([provider.close(), successor.close()]))

const day = 86_400_000
const noRules = { matching: [], domains: 'any' }

/** A house with another connection, to which people are to move. */
async function twoDoors(more: { readonly jit?: object; readonly provider?: TestProvider } = {}) {
  const house = await buildHouse(usher, provider)
  const next = await house.organization.connection(more.provider ?? successor, { jit: { ...noRules, ...more.jit } })
  const path = `/connections/${next.id}/relink`
  const ask = (body: object, token?: string) =>
    house.organization.ask('POST', path, { from: house.connection.id, ...body }, token)
  const relink = async (body: object, token?: string) => {
    const answer = await ask(body, token)
    assert.equal(answer.status, 202, answer.text)
    assert.equal(answer.headers.get('location'), `/api/v1/jobs/${answer.body.job}`)
    const { result, progress } = await jobEnd(usher, answer.body.job)
    assert.deepEqual(progress, { done: result.people, total: result.people })
    return result
  }
  return { ...house, next, ask, relink }
}

/** A login by a token of the app's own time, which a test may have moved. */
function signIn(connection: TestConnection, claims: Claims): Promise<Answer> {
  const iat = Math.floor((Date.now() + usher.clock.offset) / 1_000)
  return connection.login({ iat, exp: iat + 300, ...claims })
}

async function people(house: House, ...names: readonly string[]): Promise<readonly string[]> {
  const answers = []
  for (const name of names) answers.push(await signIn(house.connection, house.person(name)))
  return answers.map(({ body }) => body.user.id)
}

const links = async ({ organization }: House, id: string) =>
  (await organization.admin('GET', `/users/${id}/identities`)).items
const counts = ({ people: all, moved, alreadyLinked, ambiguous, protected: kept, missing }: Answer['body']) => ({
  all,
  moved,
  alreadyLinked,
  ambiguous,
  kept,
  missing,
})

describe('relink', () => {
  it('f16 K5 people move with preview and window; afterwards the old subject is refused and the history tells', async () => {
    const house = await twoDoors()
    const [ann, bob] = await people(house, 'ann', 'bob')
    const before = [await house.users(), await house.changes()]
    const by = { attribute: 'subject' }
    const tried = await house.relink({ by, dryRun: true })
    assert.deepEqual(counts(tried), { all: 2, moved: 2, alreadyLinked: 0, ambiguous: 0, kept: 0, missing: 0 })
    assert.equal(tried.dryRun, true)
    assert.deepEqual(
      tried.samples.map(({ user: id, subject, newSubject }: Answer['body']) => [id, subject, newSubject]),
      [
        [ann, 'ann-subject', 'ann-subject'],
        [bob, 'bob-subject', 'bob-subject'],
      ],
    )
    assert.deepEqual([await house.users(), await house.changes()], before)

    const { until, moved } = await house.relink({ by, window: { days: 2 } })
    assert.equal(moved, 2)
    const change = (await house.changes()).find(({ action, resource }) => action === 'link' && resource.id === ann)
    assert.equal(change.actor, 'admin:operator')
    assert.deepEqual(change.operations, [
      {
        method: 'POST',
        path: `/Users/${ann}/identities`,
        data: { connection: house.next.id, issuer: successor.issuer, subject: 'ann-subject' },
      },
    ])
    for (const connection of [house.connection, house.next, house.connection]) {
      const answer = await signIn(connection, house.person('ann'))
      assert.ok(['unchanged', 'updated'].includes(verdict(answer)), answer.text)
      assert.equal(answer.body.user.id, ann)
    }
    const [old, fresh] = await links(house, ann!)
    assert.deepEqual([old.until, fresh.until, fresh.follows], [until, null, old.id])

    usher.clock.offset += 3 * day
    assert.equal(verdict(await signIn(house.connection, house.person('ann'))), 'link_removed')
    assert.equal((await signIn(house.next, house.person('ann'))).body.user.id, ann)
    await usher.app.background.wake('links')
    assert.equal(verdict(await signIn(house.connection, house.person('bob'))), 'link_removed')
    const [open, closed] = await links(house, bob!)
    assert.equal(open.connection, house.next.id)
    assert.deepEqual([closed.connection, closed.reason, closed.barred], [house.connection.id, 'relinked', true])
    const ends = (await house.changes()).filter(({ action }) => action === 'unlink')
    assert.deepEqual(
      ends.map(({ actor, resource }) => `${actor} ${resource.id}`).sort(),
      [ann, bob].map((id) => `admin:operator ${id}`).sort(),
    )
    const { managedBy } = (await house.user(bob!))['urn:usher:scim:schemas:provisioning:1.0:User']
    assert.deepEqual(
      managedBy.map(({ source }: { source: string }) => source),
      [`login:${house.next.id}`],
    )
  })

  it('f16 K5 K6 another subject claim is another connection; what the last login recorded tells the new subject', async () => {
    const house = await twoDoors({ provider, jit: { subjectClaim: 'oid' } })
    await signIn(house.connection, house.person('ann', { oid: 'old-object' }))
    const { body } = await signIn(house.connection, house.person('ann', { oid: 'ann-object' }))
    await people(house, 'bob')
    const result = await house.relink({ by: { claim: 'oid' }, window: { days: 0 } })
    assert.deepEqual(counts(result), { all: 2, moved: 1, alreadyLinked: 0, ambiguous: 0, kept: 0, missing: 1 })
    assert.equal(result.until, null)
    const answer = await signIn(house.next, house.person('ann', { sub: 'pairwise', oid: 'ann-object' }))
    assert.equal(answer.body.user?.id, body.user.id, answer.text)
    assert.equal(verdict(await signIn(house.connection, house.person('ann'))), 'link_removed')
  })

  it('f16 by externalId of the SCIM clients and by proven address; whoever shares one is not moved', async () => {
    for (const attribute of ['externalId', 'email']) {
      const house = await twoDoors()
      const alias = (name: string) => house.email(attribute === 'email' ? name : `other-${name}`)
      for (const name of ['ann', 'bob', 'cat']) {
        const email = { value: alias(name === 'cat' ? 'bob' : name), type: 'work' }
        const externalId = name === 'cat' ? 'bob-subject' : `${name}-subject`
        await house.scim.must(
          'POST',
          '/Users',
          user(`${name}@${house.organization.domain}`, { externalId, emails: [email] }),
        )
      }
      await house.connection.jit({ matching: [{ claim: 'email', attribute: 'userName' }], attributes: [] })
      await people(house, 'ann', 'bob', 'cat')
      const local = await house.organization.connection(provider, { jit: noRules })
      assert.equal(verdict(await signIn(local, { sub: 'dan', preferred_username: 'dan' })), 'created')
      const result = await house.relink({ by: { attribute }, dryRun: attribute === 'email' })
      assert.deepEqual(counts(result), { all: 3, moved: 1, alreadyLinked: 0, ambiguous: 2, kept: 0, missing: 0 })
      const moved = result.samples.find(({ verdict: what }: Answer['body']) => what === 'moved')
      assert.equal(moved.newSubject, attribute === 'email' ? house.email('ann') : 'ann-subject')
    }
  })

  it('f16 a list names people by user or old subject; nobody is moved whom two lines name, or two lines name alike', async () => {
    const house = await twoDoors()
    const ids = await people(house, 'ann', 'bob', 'cat', 'dan', 'eve')
    const pairs = [
      { user: ids[0], newSubject: 'a' },
      { oldSubject: 'bob-subject', newSubject: 'b' },
      { oldSubject: 'cat-subject', newSubject: 'same' },
      { oldSubject: 'dan-subject', newSubject: 'same' },
      { user: ids[4], newSubject: 'e' },
      { oldSubject: 'eve-subject', newSubject: 'f' },
      { oldSubject: 'nobody', newSubject: 'n' },
    ]
    const result = await house.relink({ by: { pairs } })
    assert.deepEqual(counts(result), { all: 7, moved: 2, alreadyLinked: 0, ambiguous: 4, kept: 0, missing: 1 })
    assert.equal((await signIn(house.next, { sub: 'a' })).body.user.id, ids[0])
    assert.equal((await signIn(house.next, { sub: 'b' })).body.user.id, ids[1])
    // again: the same people are linked already, and their window is the new one
    const again = await house.relink({ by: { pairs: pairs.slice(0, 2) }, window: { days: 0 } })
    assert.deepEqual(counts(again), { all: 2, moved: 0, alreadyLinked: 2, ambiguous: 0, kept: 0, missing: 0 })
    assert.equal(verdict(await signIn(house.connection, house.person('ann'))), 'link_removed')
    // a new subject that is somebody else's, and a person with another subject there
    const taken = [
      { user: ids[2], newSubject: 'a' },
      { user: ids[3], newSubject: 'd' },
    ]
    assert.deepEqual(counts(await house.relink({ by: { pairs: taken } })), {
      all: 2,
      moved: 1,
      alreadyLinked: 0,
      ambiguous: 1,
      kept: 0,
      missing: 0,
    })
  })

  it('f16 a list comes as lines of JSON too, is previewed alike, and does nothing if a line is wrong', async () => {
    const house = await twoDoors()
    const [ann] = await people(house, 'ann', 'bob')
    const path = `/api/v1/organizations/${house.organization.slug}/connections/${house.next.id}/relink`
    const headers = { 'content-type': 'application/x-ndjson; charset=utf-8' }
    const send = (body: string, query = `?from=${house.connection.id}`, more = headers) =>
      usher.call('POST', path + query, { token: adminToken, body, headers: more })
    const end = async ({ body }: Answer) => (await jobEnd(usher, body.job)).result
    const lines = [
      { user: ann, newSubject: 'a' },
      { oldSubject: 'bob-subject', newSubject: 'b' },
    ].map((line) => JSON.stringify(line))
    const from = `from=${house.connection.id}`
    const tried = await end(await send(`${lines[0]}\r\n\r\n${lines[1]}\r\n`, `?${from}&dryRun=true`))
    const alike = await house.relink({ by: { pairs: lines.map((line) => JSON.parse(line)) }, dryRun: true })
    assert.deepEqual({ ...tried, until: null }, { ...alike, until: null })
    assert.deepEqual([tried.moved, tried.dryRun], [2, true])

    const many = (count: number) => Array.from({ length: count }, () => lines[1]).join('\n')
    const unfit = `{"oldSubject":"${'x'.repeat(9_000)}","newSubject":"b"}`
    for (const [body, paths] of [
      [`${lines[0]}\n\n{"user":"${ann}"}\n${lines[1]},\n[]\n{"__proto__":{}}\n${unfit}`, [3, 4, 5, 6, 7]],
      [many(5_001), [5_001]],
      ['\n', [1]],
      ['', [1]],
    ] as const) {
      const { status, body: problem } = await send(body)
      assert.deepEqual([status, problem.code], [400, 'validation_failed'], body.slice(0, 100))
      assert.deepEqual(
        (problem.errors ?? []).map((error: Answer['body']) => error.path),
        paths.map((line) => `line ${line}`),
      )
    }
    const asked = [`?${from}&until=tomorrow`, '', `?${from}&dryRun=yes`, `?${from}&pairs=1`, `?${from}&days=1&until=2`]
    for (const query of asked) assert.equal((await send(many(1), query)).body.code, 'validation_failed', query)
    // What a JSON body does not say, the query does not say for it.
    const { body: mixed } = await send('{}', `?${from}&dryRun=true`, { 'content-type': 'application/json' })
    assert.deepEqual([mixed.code, mixed.errors[0].path], ['validation_failed', 'from'])
    assert.equal((await send(many(30_000))).status, 413)
    const elsewhere = `/api/v1/organizations/${house.organization.slug}/api-keys`
    assert.equal((await usher.call('POST', elsewhere, { token: adminToken, body: '{}', headers })).status, 415)
    assert.equal((await links(house, ann!)).length, 1, 'nothing was done')

    const moved = await end(await send(lines.join('\n'), `?${from}&days=0`))
    assert.deepEqual([moved.moved, moved.until], [2, null])
    assert.equal((await signIn(house.next, { sub: 'a' })).body.user.id, ann)
    const { paths } = (await usher.call('GET', '/api/v1/openapi.json')).body
    const { requestBody, parameters } = paths['/organizations/{org}/connections/{id}/relink'].post
    assert.deepEqual(Object.keys(requestBody.content), ['application/json', 'application/x-ndjson'])
    assert.deepEqual(
      parameters.map(({ name }: Answer['body']) => name),
      ['org', 'id', 'from', 'days', 'until', 'dryRun'],
    )
  })

  it('f16 G1 whoever holds a privileged role is moved only by somebody who may grant it; neverLink holds for all but lists', async () => {
    const house = await twoDoors()
    const [ann, bob] = await people(house, 'ann', 'bob')
    await house.organization.admin('PUT', '/roles/root', { privileged: true })
    await house.organization.admin('PUT', `/users/${ann}/roles/root`)
    await house.next.jit({ ...noRules, neverLink: { users: [bob] } })
    const { token } = await house.organization.admin('POST', '/api-keys', { name: 'k', scopes: ['admin'] })
    const by = { attribute: 'subject' }
    assert.deepEqual(counts(await house.relink({ by }, token)), {
      all: 2,
      moved: 0,
      alreadyLinked: 0,
      ambiguous: 0,
      kept: 2,
      missing: 0,
    })
    assert.equal((await house.relink({ by })).moved, 1)
    const named = await house.relink({ by: { pairs: [{ user: bob, newSubject: 'bob-subject' }] } }, token)
    assert.equal(named.moved, 1)
  })

  it('f16 what is asked wrongly is 400, and other organizations are not reached', async () => {
    const house = await twoDoors()
    const by = { attribute: 'subject' }
    const wrong = [
      { by, from: house.next.id },
      { by, from: 'nobody' },
      { by: { attribute: 'userName' } },
      { by: { pairs: [] } },
      { by: { pairs: [{ user: 'x', oldSubject: 'y', newSubject: 'z' }] } },
      { by, window: { days: 400 } },
      { by, window: { until: 'tomorrow' } },
      {},
    ]
    for (const body of wrong) {
      const answer = await house.ask(body)
      assert.deepEqual([answer.status, answer.body.code], [400, 'validation_failed'], JSON.stringify(body))
    }
    const other = await twoDoors()
    assert.equal((await house.ask({ by, from: other.connection.id })).status, 400)
    const { token } = await house.organization.admin('POST', '/api-keys', { name: 'k', scopes: ['read'] })
    assert.equal((await house.ask({ by }, token)).status, 403)
  })
})

describe('a link that is cut by hand', () => {
  async function cut(bar = true) {
    const house = await buildHouse(usher, provider)
    const answer = await signIn(house.connection, house.person('ann'))
    const { id } = answer.body.user
    const [{ id: link }] = await links(house, id)
    await house.organization.admin('DELETE', `/users/${id}/identities/${link}?bar=${bar}`)
    return { ...house, id, link, login: (more = {}) => signIn(house.connection, house.person('ann', more)) }
  }

  it('f14 G15 the rules make it again, and it counts as no first login: grants stay as they are', async () => {
    const house = await cut(false)
    const before = (await house.users()).Resources[0]
    const back = await house.login()
    assert.deepEqual([verdict(back), back.body.user.id], ['linked', house.id])
    assert.deepEqual(back.body.user.roles, before.roles)
    assert.deepEqual(
      (await links(house, house.id)).map(({ closedAt, barred }: Answer['body']) => [closedAt === null, barred]),
      [
        [true, false],
        [false, false],
      ],
    )
  })

  it('f14 with a bar no rule makes it again and nobody new is made, until the bar is lifted', async () => {
    const house = await cut()
    await house.organization.admin('PUT', '/roles/helper', {})
    await house.organization.admin('PUT', `/users/${house.id}/roles/helper`)
    const before = await house.users()
    for (const jit of [{}, { matching: [], domains: 'any' }, { mode: 'link' }, { mode: 'off' }]) {
      await house.connection.jit(jit)
      const refused = await house.login()
      assert.equal(verdict(refused), 'link_removed')
      assert.match((await house.decision(refused)).steps.at(-1).detail, /closed/)
    }
    await house.connection.jit({ mode: 'observe' })
    assert.equal((await house.decision(await house.login())).code, 'link_removed')
    assert.deepEqual(await house.users(), before)

    await house.connection.jit({})
    const [closed] = await links(house, house.id)
    assert.deepEqual(
      [closed.id, closed.reason, closed.closedBy, closed.barred],
      [house.link, 'unlinked', 'admin:operator', true],
    )
    await house.organization.admin('DELETE', `/users/${house.id}/identities/${house.link}/bar`)
    assert.equal(
      (await house.organization.ask('DELETE', `/users/${house.id}/identities/${house.link}/bar`)).status,
      404,
    )
    const back = await house.login()
    assert.deepEqual([verdict(back), back.body.user.id], ['linked', house.id])
    assert.deepEqual(back.body.roles, ['helper', 'member'])
    assert.deepEqual(
      (await links(house, house.id)).map(({ closedAt, barred }: Answer['body']) => [closedAt === null, barred]),
      [
        [true, false],
        [false, false],
      ],
    )
    const actions = (await house.changes()).map(({ action }) => action)
    assert.deepEqual(
      actions.filter((action) => ['unlink', 'lift-bar'].includes(action)),
      ['unlink', 'lift-bar'],
    )
  })

  it('f14 K4 another subject of the person is linked, and this subject to somebody else', async () => {
    const house = await cut()
    assert.equal((await house.login({ sub: 'ann-new' })).body.user.id, house.id)
    const { id } = await house.scim.must(
      'POST',
      '/Users',
      user('ann2', { emails: [{ value: house.email('ann2'), type: 'work' }] }),
    )
    const other = await house.login({ email: house.email('ann2') })
    assert.deepEqual([verdict(other), other.body.user?.id], ['linked', id])
  })

  it('f14 L5 the tombstone of the user remembers the subject too', async () => {
    const house = await cut()
    await house.connection.jit({ matching: [], domains: 'any' })
    await house.scim.must('PATCH', `/Users/${house.id}`, patchOp({ op: 'replace', path: 'title', value: 'Boss' }))
    await house.scim.must('DELETE', `/Users/${house.id}`)
    assert.equal(verdict(await house.login()), 'user_deleted')
    const [{ id }] = (await house.organization.admin('GET', '/tombstones')).items
    await house.organization.admin('DELETE', `/tombstones/${id}`)
    assert.equal(verdict(await house.login()), 'created')
    assert.equal((await house.organization.ask('GET', `/users/${house.id}/identities`)).status, 404)
  })
})
