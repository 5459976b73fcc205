import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asset, core, extendedSchemas, full, lease, make, shown, unshown } from './assets.ts'
import { at, bulk, statusesOf } from './bulking.ts'
import type { Json } from './patching.ts'
import { assertScimError } from './scim-error.ts'
import { patchOp, startUsher } from './usher.ts'

const usher = await startUsher({ USHER_SCHEMAS_DIR: extendedSchemas })
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)

const never = /xyzzy|passcode|hidden|"pin"|"key"/

describe('a resource type of every kind of attribute (RFC 7643 section 7)', () => {
  it('R262 R56 R57 is created, read, listed and replaced; what is never shown is nowhere, in records neither', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const created = await client.call('POST', '/Assets', asset('A-1', full))
    assert.equal(created.status, 201, created.text)
    const path = `/Assets/${created.body.id}`
    const read = await client.call('GET', path)
    const { id: _, meta: __, schemas, ...rest } = read.body
    assert.deepEqual(rest, { tag: 'A-1', ...shown })
    assert.deepEqual(schemas, [core, lease])
    assert.equal(created.body.hint, unshown.hint, 'shown to the request that wrote it')
    const replaced = await client.call('PUT', path, asset('A-1', full))
    assert.equal(replaced.body.meta.version, created.body.meta.version, 'nothing changed')
    const patch = patchOp({
      op: 'replace',
      value: { passcode: 'new-xyzzy', count: 4, [`${lease}:key`]: 'other-xyzzy' },
    })
    const answers = [
      created,
      read,
      replaced,
      await client.call('PATCH', path, patch),
      await client.call('GET', `${path}?attributes=passcode,hidden,place.pin,audit,tag`),
      await client.call('GET', '/Assets'),
      await client.call('POST', '/.search', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        filter: 'tag eq "A-1"',
      }),
      await organization.ask('GET', '/changes'),
    ]
    for (const { status, text } of answers) {
      assert.ok(status < 300, text)
      assert.doesNotMatch(text, never)
    }
    for (const filter of ['passcode pr', 'place.pin eq "pin-xyzzy"', 'hidden pr', `${lease}:key sw "k"`]) {
      assertScimError(await client.call('GET', `/Assets?filter=${encodeURIComponent(filter)}`), 400, 'invalidFilter')
    }
  })

  it('R83 R85 R86 a PUT keeps what is immutable and what it cannot see, in extensions and parts too', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const { id } = await make(client, 'A-1', full)
    const replaced = await client.must(
      'PUT',
      `/Assets/${id}`,
      asset('A-1', { place: { floor: 3 }, [lease]: { contract: 'C-2' } }),
    )
    assert.deepEqual(replaced.place, { floor: 3, seal: 'S' })
    assert.deepEqual(replaced[lease], { contract: 'C-2', since: 'May' })
    assert.equal(replaced.origin, 'Berlin')
    assert.equal('label' in replaced, false)
    const { _id: org } = (await usher.store.organizations.findOne({ slug: organization.slug }))!
    const stored = (await usher.store.resources.findOne(org, { _id: id }))!.resource
    assert.equal(stored.passcode, unshown.passcode)
    assert.deepEqual([(stored.place as Json).pin, (stored.lease as Json).key], ['pin-xyzzy', 'key-xyzzy'])
    for (const more of [
      { origin: 'Rome' },
      { place: { seal: 'T' } },
      { [lease]: { contract: 'C-2', since: 'June' } },
    ]) {
      assertScimError(await client.call('PUT', `/Assets/${id}`, asset('A-1', more)), 400, 'mutability')
    }
    const cleared = patchOp({ op: 'remove', path: 'passcode' }, { op: 'remove', path: 'place.pin' })
    await client.must('PATCH', `/Assets/${id}`, cleared)
    const after = (await usher.store.resources.findOne(org, { _id: id }))!.resource
    assert.deepEqual([after.passcode, (after.place as Json).pin], [undefined, undefined])
  })

  it('R99 R112 R126 R138 PATCH reaches every place, Bulk does the same, and versions follow', async () => {
    const client = await newClient()
    const operations = [
      { op: 'add', path: 'colour', value: ['blue', 'RED'] },
      { op: 'remove', path: 'colour[value eq "green"]' },
      { op: 'replace', path: 'sizes', value: [7] },
      { op: 'replace', path: 'inspections[type eq "water"].value', value: 'passed' },
      { op: 'replace', path: 'inspections[code eq "w1"].primary', value: true },
      { op: 'add', path: 'inspections[type eq "dust"].score', value: 2 },
      { op: 'remove', path: 'checkedAt' },
      { op: 'replace', path: 'place.building', value: 'South' },
      { op: 'remove', path: `${lease}:monthly` },
      { op: 'replace', value: { weight: -0.5, insured: false, 'place.floor': 0 } },
    ]
    const results = await bulk(client, [
      { method: 'POST', path: '/Assets', bulkId: 'a', data: asset('A-1', full) },
      { method: 'PATCH', path: '/Assets/bulkId:a', data: patchOp(...operations) },
      { method: 'POST', path: '/Assets', bulkId: 'b', data: asset('A-1') },
      { method: 'PUT', path: '/Assets/bulkId:a', version: 'W/"1"', data: asset('A-9') },
    ])
    assert.deepEqual(statusesOf(results), ['201', '200', '409', '412'])
    const after = await at(client, results[0]!)
    assert.deepEqual(after.colour, ['red', 'blue'])
    assert.deepEqual(after.sizes, [7])
    assert.deepEqual(
      after.inspections.map(({ type, value, primary = false, score = null }: Json) => [type, value, primary, score]),
      [
        ['fire', 'passed', false, 0.5],
        ['water', 'passed', true, null],
        ['dust', undefined, false, 2],
      ],
    )
    assert.equal('checkedAt' in after, false)
    assert.deepEqual(after.place, { building: 'South', floor: 0, seal: 'S', areas: ['a', 'b'] })
    assert.deepEqual(after[lease], { contract: 'C-1', since: 'May' })
    assert.deepEqual([after.weight, after.insured], [-0.5, false])
    for (const [path, value] of [
      ['audit', 'x'],
      ['origin', 'Rome'],
      ['place.seal', 'T'],
      [`${lease}:since`, 'June'],
    ] as const) {
      const answer = await client.call('PATCH', `/Assets/${after.id}`, patchOp({ op: 'replace', path, value }))
      assertScimError(answer, 400, 'mutability')
    }
    const withoutContract = patchOp({ op: 'remove', path: `${lease}:contract` })
    assertScimError(await client.call('PATCH', `/Assets/${after.id}`, withoutContract), 400, 'mutability')
  })

  it('R262 R64 uniqueness holds for each value: of lists, of parts of elements, of extensions, by the case rule', async () => {
    const client = await newClient()
    const first = await make(client, 'A-1', full)
    const table: readonly Json[] = [
      { serials: ['s-2'] },
      { inspections: [{ value: 'x', code: 'w1' }] },
      { [lease]: { contract: 'c-1' } },
    ]
    const second = await make(client, 'a-1')
    for (const more of table) {
      assertScimError(await client.call('POST', '/Assets', asset('A-2', more)), 409, 'uniqueness')
      const change = patchOp({ op: 'add', value: more })
      assertScimError(await client.call('PATCH', `/Assets/${second.id}`, change), 409, 'uniqueness')
    }
    assertScimError(await client.call('POST', '/Assets', asset('A-1')), 409, 'uniqueness')
    assert.equal((await client.call('PUT', `/Assets/${first.id}`, asset('A-1', full))).status, 200)
    await client.must('PATCH', `/Assets/${first.id}`, patchOp({ op: 'remove', path: 'serials[value eq "S-2"]' }))
    await client.must('PATCH', `/Assets/${second.id}`, patchOp({ op: 'add', path: 'serials', value: ['S-2', 's-2'] }))
    const race = Array.from({ length: 6 }, (_, index) =>
      client.call('POST', '/Assets', asset(`R-${index}`, { serials: ['R'] })),
    )
    const answers = await Promise.all(race)
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [201, 409, 409, 409, 409, 409])
    await make(await newClient(), 'A-1', full)
  })
})
