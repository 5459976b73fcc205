import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { runs } from '../runs.ts'
import { list, type Parameters, pick, query, walk } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { type Answer, group, type ScimClient, startUsher, user } from './usher.ts'

/** With a third resource type, whose `displayName` is a number. */
const usher = await startUsher({
  USHER_SCHEMAS_DIR: fileURLToPath(new URL('../fixtures/number-schemas/', import.meta.url)),
})
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)

/** Resource types in the order in which `/ResourceTypes` has them. */
const types = ['Group', 'User', 'Counter'] as const
type TypeName = (typeof types)[number]

/** What a test makes of a resource: its type, and what it is sorted by. */
interface Plan {
  readonly type: TypeName
  readonly label: string
  readonly externalId?: string
}

interface Made extends Plan {
  readonly id: string
  readonly path: string
}

const counterUrn = 'urn:example:scim:schemas:2.0:Counter'
const paths: Readonly<Record<TypeName, string>> = { Group: '/Groups', User: '/Users', Counter: '/Counters' }
let counter = 0

/** A user's label is a displayName, or none if it is empty; a group always has one, a counter's is a number. */
async function make(client: ScimClient, plan: Plan): Promise<Made> {
  counter += 1
  const { type, label, externalId } = plan
  const more = externalId === undefined ? {} : { externalId }
  const bodies: Readonly<Record<TypeName, object>> = {
    User: user(`user-${counter}`, { ...more, ...(label === '' ? {} : { displayName: label }) }),
    Group: group(`${label}#${counter}`, more),
    Counter: { schemas: [counterUrn], ...more, ...(label === '' ? {} : { displayName: label.length }) },
  }
  const { id } = await client.must('POST', paths[type], bodies[type])
  return { ...plan, id, path: `${paths[type]}/${id}` }
}

async function makeAll(client: ScimClient, plans: readonly Plan[]): Promise<readonly Made[]> {
  const made: Made[] = []
  for (const plan of plans) made.push(await make(client, plan))
  return made
}

const idsOf = (pages: readonly Answer['body'][]) => pages.flatMap((page) => pick(page, 'id'))

/** The order that is promised, worked out from what is shown. */
function expected(resources: readonly Answer['body'][], sortBy: string, descending: boolean): readonly string[] {
  const place = ({ meta }: Answer['body']) => types.indexOf(meta.resourceType)
  const value = (resource: Answer['body']) => {
    const found = resource[sortBy]
    return typeof found === 'string' && sortBy !== 'externalId' ? found.toLowerCase() : found
  }
  const compare = (a: string | number, b: string | number) => (a === b ? 0 : a < b ? -1 : 1)
  const sign = descending ? -1 : 1
  const byValue = (a: Answer['body'], b: Answer['body']) => {
    const [left, right] = [value(a), value(b)]
    // Numbers come before texts.
    if (typeof left !== typeof right) return typeof left === 'number' ? -1 : 1
    return compare(left, right)
  }
  if (sortBy === '') return resources.map(({ id }) => id).toSorted()
  const present = resources.filter((resource) => value(resource) !== undefined)
  const absent = resources.filter((resource) => value(resource) === undefined)
  present.sort((a, b) => sign * byValue(a, b) || place(a) - place(b) || sign * compare(a.id, b.id))
  absent.sort((a, b) => place(a) - place(b) || compare(a.id, b.id))
  return (descending ? [...absent, ...present] : [...present, ...absent]).map(({ id }) => id)
}

const mixed: readonly Plan[] = [
  { type: 'User', label: 'b' },
  { type: 'Group', label: 'a' },
  { type: 'User', label: '' },
  { type: 'Counter', label: 'xx', externalId: 'e2' },
  { type: 'User', label: 'A', externalId: 'e1' },
  { type: 'Group', label: 'B', externalId: 'e1' },
  { type: 'Counter', label: '' },
  { type: 'User', label: 'A', externalId: 'E1' },
  { type: 'Counter', label: 'xx' },
  { type: 'User', label: 'c' },
  { type: 'Group', label: 'C' },
]

describe('a query at the root (RFC 7644 section 3.4.2.1)', () => {
  it('R77 R186 R188 R191 sorts over all types: by value, by type among equals, those without a value at the end', async () => {
    const client = await newClient()
    await makeAll(client, mixed)
    const all = (await list(client, '/', { filter: 'id pr' })).Resources
    assert.equal(all.length, mixed.length)
    for (const sortBy of ['', 'displayName', 'externalId']) {
      for (const sortOrder of ['ascending', 'descending']) {
        const parameters = { filter: 'id pr', ...(sortBy === '' ? {} : { sortBy, sortOrder }) }
        const found = pick(await list(client, '/', parameters), 'id')
        assert.deepEqual(
          found,
          expected(all, sortBy, sortBy !== '' && sortOrder === 'descending'),
          `${sortBy} ${sortOrder}`,
        )
      }
    }
    const byId = pick(await list(client, '/', { filter: 'id pr', sortBy: 'id', sortOrder: 'descending' }), 'id')
    assert.deepEqual(byId, expected(all, '', false).toReversed())
  })

  it('R192 R195 R196 R197 pages by index give each resource once, with the total of all types', async () => {
    const client = await newClient()
    await makeAll(client, mixed)
    for (const more of [{}, { sortBy: 'displayName' }, { sortBy: 'externalId', sortOrder: 'descending' }]) {
      const whole = pick(await list(client, '/', { filter: 'id pr', ...more }), 'id')
      for (const count of [1, 4, 11]) {
        const seen: string[] = []
        for (let startIndex = 1; startIndex <= mixed.length; startIndex += count) {
          const page = await list(client, '/', { filter: 'id pr', startIndex, count, ...more })
          assert.deepEqual([page.totalResults, page.startIndex], [mixed.length, startIndex])
          assert.equal(page.itemsPerPage, page.Resources.length)
          seen.push(...pick(page, 'id'))
        }
        assert.deepEqual(seen, whole)
      }
      const past = await list(client, '/', { filter: 'id pr', startIndex: 50_000, ...more })
      assert.deepEqual([past.totalResults, past.Resources], [mixed.length, []])
    }
    const narrow = await list(client, '/', { filter: 'userName pr and displayName eq "a"', count: 1 })
    assert.deepEqual([narrow.totalResults, narrow.itemsPerPage], [2, 1])
    assert.equal((await list(client, '/', { filter: 'meta.resourceType eq "Group"' })).totalResults, 3)
    assert.equal((await list(client, '/', { filter: 'meta.resourceType ne "Group"', count: 0 })).totalResults, 8)
  })

  it('R198 R199 R203 cursors lead on and back to the identical pages, with the total', async () => {
    const client = await newClient()
    await makeAll(client, mixed)
    for (const more of [{}, { sortBy: 'displayName', sortOrder: 'descending' }, { sortBy: 'externalId' }]) {
      const parameters = { filter: 'id pr', count: 3, ...more }
      const pages = await walk(client, '/', parameters)
      assert.deepEqual(idsOf(pages), pick(await list(client, '/', { filter: 'id pr', ...more }), 'id'))
      assert.equal('previousCursor' in pages[0], false)
      for (const [index, page] of pages.entries()) {
        assert.equal(page.totalResults, mixed.length)
        if (index === 0) continue
        const back = await list(client, '/', { ...parameters, cursor: page.previousCursor })
        assert.deepEqual(back.Resources, pages[index - 1].Resources)
        assert.equal('previousCursor' in back, index > 1)
        const again = await list(client, '/', { ...parameters, cursor: back.nextCursor })
        assert.deepEqual(again.Resources, page.Resources)
      }
    }
  })

  it('R201 R190 a cursor of another query, and a sortBy that no type has, are 400', async () => {
    const client = await newClient()
    await makeAll(client, mixed)
    const { nextCursor } = await list(client, '/', { filter: 'id pr', count: 2, cursor: '' })
    for (const [path, changed] of [
      ['/', { filter: 'displayName pr' }],
      ['/', { filter: 'id pr', sortBy: 'displayName' }],
      ['/Users', { filter: 'id pr' }],
    ] as const) {
      assertScimError(await query(client, path, { count: 2, cursor: nextCursor, ...changed }), 400, 'invalidCursor')
    }
    assertScimError(await query(client, '/', { filter: 'id pr', sortBy: 'shoeSize' }), 400, 'invalidValue')
    assertScimError(await query(client, '/', { filter: 'id pr', sortBy: 'password' }), 400, 'invalidValue')
    assertScimError(await query(client, '/', { sortBy: 'displayName' }), 400, 'tooMany')
  })

  it('R202 a walk over all types misses no survivor and gives none twice while others come and go', async () => {
    const plan = fc.record({ type: fc.constantFrom(...types), label: fc.constantFrom('', 'a', 'A', 'b', 'bb') })
    const orders: readonly Parameters[] = [
      {},
      { sortBy: 'displayName' },
      { sortBy: 'displayName', sortOrder: 'descending' },
      { sortBy: 'externalId' },
      { sortBy: 'meta.created', sortOrder: 'descending' },
    ]
    const walks = fc.record({
      plans: fc.array(fc.tuple(plan, fc.option(fc.constantFrom('e', 'E', 'f'), { nil: undefined })), {
        minLength: 6,
        maxLength: 14,
      }),
      order: fc.constantFrom(...orders),
      count: fc.integer({ min: 1, max: 4 }),
      /** Of each page between two: what goes, by its place, and what comes. */
      between: fc.array(fc.tuple(fc.nat(20), plan), { maxLength: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(walks, async ({ plans, order, count, between }) => {
        const client = await newClient()
        const made = await makeAll(
          client,
          plans.map(([each, externalId]) => ({ ...each, ...(externalId === undefined ? {} : { externalId }) })),
        )
        const gone = new Set<string>()
        const pages = await walk(client, '/', { filter: 'id pr', count, ...order }, async (page) => {
          const change = between[page - 1]
          if (change === undefined) return
          const goes = made[change[0] % made.length]!
          if (!gone.has(goes.id)) await client.must('DELETE', goes.path)
          gone.add(goes.id)
          await make(client, change[1])
        })
        const seen = idsOf(pages)
        assert.equal(new Set(seen).size, seen.length, 'none twice')
        const missed = made.filter(({ id }) => !gone.has(id) && !seen.includes(id))
        assert.deepEqual(missed, [], 'no survivor is missed')
      }),
      { numRuns: runs(12) },
    )
  })
})
