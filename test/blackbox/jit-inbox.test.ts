import assert from 'node:assert/strict'
import { after, describe, it, mock } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, type HouseSettings, verdict } from './house.ts'
import { answer, inbox, keyFor, only } from './inboxes.ts'
import { everyItem } from './invariants.ts'
import { jobEnd } from './jobs.ts'
import { unlessAlone } from './neighbour.ts'
import { type Answer, group, startUsher, user } from './usher.ts'

type Body = Answer['body']

const usher = await startUsher()
const [provider, successor] = await Promise.all([TestProvider.start(), TestProvider.start()])
after(() => Promise.all([provider.close(), successor.close()]))

const byEmail = { matching: [{ claim: 'email', attribute: 'emails.value' }], userName: { claim: 'sub' } }

/** A house whose rule finds people by their e-mail address, and users of SCIM with addresses in it. */
async function office(settings: HouseSettings = {}) {
  const home = await buildHouse(usher, provider, { jit: byEmail, ...settings })
  const push = async (userName: string, name: string): Promise<string> =>
    (await home.scim.must('POST', '/Users', user(userName, { emails: [{ value: home.email(name), type: 'work' }] }))).id
  const signIn = (name: string, more = {}) => home.connection.login(home.person(name, more))
  return { ...home, push, signIn }
}

/** The plan that the server chose. */
function winner(explained: unknown): string {
  const { queryPlanner } = explained as { readonly queryPlanner: { readonly winningPlan: unknown } }
  return JSON.stringify(queryPlanner.winningPlan)
}

describe('f18 what a login cannot decide becomes an item for an administrator', () => {
  it('f18 names the person and the users found; logins at the same moment count on one item, each with its own decision', async () => {
    const home = await office()
    const found = [await home.push('ann-1', 'ann'), await home.push('ann-2', 'ann')]
    const secret = { internal_note: 'not mapped' }
    const refused = await Promise.all(Array.from({ length: 6 }, () => home.signIn('ann', secret)))
    assert.deepEqual(new Set(refused.map(verdict)), new Set(['match_ambiguous']))

    const item = await only(home)
    assert.deepEqual(
      [item.kind, item.status, item.count, item.answers, item.answer],
      ['match_ambiguous', 'open', 6, ['link', 'create', 'dismiss'], null],
    )
    const { claims, ...person } = item.person
    assert.deepEqual(person, {
      connection: home.connection.id,
      issuer: provider.issuer,
      subject: 'ann-subject',
      user: null,
    })
    assert.deepEqual([claims.email, claims.internal_note, claims.iat], [home.email('ann'), undefined, undefined])
    assert.deepEqual(item.candidates.map(({ value }: Body) => value).sort(), found.sort())
    const decisions = await everyItem(home, '/decisions')
    const ids = new Set(decisions.map(({ id }) => id))
    assert.equal(ids.size, 6)
    assert.ok(ids.has(item.firstDecision.id) && ids.has(item.lastDecision.id))
    assert.ok(item.firstAt <= item.lastAt)
    const noted = await home.organization.admin('GET', `/decisions/${item.lastDecision.reference}`)
    assert.equal(noted.code, 'match_ambiguous')
  })

  it('f18 an approved link is a change of user and item; whoever answers second, or for an older version, hears of it', async () => {
    const home = await office()
    const id = await home.push('ann-1', 'ann')
    await home.push('ann-2', 'ann')
    await home.signIn('ann')
    const read = await home.organization.ask('GET', `/inbox/${(await only(home)).id}`)
    await home.signIn('ann')
    const item = read.body
    const stale = await usher.call('POST', `/api/v1/organizations/${home.organization.slug}/inbox/${item.id}/dismiss`, {
      token: (await keyFor(home, 'admin')).token,
      headers: { 'if-match': String(read.headers.get('etag')) },
    })
    assert.deepEqual([stale.status, stale.body.code], [412, 'precondition_failed'])
    assert.equal((await answer(home, item, 'release')).body.code, 'invalid_request')
    assert.equal((await answer(home, item, 'link', { user: 'nobody' })).status, 404)
    assert.equal((await answer(home, item, 'link')).status, 400)

    const key = await keyFor(home, 'admin')
    const answers = await Promise.all([
      answer(home, item, 'link', { user: id }, key.token),
      answer(home, item, 'link', { user: id }, key.token),
    ])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409])
    assert.equal(answers.find(({ status }) => status === 409)?.body.code, 'already_answered')
    const given = await only(home, 'status=answered')
    assert.deepEqual([given.answer.action, given.answer.actor, given.person.user], ['link', `admin:${key.id}`, id])

    const changes = (await home.changes()).filter(({ actor }) => actor === `admin:${key.id}`)
    assert.deepEqual(
      changes.map(({ resource, action }) => [resource.type, resource.id, action]),
      [
        ['User', id, 'link'],
        ['InboxItem', item.id, 'link'],
      ],
    )
    const login = await home.signIn('ann')
    assert.deepEqual([verdict(login), login.body.user.id], ['updated', id])
    assert.equal(verdict(await home.signIn('ann')), 'unchanged')
  })

  it('f18 K2 a holder of a privileged role is linked by the operator or a key for it only', async () => {
    const home = await office()
    await home.organization.admin('PUT', '/roles/admin', { privileged: true })
    const id = await home.push('boss', 'boss')
    await home.organization.admin('PUT', `/users/${id}/roles/admin`)
    assert.equal(verdict(await home.signIn('boss')), 'match_target_protected')
    const item = await only(home, `user=${id}`)
    const refused = await answer(home, item, 'link', { user: id }, (await keyFor(home, 'admin')).token)
    assert.deepEqual([refused.status, refused.body.code], [403, 'privileged_grant_refused'])
    assert.equal((await only(home)).status, 'open')
    const { token } = await keyFor(home, 'admin', 'admin:privileged')
    assert.equal((await answer(home, item, 'link', { user: id }, token)).status, 200)
    assert.equal((await home.signIn('boss')).body.user.id, id)
  })

  it('f18 K4 a user who has another subject here cannot be linked; an approval makes one new user, once', async () => {
    const home = await office()
    const { body } = await home.signIn('ann')
    assert.equal(verdict(await home.signIn('ann', { sub: 'second' })), 'linked_to_other_subject')
    const item = await only(home)
    const taken = await answer(home, item, 'link', { user: body.user.id })
    assert.deepEqual([taken.status, taken.body.code], [409, 'already_linked'])
    assert.equal((await answer(home, item, 'create')).status, 200)
    const created = await home.signIn('ann', { sub: 'second' })
    assert.equal(verdict(created), 'created')
    assert.notEqual(created.body.user.id, body.user.id)
    const { person, answer: used } = await only(home)
    assert.deepEqual(
      [person.user, used.action, used.decisionId],
      [created.body.user.id, 'create', created.body.decisionId],
    )
    assert.equal(verdict(await home.signIn('ann', { sub: 'third' })), 'match_ambiguous')
  })

  it('f18 L5 an approval outweighs a tombstone, and no approval outweighs mode link', async () => {
    const home = await office()
    const { body } = await home.signIn('ann')
    await home.scim.must('DELETE', `/Users/${body.user.id}`)
    assert.equal(verdict(await home.signIn('ann')), 'user_deleted')
    await answer(home, await only(home), 'create')
    await home.connection.jit({ ...byEmail, mode: 'link' })
    assert.equal(verdict(await home.signIn('ann')), 'user_deleted')
    await home.connection.jit(byEmail)
    assert.equal(verdict(await home.signIn('ann')), 'created')
    assert.deepEqual(await inbox(home, 'status=open'), [])
  })

  it('f18 a dismissed item stays closed and the next refusal opens a new one; a login that succeeds settles it', async () => {
    const home = await office({ organization: { seatLimit: 1 } })
    await home.push('only', 'only')
    assert.equal(verdict(await home.signIn('ann')), 'seat_limit_reached')
    await answer(home, await only(home), 'dismiss')
    assert.equal(verdict(await home.signIn('ann')), 'seat_limit_reached')
    assert.deepEqual(
      (await inbox(home)).map(({ status }) => status),
      ['open', 'answered'],
    )
    await home.organization.admin('PATCH', '', { seatLimit: 2 })
    const created = await home.signIn('ann')
    assert.equal(verdict(created), 'created')
    const [settled] = await inbox(home)
    assert.deepEqual(
      [settled.status, settled.answer.action, settled.answer.actor, settled.answer.decisionId],
      ['answered', 'settled', `login:${home.connection.id}`, created.body.decisionId],
    )
    await home.scim.must('DELETE', `/Users/${created.body.user.id}`)
    assert.deepEqual(await inbox(home), [], 'what is known of a person goes with the user')
  })

  it('f18 a returning login that changes nothing does not look into the inbox; observe leaves nothing there', {
    skip: unlessAlone('it counts all calls of the database'),
  }, async () => {
    const home = await office()
    await home.signIn('ann')
    const { find, bulkWrite } = usher.store.inbox
    const calls = [mock.method(usher.store.inbox, 'find', find), mock.method(usher.store.inbox, 'bulkWrite', bulkWrite)]
    const transaction = mock.method(usher.store, 'transaction', usher.store.transaction)
    assert.equal(verdict(await home.signIn('ann')), 'unchanged')
    assert.deepEqual(
      [...calls, transaction].map((each) => each.mock.callCount()),
      [0, 0, 0],
    )
    for (const each of [...calls, transaction]) each.mock.restore()
    await home.connection.jit({ ...byEmail, mode: 'observe' })
    assert.equal(verdict(await home.signIn('ann', { sub: 'second' })), 'observed')
    assert.deepEqual(await inbox(home), [])
  })
})

describe('f18 what is open about a person goes where the person goes', () => {
  it('f16 f18 a link by a relink: the first login by it settles what was open', async () => {
    const home = await office({ organization: { seatLimit: 1 } })
    const next = await home.organization.connection(successor)
    await next.jit({ matching: [], domains: 'any' })
    const { body } = await home.signIn('ann')
    assert.equal(verdict(await next.login(home.person('ann'))), 'seat_limit_reached')
    assert.equal((await only(home)).status, 'open')
    const order = { from: home.connection.id, by: { attribute: 'subject' } }
    const { job } = await home.organization.admin('POST', `/connections/${next.id}/relink`, order)
    assert.equal((await jobEnd(usher, job)).result.moved, 1)
    const login = await next.login(home.person('ann'))
    assert.equal(login.body.user.id, body.user.id)
    const item = await only(home)
    assert.deepEqual(
      [item.status, item.answer.action, item.answer.decisionId, item.person.user],
      ['answered', 'settled', login.body.decisionId, body.user.id],
    )
  })

  it('f18 f19 a merge: what was said of the one that goes is said of the survivor', async () => {
    const home = await office()
    const [survivor, from] = [await home.push('ann-1', 'ann'), await home.push('ann-2', 'ann')]
    assert.equal(verdict(await home.signIn('ann')), 'match_ambiguous')
    await home.organization.admin('POST', `/users/${survivor}/merge`, { from })
    const open = await only(home, `user=${survivor}`)
    assert.deepEqual([open.status, open.candidates], ['open', [{ value: survivor, display: 'ann-1' }]])
    assert.deepEqual(await inbox(home, `user=${from}`), [])
    assert.equal(verdict(await home.signIn('ann')), 'linked')
    assert.equal((await only(home)).answer.action, 'settled')
  })

  it('f11 f18 f19 a merge: a removal that is held can be released at the survivor', async () => {
    const home = await office()
    const { id: crew } = await home.scim.must('POST', '/Groups', group('Crew'))
    const groups = { mode: 'sync', allow: ['Crew'] }
    await home.connection.jit({ ...byEmail, matching: [], groups, limits: { removalShare: 0 } })
    const { body } = await home.signIn('ann', { groups: ['Crew'] })
    await home.signIn('ann', { groups: [] })
    const survivor = await home.push('ann-1', 'ann')
    await home.organization.admin('POST', `/users/${survivor}/merge`, { from: body.user.id })
    const members = async () => (await home.scim.must('GET', `/Groups/${crew}`)).members ?? []
    assert.deepEqual(
      (await members()).map(({ value }: Body) => value),
      [survivor],
    )
    const item = await only(home, 'status=open')
    assert.deepEqual([item.kind, item.person.user], ['removal_held', survivor])
    assert.equal((await answer(home, item, 'release')).status, 200)
    assert.deepEqual(await members(), [])
  })
})

describe('the inbox is a list like the others', () => {
  it('f18 pages newest first, filters, and belongs to its organization and its scopes', async () => {
    const home = await office({ organization: { seatLimit: 0 } })
    const names = ['ann', 'bob', 'cat']
    for (const name of names) await home.signIn(name)
    const pages: Body[] = []
    for (let cursor = ''; pages.length < 3; cursor = `&cursor=${pages.at(-1).nextCursor}`) {
      pages.push(await home.organization.admin('GET', `/inbox?limit=1${cursor}`))
    }
    assert.deepEqual(
      pages.map(({ items }) => items[0].person.subject),
      names.toReversed().map((name) => `${name}-subject`),
    )
    assert.equal(pages.at(-1).nextCursor, undefined)
    assert.deepEqual(await inbox(home, 'kind=user_deleted'), [])
    assert.equal((await home.organization.ask('GET', '/inbox?kind=unheard_of')).status, 400)
    const { id } = pages[0].items[0]
    const stranger = await usher.organization()
    assert.equal((await stranger.ask('GET', `/inbox/${id}`)).status, 404)
    const { token } = await keyFor(home, 'read')
    assert.equal((await home.organization.ask('GET', `/inbox/${id}`, undefined, token)).status, 200)
    assert.equal((await home.organization.ask('POST', `/inbox/${id}/dismiss`, {}, token)).status, 403)
  })

  it('f18 each of its queries is answered by an index', async () => {
    const home = await office({ organization: { seatLimit: 0 } })
    await home.signIn('ann')
    const { _id: id } = (await usher.store.organizations.findOne({ slug: home.organization.slug }))!
    const queries = [
      {},
      { status: 'open' },
      { kind: 'seat_limit_reached' },
      { connection: home.connection.id },
      { users: 'x' },
      { person: 'x', live: true },
      { $or: [{ users: 'x', user: 'x' }, { person: { $in: ['x'] } }] },
    ]
    for (const query of queries) {
      const sort = Object.hasOwn(query, 'person') || Object.hasOwn(query, '$or') ? undefined : ({ _id: -1 } as const)
      const options = sort === undefined ? {} : { sort, limit: 10 }
      const plan = winner(await usher.store.inbox.explain(id, query, options))
      assert.ok(!/COLLSCAN|"SORT"/.test(plan), `${JSON.stringify(query)}: ${plan}`)
    }
    const given = { group: 'g', 'sources.source': 'login:x' }
    assert.doesNotMatch(winner(await usher.store.memberships.explain(id, given)), /COLLSCAN/)
  })
})
