import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { list, pick, query } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { patchOp, startUsher } from './usher.ts'

const schemasDir = fileURLToPath(new URL('../fixtures/namesake-schemas/', import.meta.url))
const usher = await startUsher({ USHER_SCHEMAS_DIR: schemasDir })

const core = 'urn:example:scim:schemas:2.0:Badge'
const extension = 'urn:example:scim:schemas:extension:2.0:Badge'

describe('extensions (RFC 7643 section 3.3)', () => {
  it('R263 an attribute of an extension with the name of a core attribute does not collide', async () => {
    const client = await (await usher.organization()).scimClient()
    const badge = (label: string, color: string, more: object) =>
      client.must('POST', '/Badges', { schemas: [core, extension], label, color, [extension]: more })
    const one = await badge('outer', 'red', { label: 'inner', color: 1 })
    await badge('inner', 'blue', { label: 'outer', color: 2 })
    const path = `/Badges/${one.id}`
    assert.deepEqual([one.label, one.color, one[extension]], ['outer', 'red', { label: 'inner', color: 1 }])

    const found = async (filter: string) => pick(await list(client, '/Badges', { filter }), 'label')
    assert.deepEqual(await found('label eq "outer"'), ['outer'])
    assert.deepEqual(await found(`${core}:label eq "outer"`), ['outer'])
    assert.deepEqual(await found(`${extension}:label eq "outer"`), ['inner'])
    assert.deepEqual(await found(`${extension}:color gt 1 and color eq "BLUE"`), ['inner'])
    assert.deepEqual(pick(await list(client, '/Badges', { sortBy: `${extension}:label` }), 'label'), ['outer', 'inner'])

    const change = patchOp(
      { op: 'replace', path: `${extension}:label`, value: 'changed' },
      { op: 'replace', value: { color: 'green', [`${extension}:color`]: 3 } },
    )
    const changed = await client.must('PATCH', path, change)
    assert.deepEqual([changed.label, changed.color], ['outer', 'green'])
    assert.deepEqual(changed[extension], { label: 'changed', color: 3 })
    const { body } = await query(client, path, { attributes: `${extension}:label` })
    assert.equal('label' in body, false)
    assert.deepEqual(body[extension], { label: 'changed' })
    const emptied = await client.must('PATCH', path, patchOp({ op: 'remove', path: extension }))
    assert.equal(extension in emptied || emptied.schemas.includes(extension), false)
    assert.equal(emptied.label, 'outer')
  })
})

describe('decimal values (RFC 7643 section 2.3.3)', () => {
  it('R49 R170 are numbers, with a fraction or without, kept and compared as such', async () => {
    const client = await (await usher.organization()).scimClient()
    const badge = (label: string, weight: unknown) => client.call('POST', '/Badges', { schemas: [core], label, weight })
    for (const [label, weight] of [
      ['light', -0.25],
      ['even', 2],
      ['heavy', 10.5],
    ] as const) {
      const { body } = await badge(label, weight)
      assert.equal((await client.must('GET', `/Badges/${body.id}`)).weight, weight)
    }
    for (const wrong of ['1.5', true, {}, [1, 2]]) assertScimError(await badge('x', wrong), 400, 'invalidValue')
    const found = async (filter: string) => pick(await list(client, '/Badges', { filter, sortBy: 'weight' }), 'label')
    assert.deepEqual(await found('weight gt 1.99'), ['even', 'heavy'])
    assert.deepEqual(await found('weight eq 2.0 or weight eq 1.05E1'), ['even', 'heavy'])
    assert.deepEqual(await found('weight le -0.25'), ['light'])
    assertScimError(await query(client, '/Badges', { filter: 'weight eq "2"' }), 400, 'invalidFilter')
  })
})
