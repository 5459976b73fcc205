import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { enterpriseUrn, operations, Patched } from './patching.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const remove = operations('remove')

const work = { value: 'ann@work.example', type: 'work', primary: true }
const home = { value: 'ann@home.example', type: 'home' }

/** RFC 7644 section 3.5.2.2. */
describe('PATCH remove', () => {
  it('R120 row 60 a remove without path is 400 noTarget', async () => {
    const ann = await Patched.user(usher, { title: 'Engineer' })
    await ann.refuse('noTarget', remove())
    await ann.refuse('noTarget', remove(undefined, { title: 'Engineer' }))
  })

  it('R121 a singular attribute, a complex one and a sub-attribute lose their value', async () => {
    const ann = await Patched.user(usher, { title: 'Engineer', name: { givenName: 'Ann', familyName: 'Lee' } })
    assert.equal('title' in (await ann.apply(remove('title'))), false)
    assert.deepEqual((await ann.apply(remove('name.givenName'))).name, { familyName: 'Lee' })
    assert.equal('name' in (await ann.apply(remove('name.familyName'))), false)
    await ann.apply({ op: 'add', path: 'name', value: { givenName: 'Ann', familyName: 'Lee' } })
    assert.equal('name' in (await ann.apply(remove('name'))), false)
  })

  it('R122 a list without filter loses all values', async () => {
    const ann = await Patched.user(usher, { emails: [work, home] })
    assert.equal('emails' in (await ann.apply(remove('emails'))), false)
  })

  it('R123 a filter takes the matches only; when none is left the attribute is unassigned', async () => {
    const ann = await Patched.user(usher, { emails: [work, home] })
    assert.deepEqual((await ann.apply(remove('emails[type eq "work"]'))).emails, [home])
    assert.equal('emails' in (await ann.apply(remove('emails[value ew "home.example"]'))), false)
  })

  it('R124 a filter with sub-attribute takes that from the matches', async () => {
    const addresses = [
      { type: 'work', locality: 'Berlin', country: 'DE' },
      { type: 'home', locality: 'Bern', country: 'CH' },
    ]
    const ann = await Patched.user(usher, { addresses })
    const after = await ann.apply(remove('addresses[type eq "work"].country'))
    assert.deepEqual(after.addresses, [{ type: 'work', locality: 'Berlin' }, addresses[1]])
  })

  it('R125 a member who is not in the group is removed with success and without change', async () => {
    const { team, bob } = await crew()
    await team.apply(remove(`members[value eq "${bob}"]`))
    await team.applyInVain(remove(`members[value eq "${bob}"]`))
    await team.applyInVain(remove('members[value eq "0123456789abcdef"]'))
    await team.applyInVain(remove('members', [{ value: bob }]))
  })

  it('R126 another filter that matches nothing is a success without change', async () => {
    const ann = await Patched.user(usher, { emails: [home] })
    await ann.applyInVain(remove('emails[type eq "work"]'), remove('emails[type eq "work"].display'))
    await ann.applyInVain(remove('phoneNumbers[type eq "work"]'))
  })

  it('R127 row 55 C12 what is required or readOnly is 400 mutability', async () => {
    const ann = await Patched.user(usher)
    for (const path of ['userName', 'schemas', 'id', 'meta', 'meta.created', 'groups']) {
      await ann.refuse('mutability', remove(path))
    }
    const { team } = await crew()
    await team.refuse('mutability', remove('displayName'))
  })

  it('R128 the URN of an extension takes all its attributes and the URN from schemas', async () => {
    const ann = await Patched.user(usher, { [enterpriseUrn]: { department: 'Tools', division: 'A' } })
    const after = await ann.apply(remove(enterpriseUrn))
    assert.equal(enterpriseUrn in after, false)
    assert.equal(after.schemas.includes(enterpriseUrn), false)
  })

  it('R128 the last attribute of an extension takes the URN with it', async () => {
    const ann = await Patched.user(usher, { [enterpriseUrn]: { department: 'Tools' } })
    assert.equal((await ann.apply(remove(`${enterpriseUrn}:department`))).schemas.includes(enterpriseUrn), false)
  })

  it('R129 what has no value is removed with success and without change', async () => {
    const ann = await Patched.user(usher)
    await ann.applyInVain(remove('title'), remove('name'), remove('name.givenName'), remove('emails'))
    await ann.applyInVain(remove(enterpriseUrn), remove(`${enterpriseUrn}:manager`))
  })

  it('R130 members with a list of values loses these only', async () => {
    const { team, ann, bob, carl } = await crew()
    assert.deepEqual(idsOf(await team.apply(remove('members', [{ value: ann }]))), sorted(bob, carl))
    assert.deepEqual(idsOf(await team.apply(remove('members', { value: bob }))), [carl])
  })

  it('R130 members without values loses all that this client gave, and no others', async () => {
    const { organization, team, ann, bob, carl } = await crew()
    const other = await organization.scimClient()
    await other.must('PATCH', team.path, patchOp({ op: 'add', path: 'members', value: [{ value: ann }] }))
    assert.deepEqual(idsOf(await team.read()), sorted(ann, bob, carl))
    assert.deepEqual(idsOf(await team.apply(remove('members'))), [ann])
    await other.must('PATCH', team.path, patchOp(remove('members')))
    assert.equal('members' in (await team.read()), false)
  })

  it('R130 a path-less key or a filter by several ids takes exactly these', async () => {
    const { team, ann, bob, carl } = await crew()
    const after = await team.apply(remove(`members[value eq "${ann}" or value eq "${carl}"]`))
    assert.deepEqual(idsOf(after), [bob])
  })

  it('R131 members with an empty list of values loses nobody', async () => {
    const { team } = await crew()
    await team.applyInVain(remove('members', []))
  })

  it('R132 after the primary element is gone no other becomes primary', async () => {
    const ann = await Patched.user(usher, { emails: [work, home] })
    assert.deepEqual((await ann.apply(remove('emails[primary eq true]'))).emails, [home])
  })

  it('R147 members can be selected by the whole grammar of filters', async () => {
    const { client, team, ann, bob, carl } = await crew()
    const inner = await client.must('POST', '/Groups', group('Inner'))
    await team.apply({ op: 'add', path: 'members', value: [{ value: inner.id }] })
    assert.deepEqual(idsOf(await team.apply(remove('members[type eq "group"]'))), sorted(ann, bob, carl))
    assert.deepEqual(idsOf(await team.apply(remove(`members[value sw "${ann}" and value pr]`))), sorted(bob, carl))
    await team.applyInVain(remove('members[not (value pr)]'))
    assert.deepEqual(idsOf(await team.apply(remove(`members[not (value eq "${bob}")]`))), [bob])
  })
})

/** Three people in one group. */
async function crew() {
  const organization = await usher.organization()
  const client = await organization.scimClient()
  const ids: string[] = []
  for (const name of ['ann', 'bob', 'carl']) ids.push((await client.must('POST', '/Users', user(name))).id)
  const [ann = '', bob = '', carl = ''] = ids
  const team = await Patched.of(client, '/Groups', group('Team', { members: ids.map((value) => ({ value })) }))
  return { organization, client, team, ann, bob, carl }
}

function idsOf({ members = [] }: { readonly members?: readonly { readonly value: string }[] }): readonly string[] {
  return sorted(...members.map(({ value }) => value))
}

function sorted(...ids: readonly string[]): readonly string[] {
  return [...ids].sort()
}
