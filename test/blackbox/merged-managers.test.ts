import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { bulk, postUser } from './bulking.ts'
import { everyItem } from './invariants.ts'
import { enterpriseUrn, type Json } from './patching.ts'
import { type Answer, group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()

describe('f19 a merge of somebody who is the manager of others', () => {
  it('f19 whoever reports to the other reports to the survivor, in batches; the preview says how many', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const make = async (name: string) => (await scim.must('POST', '/Users', user(name, { displayName: 'Ann Berg' }))).id
    const [survivor, other] = [await make('ann'), await make('ann-2')]
    const managed = (value: string) => ({ [enterpriseUrn]: { department: 'Tools', manager: { value } } })
    const operations = Array.from({ length: 120 }, (_, at) => postUser(`b${at}`, `report-${at}`, managed(other)))
    for (const { status } of await bulk(scim, operations)) assert.equal(status, '201')
    // Nobody becomes their own manager.
    await scim.must(
      'PATCH',
      `/Users/${survivor}`,
      patchOp({ op: 'add', path: `${enterpriseUrn}:manager.value`, value: other }),
    )
    const byManager = (id: string) =>
      scim.must('GET', `/Users?count=0&filter=${encodeURIComponent(`${enterpriseUrn}:manager.value eq "${id}"`)}`)
    const preview = await organization.admin('POST', `/users/${survivor}/merge`, { from: other, dryRun: true })
    assert.equal(preview.reports, 120)
    const before = (await byManager(other)).totalResults
    assert.equal(before, 121)

    const report = await organization.admin('POST', `/users/${survivor}/merge`, { from: other })
    assert.equal(report.reports, 120)
    assert.deepEqual(report.user[enterpriseUrn], undefined)
    while ((await byManager(survivor)).totalResults < 120) await delay(20)
    assert.equal((await byManager(other)).totalResults, 0)
    const filter = encodeURIComponent('userName sw "report-"')
    const { Resources } = await scim.must('GET', `/Users?count=200&filter=${filter}`)
    const [one] = Resources
    for (const each of Resources) {
      assert.equal(each.meta.version, 'W/"2"')
      assert.equal(each[enterpriseUrn].department, 'Tools')
      assert.deepEqual(
        [each[enterpriseUrn].manager.value, each[enterpriseUrn].manager.displayName],
        [survivor, 'Ann Berg'],
      )
    }
    const { attributes: sources } = await organization.admin('GET', `/users/${one.id}/provenance`)
    const source = sources.find(({ path }: Json) => path === `${enterpriseUrn}:manager.value`)
    assert.equal(source.source, `scim:${scim.id}`, 'who said it is who said it before')
    const changes = await everyItem({ organization }, '/changes')
    const passedOn = changes.filter(
      ({ action, operations: [first] }) => action === 'patch' && first.path !== `/Users/${survivor}`,
    )
    assert.equal(new Set(passedOn.map(({ resource }) => resource.id)).size, 120)
    const merging = changes.find(({ action }) => action === 'merge')
    for (const {
      actor,
      requestId,
      operations: [{ path, data }],
      resource,
    } of passedOn) {
      assert.deepEqual([actor, requestId, path], [merging.actor, merging.requestId, `/Users/${resource.id}`])
      assert.deepEqual(data.Operations, [{ op: 'replace', path: `${enterpriseUrn}:manager.value`, value: survivor }])
    }
  })

  it('f19 whoever names the merged id later names the survivor, as manager and as member, while the tombstone is there', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const make = async (name: string) => (await scim.must('POST', '/Users', user(name))).id as string
    const [first, second, last, mate] = [await make('a'), await make('b'), await make('c'), await make('mate')]
    // One who was merged into another, who was merged into a third.
    await organization.admin('POST', `/users/${second}/merge`, { from: first })
    await organization.admin('POST', `/users/${last}/merge`, { from: second })
    const managed = (value: string) => ({ [enterpriseUrn]: { manager: { value } } })
    const managerOf = (answer: Answer['body']): string | undefined => answer[enterpriseUrn]?.manager?.value
    const setManager = (id: string, value: string) =>
      scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'add', path: `${enterpriseUrn}:manager.value`, value }))

    const made = await scim.must('POST', '/Users', user('report', managed(first)))
    assert.deepEqual([managerOf(made), made.meta.version], [last, 'W/"1"'])
    const again = await scim.must('PUT', `/Users/${made.id}`, user('report', managed(second)))
    assert.deepEqual([managerOf(again), again.meta.version], [last, 'W/"1"'], 'the same manager is no change')
    assert.equal(managerOf(await setManager(mate, second)), last)
    assert.equal(managerOf(await setManager(last, first)), undefined, 'nobody becomes their own manager')
    const found = await scim.must(
      'GET',
      `/Users?filter=${encodeURIComponent(`${enterpriseUrn}:manager.value eq "${last}"`)}`,
    )
    assert.equal(found.totalResults, 2)
    const changes = await everyItem({ organization }, '/changes')
    const creation = changes.find(({ resource, action }) => action === 'create' && resource.id === made.id)
    assert.equal(managerOf(creation.operations[0].data), last)

    const members = async ({ id }: Json) => {
      const { members: shown = [], meta } = await scim.must('GET', `/Groups/${id}`)
      return [shown.map(({ value }: Json) => value).sort(), meta.version]
    }
    const named = (...ids: readonly string[]) => ids.map((value) => ({ value }))
    const people = (...ids: readonly string[]) => [...ids].sort()
    const team = await scim.must('POST', '/Groups', group('Team', { members: named(first, second, mate) }))
    const [, version] = await members(team)
    assert.deepEqual(await members(team), [people(last, mate), version])
    await scim.must('PUT', `/Groups/${team.id}`, group('Team', { members: named(second, mate) }))
    await scim.must('PATCH', `/Groups/${team.id}`, patchOp({ op: 'add', path: 'members', value: named(first) }))
    await scim.must(
      'PATCH',
      `/Groups/${team.id}`,
      patchOp({ op: 'replace', path: 'members', value: named(mate, first, last) }),
    )
    assert.deepEqual(await members(team), [people(last, mate), version], 'the same members are no change')
    await scim.must('PATCH', `/Groups/${team.id}`, patchOp({ op: 'remove', path: `members[value eq "${first}"]` }))
    assert.deepEqual((await members(team))[0], [mate])

    const elsewhere = await (await usher.organization()).scimClient()
    const foreign = await elsewhere.call('POST', '/Groups', group('Team', { members: named(first) }))
    assert.equal(foreign.status, 400, 'another organization knows nothing of it')

    const { items } = await organization.admin('GET', `/tombstones?user=${first}`)
    await organization.admin('DELETE', `/tombstones/${items[0].id}`)
    const refused = await scim.call('POST', '/Groups', group('Others', { members: named(first) }))
    assert.deepEqual([refused.status, refused.body.scimType], [400, 'invalidValue'])
    assert.equal(managerOf(await scim.must('POST', '/Users', user('other', managed(first)))), first)
    assert.equal(managerOf(await scim.must('POST', '/Users', user('another', managed(second)))), last)
  })

  it('f19 tombstones are looked at for ids that are nobody’s and for new managers only, along an index', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const make = async (name: string) => (await scim.must('POST', '/Users', user(name))).id as string
    const [survivor, other, mate] = [await make('ann'), await make('ann-2'), await make('mate')]
    const manager = { [enterpriseUrn]: { manager: { value: survivor } } }
    const team = await scim.must('POST', '/Groups', group('Team', { members: [{ value: survivor }] }))
    await organization.admin('POST', `/users/${survivor}/merge`, { from: other })
    await scim.must('PUT', `/Users/${mate}`, user('mate', manager))

    const looked = mock.method(usher.store.tombstones, 'find').mock
    const change = (op: string, path: string, value?: unknown) =>
      scim.must('PATCH', `/Groups/${team.id}`, patchOp({ op, path, ...(value === undefined ? {} : { value }) }))
    await scim.must('PUT', `/Users/${mate}`, user('mate', { ...manager, title: 'Smith' }))
    await change('add', 'members', [{ value: mate }])
    await scim.must('PUT', `/Groups/${team.id}`, group('Crew', { members: [{ value: mate }, { value: survivor }] }))
    await change('remove', `members[value eq "${mate}"]`)
    assert.equal(looked.callCount(), 0)
    await change('add', 'members', [{ value: other }])
    assert.equal(looked.callCount(), 2, 'whether it is remembered, and whether the survivor was merged in turn')
    for (const { arguments: given } of looked.calls) {
      const plan = JSON.stringify(await usher.store.tombstones.explain(...given))
      assert.ok(plan.includes('IXSCAN') && !plan.includes('COLLSCAN'), plan)
    }
    looked.restore()
  })
})
