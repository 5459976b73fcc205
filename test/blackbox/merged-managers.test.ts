import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { bulk, postUser } from './bulking.ts'
import { everyItem } from './invariants.ts'
import { enterpriseUrn, type Json } from './patching.ts'
import { patchOp, startUsher, user } from './usher.ts'

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
})
