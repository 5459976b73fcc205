import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asset, core, extendedSchemas, full, lease, make } from './assets.ts'
import { bulk, bulkUrn, statusesOf } from './bulking.ts'
import { assertFinds, type Case } from './finding.ts'
import { list, pick, walk } from './listing.ts'
import type { Json } from './patching.ts'
import { assertIndexed, describePlan, watchReads } from './plans.ts'
import { assertScimError } from './scim-error.ts'
import { patchOp, startUsher } from './usher.ts'

const usher = await startUsher({ USHER_SCHEMAS_DIR: extendedSchemas })
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)

describe('lists of a resource type of every kind of attribute', () => {
  it('R158 R162 R163 R169 R170 R172 filters and search know each type and each case rule', async () => {
    const client = await newClient()
    await make(client, 'a', full)
    await make(client, 'b', {
      count: 10,
      weight: 9.5,
      label: 'laptop',
      exact: 'exact',
      colour: ['blue'],
      sizes: [2],
      insured: false,
    })
    await make(client, 'c')
    const cases: readonly Case[] = [
      ['label eq "LAPTOP"', ['a', 'b']],
      ['exact eq "exact"', ['b']],
      ['count gt 3', ['b']],
      ['weight le 1.25', ['a']],
      ['insured eq false', ['b']],
      ['boughtAt eq "2026-02-01T06:00:00Z"', ['a']],
      ['photo eq "AAECAw=="', ['a']],
      ['manual sw "https://example.com/m"', []],
      ['owner eq "../Users/1"', ['a']],
      ['colour eq "GREEN"', ['a']],
      ['colour[value sw "bl" or value eq "red"]', ['a', 'b']],
      ['serials eq "s-2"', ['a']],
      ['sizes gt 13', ['a']],
      ['checkedAt lt "2025-12-01T00:00:00Z"', ['a']],
      ['inspections[type eq "fire" and score lt 1]', ['a']],
      ['inspections[type eq "water" and score lt 1]', []],
      ['inspections.code eq "f1"', ['a']],
      ['place.building eq "north" and place[floor ge 2]', ['a']],
      ['place.areas eq "B"', ['a']],
      ['hint eq "under the mat"', ['a']],
      ['not (label pr)', ['c']],
      [`${lease}:monthly gt 12`, ['a']],
      [`${lease} pr`, ['a']],
      [`schemas eq "${lease}"`, ['a']],
      ['meta.resourceType eq "Asset" and tag sw "c"', ['c']],
      ['meta.resourceType eq "User"', []],
    ]
    await assertFinds(client, '/Assets', 'tag', cases)
    await assertFinds(client, '/', 'tag', cases.slice(0, 12))
    for (const filter of ['count eq "3"', 'insured gt true', 'photo lt "AA=="', 'boughtAt eq "May"', 'place eq "x"']) {
      assertScimError(await client.call('GET', `/Assets?filter=${encodeURIComponent(filter)}`), 400, 'invalidFilter')
    }
  })

  it('R186 R188 R189 sorts by every kind of value, and walks by cursor', async () => {
    const client = await newClient()
    const values: readonly Json[] = [
      {
        count: 2,
        weight: 0.5,
        boughtAt: '2026-02-01T00:00:00+05:00',
        colour: ['b'],
        place: { building: 'B' },
        sizes: [9, 1],
      },
      {
        count: 10,
        weight: -1,
        boughtAt: '2026-01-31T20:00:00Z',
        colour: ['A', 'z'],
        place: { building: 'a' },
        sizes: [10],
      },
      {},
    ]
    for (const [index, more] of values.entries()) await make(client, `t${index}`, more)
    const table = [
      ['count', ['t0', 't1', 't2']],
      ['weight', ['t1', 't0', 't2']],
      ['boughtAt', ['t0', 't1', 't2']],
      ['colour', ['t1', 't0', 't2']],
      ['sizes', ['t0', 't1', 't2']],
      ['place.building', ['t1', 't0', 't2']],
    ] as const
    for (const [sortBy, expected] of table) {
      assert.deepEqual(pick(await list(client, '/Assets', { sortBy }), 'tag'), expected, sortBy)
      const pages = await walk(client, '/Assets', { sortBy, sortOrder: 'descending', count: 1 })
      assert.deepEqual(
        pages.flatMap((page) => pick(page, 'tag')),
        expected.toReversed(),
        sortBy,
      )
    }
    for (const sortBy of ['passcode', 'inspections.score', 'place', 'hidden']) {
      assertScimError(await client.call('GET', `/Assets?sortBy=${sortBy}`), 400, 'invalidValue')
    }
  })

  it('R262 an attribute that is searchable or unique has an index, for its filters and its order', async () => {
    const client = await newClient()
    const size = 40
    const assets = Array.from({ length: size }, (_, index) =>
      asset(`A-${index}`, {
        count: index,
        colour: [`c${index}`],
        serials: [`s${index}`],
        place: { building: `b${index}` },
      }),
    )
    await bulk(
      client,
      assets.map((data, index) => ({ method: 'POST', path: '/Assets', bulkId: `b${index}`, data })),
    )
    const reads = watchReads(usher, ['resources'])
    const filters = ['tag eq "A-7"', 'count gt 38', 'colour eq "C7"', 'serials eq "S7"', 'place.building eq "b7"']
    const orders = ['count', 'colour', 'place.building', 'tag'].map((sortBy) => `sortBy=${sortBy}&count=3`)
    for (const query of [...filters.map((filter) => `filter=${encodeURIComponent(filter)}`), ...orders]) {
      for (const plan of await reads.of(client, `/Assets?${query}`)) {
        assertIndexed(plan, query)
        assert.ok(plan.examined <= 2 * plan.returned, `${query}: ${describePlan(plan)}`)
      }
    }
    assert.deepEqual(await usher.store.missingIndexes(), [])
    const { attributes } = await client.must('GET', `/Schemas/${core}`)
    assert.ok(
      attributes.every((attribute: Json) => !('searchable' in attribute)),
      'strict clients know no such member',
    )
  })

  it('R49 R170 1.0 is a decimal and no integer in interop-strict, and both elsewhere', async () => {
    for (const [dialect, status] of [
      ['rfc', 201],
      ['interop-strict', 400],
    ] as const) {
      const client = await newClient({ dialect })
      const sent = (json: string) =>
        client.call('POST', '/Assets', `{"schemas":["${core}"],"tag":"t${Math.random()}",${json}}`)
      for (const json of ['"count":1.0', '"count":1e2', '"sizes":[1,2.0]', '"place":{"floor":3E0}']) {
        const answer = await sent(json)
        assert.equal(answer.status, status, `${json} ${answer.text}`)
        if (status === 400) assertScimError(answer, 400, 'invalidValue')
      }
      for (const [json, value] of [
        ['"weight":1.0', 1],
        ['"weight":1e2', 100],
        ['"weight":-0.0', 0],
        ['"inspections":[{"type":"x","score":2.0}]', undefined],
      ] as const) {
        const answer = await sent(json)
        assert.equal(answer.status, 201, `${json} ${answer.text}`)
        assert.equal(answer.body.weight, value)
      }
      for (const json of ['"label":1.0', '"place":1.0', '"insured":1.0', '"inspections":[1.0]']) {
        assertScimError(await sent(json), 400, 'invalidValue')
      }
      const bulkBody = JSON.stringify({
        schemas: [bulkUrn],
        Operations: [
          { method: 'POST', path: '/Assets', bulkId: 'a', data: asset('bulk', { weight: 'HERE' }) },
          { method: 'PATCH', path: '/Assets/bulkId:a', data: patchOp({ op: 'replace', path: 'count', value: 'HERE' }) },
        ],
      })
      const { body } = await client.call('POST', '/Bulk', bulkBody.replaceAll('"HERE"', '1.0'))
      assert.deepEqual(statusesOf(body.Operations), ['201', status === 201 ? '200' : '400'])
    }
  })
})
