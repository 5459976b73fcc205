import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertFinds, type Case } from './finding.ts'
import { enterpriseUrn, type Json } from './patching.ts'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const organization = await usher.organization()
const client = await organization.scimClient()
const kim = await client.must('POST', '/Users', user('kim', { externalId: 'KIM-1' }))
const bjensen = await client.must('POST', '/Users', user('bjensen'))
await client.must('POST', '/Users', user('JSmith', { roles: [{ value: 'editor', primary: true }] }))
const inner = await client.must('POST', '/Groups', group('Inner Circle', { members: [{ value: bjensen.id }] }))
const outer = await client.must(
  'POST',
  '/Groups',
  group('Outer', { members: [{ value: inner.id }, { value: kim.id }] }),
)
await client.must('POST', '/Groups', group('Empty'))

const users = (...cases: readonly Case[]) => assertFinds(client, '/Users', 'userName', cases)
const groups = (...cases: readonly Case[]) => assertFinds(client, '/Groups', 'displayName', cases)
const all = ['bjensen', 'JSmith', 'kim']
const managedBy = (value: string) => patchOp({ op: 'add', path: `${enterpriseUrn}:manager`, value: { value } })

/** Filters on what is computed from several places (RFC 7644 section 3.4.2.2). */
describe('filters on relations', () => {
  it('R173 groups by name and member, users by group, direct and indirect', async () => {
    await groups(
      ['displayName eq "INNER circle"', ['Inner Circle']],
      [`members eq "${bjensen.id}"`, ['Inner Circle']],
      [`members.value eq "${kim.id}"`, ['Outer']],
      [`members[value eq "${inner.id}"]`, ['Outer']],
      ['members[type eq "Group"]', ['Outer']],
      ['members pr', ['Inner Circle', 'Outer']],
      ['not (members pr)', ['Empty']],
      ['members eq null', ['Empty']],
      [`members ne "${kim.id}"`, ['Inner Circle', 'Outer']],
      [`id eq "${outer.id}" and members eq "${kim.id}"`, ['Outer']],
    )
    await users(
      [`groups.value eq "${inner.id}"`, ['bjensen']],
      [`groups.value eq "${outer.id}"`, ['bjensen', 'kim']],
      ['groups.display eq "inner circle"', ['bjensen']],
      ['groups.display co "\\u2028"', []],
      ['groups.display ew "circle"', ['bjensen']],
      [`groups[value eq "${inner.id}" and display sw "inner"]`, ['bjensen']],
      ['groups pr', ['bjensen', 'kim']],
      ['groups eq null', ['JSmith']],
      [`not (groups.value eq "${outer.id}")`, ['JSmith']],
    )
  })

  it('R173 R267 groups by what their members are called, as the members show it', async () => {
    const called = await client.must('POST', '/Users', user('lee', { displayName: 'Lee Kim' }))
    const band = await client.must(
      'POST',
      '/Groups',
      group('Band', { members: [{ value: called.id }, { value: kim.id }] }),
    )
    await groups(
      ['members.display eq "lee kim"', ['Band']],
      ['members.display eq "lee"', []],
      ['members.display eq "KIM"', ['Band', 'Outer']],
      ['members.display eq "inner circle"', ['Outer']],
      ['members.display sw "lee"', ['Band']],
      ['members.display co "kim"', ['Band', 'Outer']],
      ['members[display eq "kim" and type eq "User"]', ['Band', 'Outer']],
      ['members[display eq "inner circle" and type eq "User"]', []],
      [`members[display eq "kim" and value eq "${called.id}"]`, []],
      ['members.display ne "bjensen"', ['Band', 'Outer']],
      ['members.display pr', ['Band', 'Inner Circle', 'Outer']],
      ['not (members.display eq "kim")', ['Empty', 'Inner Circle']],
      ['members.display eq null', ['Empty']],
    )
    await client.must('PATCH', `/Users/${called.id}`, patchOp({ op: 'remove', path: 'displayName' }))
    await groups(['members.display eq "LEE"', ['Band']], ['members.display eq "Lee Kim"', []])
    await client.must('PATCH', `/Users/${bjensen.id}`, managedBy(called.id))
    await users(
      ['manager.displayName eq "lee"', ['bjensen']],
      ['manager.displayName pr and userName sw "b"', ['bjensen']],
      ['manager.displayName ne "lee" and userName sw "b"', []],
    )
    for (const path of [`/Groups/${band.id}`, `/Users/${called.id}`]) await client.must('DELETE', path)
  })

  it('R172 R235 a group is found by the version that it shows, and not by one that is past', async () => {
    const made = await client.must('POST', '/Groups', group('Versioned'))
    const path = `/Groups/${made.id}`
    await client.must('PATCH', path, patchOp({ op: 'add', path: 'members', value: [{ value: kim.id }] }))
    const { meta } = await client.must('GET', path)
    assert.notEqual(meta.version, made.meta.version)
    const version = (text: string) => JSON.stringify(text)
    await groups(
      [`meta.version eq ${version(meta.version)}`, ['Versioned']],
      [`id eq "${made.id}" and meta.version eq ${version(meta.version)}`, ['Versioned']],
      [`id eq "${outer.id}" and meta.version eq ${version(meta.version)}`, []],
      [`meta.version eq ${version(made.meta.version)}`, []],
      [`displayName sw "ver" and meta.version ne ${version(meta.version)}`, []],
      [`displayName sw "ver" and meta.version ne ${version(made.meta.version)}`, ['Versioned']],
      ['meta.version eq "W/\\"1\\""', []],
      ['displayName sw "ver" and meta.version pr', ['Versioned']],
    )
    const asked = (query: string) => client.call('GET', `/Groups?${query}`)
    assertScimError(await asked(`filter=${encodeURIComponent('meta.version gt "W/"')}`), 400, 'invalidFilter')
    assertScimError(await asked('sortBy=meta.version'), 400, 'invalidValue')
    await users([`id eq "${kim.id}" and meta.version eq ${version(kim.meta.version)}`, ['kim']])
    await client.must('DELETE', path)
  })

  it('R173 roles are filtered as they are shown, the default one and those of groups too', () =>
    users(
      ['roles.value eq "editor"', ['JSmith']],
      ['roles eq "member"', all],
      ['roles pr', all],
      ['roles eq null', []],
      ['not (roles.value eq "editor")', ['bjensen', 'kim']],
    ))

  it('R43 R158 a client finds by its own externalId only', async () => {
    const other = await organization.scimClient()
    await assertFinds(client, '/Users', 'userName', [
      ['externalId eq "KIM-1"', ['kim']],
      ['externalId eq null', ['bjensen', 'JSmith']],
      ['externalId ne "KIM-1"', ['bjensen', 'JSmith']],
      ['externalId sw "KIM"', ['kim']],
    ])
    await assertFinds(other, '/Users', 'userName', [
      ['externalId eq "KIM-1"', []],
      ['externalId pr', []],
      ['externalId eq null', all],
    ])
  })

  it('R164 what is known about the provisioning of a user can be filtered on', () => {
    const source = `scim:${client.id}`
    const urn = 'urn:usher:scim:schemas:provisioning:1.0:User'
    return users(
      [`${urn}:managedBy[source eq "${source}"]`, all],
      [`${urn}:managedBy.source eq "admin:operator"`, []],
      [`${urn}:managedBy.display eq "scim client"`, all],
      [`${urn}:managedBy[source eq "${source}" and display pr]`, all],
      [`${urn}:provisionedBy eq "scim"`, all],
      [`${urn}:state eq "active"`, all],
      [`${urn}:state ne "active"`, []],
      [`${urn}:identities[connection eq "x" and subject eq "y"]`, []],
      [`${urn}:identities pr`, []],
      [`${urn}:identities eq null`, all],
      [`${urn}:lastLogin pr`, []],
      [`${urn}:lastLogin eq null`, all],
      [`${urn}:lastLogin gt "2020-01-01T00:00:00Z"`, []],
    )
  })

  it('R186 resources can be sorted by their ids, both ways and by cursor', async () => {
    const ids = async (query: string) =>
      (await client.must('GET', `/Users?sortBy=id&${query}`)).Resources.map(({ id }: Json) => id)
    const ascending = (await ids('')).slice()
    assert.deepEqual(ascending, [...ascending].sort())
    assert.deepEqual(await ids('sortOrder=descending'), [...ascending].reverse())
    const walked: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page = await client.must('GET', `/Users?sortBy=id&sortOrder=descending&count=2&cursor=${cursor}`)
      walked.push(...page.Resources.map(({ id }: Json) => id))
      cursor = page.nextCursor
    }
    assert.deepEqual(walked, [...ascending].reverse())
  })
})
