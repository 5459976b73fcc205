import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { adminToken, group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

/** One directory, two doors: a SCIM push and a federated login end in one user. */
describe('two doors', () => {
  async function house(client: Readonly<Record<string, unknown>> = {}) {
    const organization = await usher.organization()
    const scim = await organization.scimClient(client)
    const connection = await organization.connection(provider)
    return { organization, scim, connection, email: `ann@${organization.domain}` }
  }

  const claims = (email: string) => ({
    sub: 'ann-1',
    email,
    email_verified: true,
    given_name: 'Ann',
    family_name: 'Lee',
  })

  it('f2 a user pushed by SCIM is linked by the externalId at the first login', async () => {
    const { organization, scim, connection, email } = await house()
    const pushed = await scim.must('POST', '/Users', user(email, { externalId: 'ann-1', title: 'Engineer' }))
    const answer = await connection.login(claims(email))
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.body.outcome, 'linked')
    assert.equal(answer.body.user.id, pushed.id)
    assert.equal(answer.body.user.title, 'Engineer')
    assert.equal(answer.body.user.name.givenName, 'Ann')
    assert.equal((await scim.must('GET', '/Users')).totalResults, 1)

    const provenance = await organization.admin('GET', `/users/${pushed.id}/provenance`)
    const sourceOf = (path: string) => provenance.attributes.find((one: { path: string }) => one.path === path)?.source
    assert.equal(sourceOf('title'), `scim:${scim.id}`)
    assert.equal(sourceOf('name.givenName'), `login:${connection.id}`)
    assert.deepEqual(provenance.roles, [{ value: 'member', sources: ['default'] }])
    assert.equal(provenance.identities[0].subject, 'ann-1')
  })

  it('A8 a local user with the proved address is taken over, and what is overwritten follows the method', async () => {
    for (const [attributeSyncMethod, nickName] of [
      ['OVERRIDE_ALL', 'Annie'],
      ['PRESERVE_LOCAL', 'Annie'],
      ['FILL_EMPTY', 'Nan'],
      ['NONE', 'Nan'],
    ] as const) {
      const { organization, connection, email } = await house()
      const body = user('local', { emails: [{ value: email, type: 'work' }], nickName: 'Nan' })
      const path = `/scim/v2/${organization.slug}/Users`
      const made = await usher.call('POST', path, { token: adminToken, body })
      assert.equal(made.status, 201, made.text)
      await connection.jit({ attributeSyncMethod })
      const { body: answer } = await connection.login({ ...claims(email), nickname: 'Annie' })
      assert.deepEqual([answer.outcome, answer.user?.id], ['linked', made.body.id])
      assert.deepEqual([answer.user.userName, answer.user.nickName], ['local', nickName], attributeSyncMethod)
    }
  })

  it('L7 what a SCIM client gave stays when the client goes, and provenance still says who gave it', async () => {
    const { organization, scim, connection, email } = await house()
    const { id } = await scim.must('POST', '/Users', user(email, { externalId: 'ann-1', title: 'Engineer' }))
    const crew = await scim.must('POST', '/Groups', group('Crew', { members: [{ value: id }] }))
    await organization.admin('DELETE', `/scim-clients/${scim.id}`)
    assert.equal((await scim.call('GET', `/Users/${id}`)).status, 401)
    await connection.jit({ attributeSyncMethod: 'OVERRIDE_ALL', matching: [{ claim: 'email', attribute: 'userName' }] })
    const { body } = await connection.login(claims(email))
    assert.deepEqual([body.outcome, body.user?.id, body.user?.title], ['linked', id, 'Engineer'])
    const { attributes, groups } = await organization.admin('GET', `/users/${id}/provenance`)
    const title = attributes.find(({ path }: { path: string }) => path === 'title')
    assert.equal(title.source, `scim:${scim.id}`)
    assert.deepEqual(groups, [{ value: crew.id, display: 'Crew', sources: [`scim:${scim.id}`] }])
  })

  it('f2 a user made by a login is adopted by a later SCIM POST of a client that adopts', async () => {
    const { scim, connection, email } = await house({ onExisting: 'adopt' })
    const first = await connection.login(claims(email))
    assert.equal(first.body.outcome, 'created', first.text)
    const pushed = await scim.call('POST', '/Users', user(email, { externalId: 'ann-1', title: 'Engineer' }))
    assert.equal(pushed.status, 201, pushed.text)
    assert.equal(pushed.body.id, first.body.user.id)
    assert.equal(pushed.body.externalId, 'ann-1')
    assert.equal(pushed.body.name.givenName, 'Ann')
    assert.equal((await scim.must('GET', '/Users')).totalResults, 1)
    const again = await connection.login(claims(email))
    assert.equal(again.body.outcome, 'unchanged', again.text)
  })

  it('R72 without adoption the POST is 409 uniqueness and the user stays as it was', async () => {
    const { scim, connection, email } = await house()
    const first = await connection.login(claims(email))
    const pushed = await scim.call('POST', '/Users', user(email, { externalId: 'ann-1' }))
    assert.equal(pushed.status, 409)
    assert.equal(pushed.body.scimType, 'uniqueness')
    const found = await scim.must('GET', `/Users?filter=${encodeURIComponent(`userName eq "${email}"`)}`)
    assert.equal(found.Resources[0].id, first.body.user.id)
    assert.equal(found.Resources[0].meta.version, first.body.user.meta.version)
  })

  it('L1 a user deactivated by SCIM is refused with a reference that finds the decision', async () => {
    const { organization, scim, connection, email } = await house()
    const pushed = await scim.must('POST', '/Users', user(email, { externalId: 'ann-1' }))
    await connection.login(claims(email))
    await scim.must('PATCH', `/Users/${pushed.id}`, patchOp({ op: 'replace', path: 'active', value: false }))
    const refused = await connection.login(claims(email))
    assert.equal(refused.status, 403)
    assert.equal(refused.body.code, 'user_deactivated_by_scim')
    assert.match(refused.body.reference, /^[2-9A-Z]{4}-[2-9A-Z]{4}$/)
    const decision = await organization.admin('GET', `/decisions/${refused.body.reference}`)
    assert.equal(decision.id, refused.body.decisionId)
    assert.equal(decision.outcome, 'refused')
    assert.equal(decision.code, 'user_deactivated_by_scim')
    assert.equal(decision.steps.at(-1).step, 'lifecycle')
    assert.deepEqual(decision.operations, [])
  })

  it('L5 a deleted user is refused until the tombstone is lifted, and then made anew', async () => {
    const { organization, scim, connection, email } = await house()
    const first = await connection.login(claims(email))
    assert.equal((await scim.call('DELETE', `/Users/${first.body.user.id}`)).status, 204)
    const refused = await connection.login(claims(email))
    assert.equal(refused.body.code, 'user_deleted', refused.text)
    const { items } = await organization.admin('GET', '/tombstones')
    await organization.admin('DELETE', `/tombstones/${items[0].id}`)
    const anew = await connection.login(claims(email))
    assert.equal(anew.body.outcome, 'created', anew.text)
    assert.notEqual(anew.body.user.id, first.body.user.id)
  })

  it('G6 memberships of SCIM and of a login are kept apart by source', async () => {
    const { organization, scim, connection, email } = await house()
    const pushed = await scim.must('POST', '/Users', user(email, { externalId: 'ann-1' }))
    const group = async (displayName: string, members: readonly string[] = []) =>
      scim.must('POST', '/Groups', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName,
        members: members.map((value) => ({ value })),
      })
    const byScim = await group('By SCIM', [pushed.id])
    const byClaim = await group('By claim')
    await connection.jit({
      groups: {
        mode: 'sync',
        claim: 'groups',
        mapping: [
          { value: 'a', group: byClaim.id },
          { value: 'b', group: byScim.id },
        ],
      },
    })
    const withGroups = (groups: readonly string[]) => connection.login({ ...claims(email), groups })
    const names = (answer: { body: { groups: { display: string }[] } }) =>
      answer.body.groups.map(({ display }) => display).sort()
    assert.deepEqual(names(await withGroups(['a', 'b'])), ['By SCIM', 'By claim'])
    assert.deepEqual(names(await withGroups([])), ['By SCIM'])
    const provenance = await organization.admin('GET', `/users/${pushed.id}/provenance`)
    assert.deepEqual(provenance.groups[0].sources, [`scim:${scim.id}`])
  })

  it('SYNC a login that changes nothing leaves version and changes as they were', async () => {
    const { organization, connection, email } = await house()
    const first = await connection.login(claims(email))
    const before = await organization.admin('GET', '/changes')
    const second = await connection.login(claims(email))
    assert.equal(second.body.outcome, 'unchanged')
    assert.equal(second.body.user.meta.version, first.body.user.meta.version)
    assert.equal((await organization.admin('GET', '/changes')).items.length, before.items.length)
    const { items } = await organization.admin('GET', `/decisions?user=${first.body.user.id}`)
    assert.equal(items.length, 2)
  })
})
