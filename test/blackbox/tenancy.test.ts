import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { TestProvider } from '../provider/test-provider.ts'
import { runs } from '../runs.ts'
import { askBulk, bulkUrn, postUser } from './bulking.ts'
import { addMembers, asMembers, makeGroup, membersOf } from './grouping.ts'
import { list, people, pick } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { type Answer, group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

async function house() {
  const organization = await usher.organization()
  const client = await organization.scimClient()
  const [ann] = await people(client, ['ann'], () => ({ title: 'secret of ours', externalId: 'x-1' }))
  const crew = await makeGroup(client, 'Crew', [ann!])
  return { organization, client, ann: ann!, crew: crew.id as string }
}

const change = patchOp({ op: 'replace', path: 'title', value: 'changed' })
const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

/** What tells two answers apart, but for the id that was asked for. */
function seen({ status, text }: Answer, id: string): string {
  return `${status} ${text.replaceAll(id, '…')}`
}

describe('organizations are apart (RFC 7644 section 6)', () => {
  it('R277 R39 row 5 a credential at the URL of another organization gets what an unknown organization gets', async () => {
    const [ours, theirs] = await Promise.all([house(), house()])
    const { token: key } = await ours.organization.admin('POST', '/api-keys', { name: 'key', scopes: ['admin'] })
    const nowhere = 'no-such-organization'
    const requests = [
      ['GET', '/Users', undefined],
      ['GET', `/Users/${theirs.ann}`, undefined],
      ['POST', '/Users', user('bob')],
      ['PATCH', `/Users/${theirs.ann}`, change],
      ['DELETE', `/Groups/${theirs.crew}`, undefined],
      ['POST', '/.search', { schemas: [searchUrn], filter: 'id pr' }],
      ['POST', '/Bulk', { schemas: [bulkUrn], Operations: [postUser('a', 'bob')] }],
      ['GET', '/Roles', undefined],
      ['GET', '/Me', undefined],
    ] as const
    for (const token of [ours.client.token, key]) {
      for (const [method, path, body] of requests) {
        const at = (slug: string) => usher.call(method, `/scim/v2/${slug}${path}`, { token, body })
        const answer = await at(theirs.organization.slug)
        assertScimError(answer, 404)
        assert.equal(answer.text, (await at(nowhere)).text)
      }
    }
    assert.equal((await list(theirs.client, '/Users')).totalResults, 1)
    for (const path of ['', '/connections', '/users/x/provenance', '/changes', '/decisions', '/tombstones']) {
      const at = (slug: string) => usher.call('GET', `/api/v1/organizations/${slug}${path}`, { token: key })
      const answer = await at(theirs.organization.slug)
      assert.equal(answer.status, 404, path)
      const { instance: _, ...rest } = answer.body
      const { instance: __, ...unknown } = (await at(nowhere)).body
      assert.deepEqual(rest, unknown)
    }
  })

  it('R277 without credentials every organization looks the same, known or not', async () => {
    const { organization, ann } = await house()
    for (const path of ['/Users', `/Users/${ann}`, '/Bulk', '/Nothing']) {
      const answers = await Promise.all(
        [organization.slug, 'no-such-organization'].map((slug) => usher.call('GET', `/scim/v2/${slug}${path}`)),
      )
      for (const answer of answers) assertScimError(answer, 401)
      assert.equal(answers[0]!.text, answers[1]!.text)
    }
    const discovery = await Promise.all(
      [organization.slug, 'no-such-organization'].map(async (slug) => {
        const { text } = await usher.call('GET', `/scim/v2/${slug}/Schemas`)
        return text.replaceAll(slug, '…')
      }),
    )
    assert.equal(discovery[0], discovery[1])
  })

  it('R278 R39 ids of another organization are as unknown as ids that nobody has', async () => {
    const [ours, theirs] = await Promise.all([house(), house()])
    const { client } = ours
    const nobody = '00000000-0000-4000-8000-000000000000'
    const requests: readonly ((id: string) => Promise<Answer>)[] = [
      (id) => client.call('GET', `/Users/${id}`),
      (id) => client.call('PUT', `/Users/${id}`, user('bob')),
      (id) => client.call('PATCH', `/Users/${id}`, change),
      (id) => client.call('DELETE', `/Users/${id}`),
      (id) => client.call('GET', `/Groups/${id}`),
      (id) => client.call('PUT', `/Groups/${id}`, group('New')),
      (id) => client.call('DELETE', `/Groups/${id}`),
      (id) => client.call('PATCH', `/Groups/${ours.crew}`, addMembers(id)),
      (id) => client.call('PUT', `/Groups/${ours.crew}`, group('Crew', { members: asMembers([id]) })),
      (id) => client.call('GET', `/Users?filter=${encodeURIComponent(`id eq "${id}"`)}`),
      (id) => client.call('GET', `/Users?filter=${encodeURIComponent(`groups.value eq "${id}"`)}`),
      (id) => client.call('GET', `/Groups?filter=${encodeURIComponent(`members.value eq "${id}"`)}`),
      (id) => askBulk(client, [{ method: 'DELETE', path: `/Users/${id}` }]),
      (id) => ours.organization.ask('GET', `/users/${id}/provenance`),
      (id) => ours.organization.ask('POST', `/users/${id}/suspend`),
      (id) => ours.organization.ask('PUT', `/users/${id}/roles/member`),
      (id) => ours.organization.ask('PUT', '/roles/helper', { groups: [id] }),
    ]
    for (const [index, ask] of requests.entries()) {
      const unknown = seen(await ask(nobody), nobody)
      for (const id of [theirs.ann, theirs.crew]) assert.equal(seen(await ask(id), id), unknown, `request ${index}`)
    }
    assert.deepEqual(membersOf(await theirs.client.must('GET', `/Groups/${theirs.crew}`)), [theirs.ann])
    assert.equal((await theirs.client.must('GET', `/Users/${theirs.ann}`)).title, 'secret of ours')
  })

  it('R278 names, externalIds, groups and roles are unique within one organization only', async () => {
    const [ours, theirs] = await Promise.all([house(), house()])
    assert.notEqual(ours.ann, theirs.ann)
    await ours.client.must('PATCH', `/Users/${ours.ann}`, change)
    assert.equal((await theirs.client.must('GET', `/Users/${theirs.ann}`)).title, 'secret of ours')
    await ours.client.must('DELETE', `/Users/${ours.ann}`)
    assert.deepEqual(membersOf(await theirs.client.must('GET', `/Groups/${theirs.crew}`)), [theirs.ann])
    assert.equal((await theirs.organization.admin('GET', '/tombstones')).items.length, 0)
  })

  it('R181 R278 no filter, sort or page reaches another organization', async () => {
    const [ours] = await Promise.all([house(), house(), house()])
    const term = fc.constantFrom(
      'userName pr',
      'not (userName eq "nobody")',
      'title co "secret"',
      'userName sw ""',
      'externalId eq "x-1"',
      'emails pr',
      'active eq true',
      'groups pr',
      'id ne "x"',
      'meta.created gt "2000-01-01T00:00:00Z"',
      'urn:usher:scim:schemas:provisioning:1.0:User:state eq "active"',
    )
    const { tree } = fc.letrec<{ tree: string; pair: string; negated: string }>((tie) => ({
      tree: fc.oneof({ maxDepth: 3 }, term, tie('pair'), tie('negated')),
      pair: fc.tuple(tie('tree'), fc.constantFrom('and', 'or'), tie('tree')).map(([a, and, b]) => `(${a} ${and} ${b})`),
      negated: tie('tree').map((inner) => `not (${inner})`),
    }))
    const paging = fc.constantFrom(
      {},
      { sortBy: 'title' },
      { cursor: '' },
      { sortBy: 'emails', sortOrder: 'descending' },
    )
    await fc.assert(
      fc.asyncProperty(tree, paging, async (filter, parameters) => {
        const { totalResults = 0, ...body } = await list(ours.client, '/Users', { filter, ...parameters })
        assert.ok(totalResults <= 1)
        assert.ok(pick(body, 'id').every((id) => id === ours.ann))
      }),
      { numRuns: runs(60) },
    )
  })

  it('R279 every write leaves one record: who, what, how and in which request, without secrets', async () => {
    const { organization, client, ann, crew } = await house()
    const before = (await organization.admin('GET', '/changes')).items.length
    const answers = [
      await client.call('POST', '/Users', user('bob', { password: 'Correct-Horse' })),
      await client.call('PATCH', `/Users/${ann}`, change),
      await client.call('PATCH', `/Groups/${crew}`, patchOp({ op: 'remove', path: 'members' })),
      await client.call('PUT', `/Groups/${crew}`, group('Staff')),
      await client.call('DELETE', `/Users/${ann}`),
    ]
    const records = (await organization.admin('GET', '/changes')).items.slice(before)
    assert.deepEqual(
      records.map(({ actor, resource }: Answer['body']) => [actor, resource.type]),
      ['User', 'User', 'Group', 'Group', 'User'].map((type) => [`scim:${client.id}`, type]),
    )
    for (const [index, record] of records.entries()) {
      assert.ok(record.id && record.at && record.action)
      assert.equal(record.requestId, answers[index]!.headers.get('x-request-id'))
      for (const { method, path } of record.operations) {
        assert.match(method, /^(POST|PUT|PATCH|DELETE)$/)
        assert.match(path, /^\/(Users|Groups)/)
      }
    }
    assert.equal(records[2].resource.version, null, 'only the members changed')
    assert.doesNotMatch(JSON.stringify(records), /Correct-Horse/)
    await client.must('PUT', `/Groups/${crew}`, group('Staff'))
    assert.equal((await organization.admin('GET', '/changes')).items.length, before + 5, 'a no-op leaves none')
  })

  it('R277 a login reaches users of its own organization only', async () => {
    const [ours, theirs] = await Promise.all([usher.organization(), usher.organization()])
    const connection = await ours.connection(provider)
    const stranger = await theirs.connection(provider)
    const scim = await theirs.scimClient()
    await scim.must('POST', '/Users', user('ann@example.com', { externalId: 'ann-1' }))
    const email = `ann@${ours.domain}`
    const first = await connection.login({ sub: 'ann-1', email, email_verified: true })
    assert.equal(first.body.outcome, 'created', first.text)
    const elsewhere = await ours.ask('POST', `/connections/${stranger.id}/logins`, { idToken: 'x' })
    assert.equal(elsewhere.status, 404)
    assert.equal((await theirs.ask('GET', `/decisions/${first.body.decisionId}`)).status, 404)
    assert.equal((await theirs.ask('GET', `/decisions/${first.body.reference}`)).status, 404)
    assert.equal((await list(scim, '/Users')).totalResults, 1)
  })
})

describe('what is not built is not announced (RFC 9967)', () => {
  it('R283 R284 events and asynchronous requests are said to be off, and a wish for them is answered at once', async () => {
    const { client, ann } = await house()
    const config = await client.must('GET', '/ServiceProviderConfig')
    assert.equal(config.securityEvents?.asyncRequest ?? 'none', 'none')
    assert.deepEqual(config.securityEvents?.eventUris ?? [], [])
    const answer = await client.call('PATCH', `/Users/${ann}`, change, { prefer: 'respond-async, wait=5' })
    assert.equal(answer.status, 200)
    assert.equal(answer.body.title, 'changed')
    for (const header of ['set-txn', 'preference-applied']) assert.equal(answer.headers.get(header), null)
  })

  it('R282 URLs that are handed out hold ids, no personal data', async () => {
    const { client } = await house()
    const { meta } = await client.must(
      'POST',
      '/Users',
      user('bob@example.com', { emails: [{ value: 'bob@example.com' }] }),
    )
    assert.doesNotMatch(meta.location, /bob/)
  })
})
