import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isAboutMembers, normaliseGroup, readGroupPatch } from '../../src/directory/long-members.ts'
import { UsherError } from '../../src/errors.ts'
import { readPatch } from '../../src/patch/envelope.ts'
import { builtInDocuments, readDocuments } from '../../src/schema/documents.ts'
import { normalise } from '../../src/schema/normalise.ts'
import { createRegistry } from '../../src/schema/registry.ts'
import { dialects } from '../../src/scim/dialects.ts'

const type = createRegistry(readDocuments([builtInDocuments])).resourceType('Group')
const values = Array.from({ length: 3_500 }, (_, index) => ({ value: `id-${index}`, type: 'User', display: 'x' }))
const some = values.slice(0, 2)
const urn = 'urn:ietf:params:scim:schemas:core:2.0:Group'

function reading() {
  const notes: string[] = []
  return { notes, options: { switches: dialects.entra, note: (note: string) => notes.push(note) } }
}

async function outcome(read: () => unknown): Promise<unknown> {
  try {
    return await read()
  } catch (error) {
    assert.ok(error instanceof UsherError)
    return { code: error.code, detail: error.detail }
  }
}

describe('long lists of members', () => {
  const bodies = {
    'a long list': { schemas: [urn], displayName: 'Large', externalId: 'x', members: values },
    'in another case': { schemas: [urn], displayName: 'Large', MEMBERS: values },
    'without schemas': { displayName: 'Large', members: values },
    'in two spellings': { schemas: [urn], displayName: 'Large', members: values, Members: values },
    'with something that is no member': { schemas: [urn], displayName: 'Large', members: [...values, 7] },
    'without a displayName': { schemas: [urn], members: values },
    'a short one': { schemas: [urn], displayName: 'Small', members: some },
    'no list': { schemas: [urn], displayName: 'Small', members: null },
  }
  for (const [what, body] of Object.entries(bodies)) {
    it(`a body with members is read in slices as it would be as a whole: ${what}`, async () => {
      const sliced = reading()
      const whole = reading()
      assert.deepEqual(
        await outcome(() => normaliseGroup(type, body, sliced.options, {})),
        await outcome(() => normalise(type, body, whole.options, {})),
      )
      assert.deepEqual(new Set(sliced.notes), new Set(whole.notes))
    })
  }

  const operations = {
    add: [{ op: 'add', path: 'members', value: values }],
    replace: [{ op: 'replace', path: 'members', value: values }],
    remove: [{ op: 'remove', path: 'members', value: values }],
    'by the URN, in another case': [{ OP: 'Add', Path: `${urn}:Members`, VALUE: values }],
    'without a path': [{ op: 'replace', value: { displayName: 'Other', members: values } }],
    'among others': [
      { op: 'replace', path: 'displayName', value: 'Other' },
      { op: 'add', path: 'members', value: values },
      { op: 'remove', path: 'members[value eq "id-1"]' },
      { op: 'add', path: 'members', value: values.slice(0, 1_500) },
    ],
    'for another attribute': [{ op: 'add', path: 'displayName', value: values }],
    'with something that is no member': [{ op: 'add', path: 'members', value: [...values, 7] }],
    'on a part of members': [{ op: 'replace', path: 'members.value', value: values }],
    'more operations than there may be': Array.from({ length: 1_001 }, () => ({
      op: 'add',
      path: 'members',
      value: values,
    })),
  }
  for (const [what, list] of Object.entries(operations)) {
    it(`a PATCH of members is read in slices as it would be as a whole: ${what}`, async () => {
      const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: list }
      const sliced = reading()
      const whole = reading()
      assert.deepEqual(
        await outcome(() => readGroupPatch(type, body, sliced.options)),
        await outcome(() => readPatch(type, body, whole.options)),
      )
      assert.deepEqual(new Set(sliced.notes), new Set(whole.notes))
    })
  }

  it('lets others have their turn between the slices', async () => {
    const body = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: values }],
    }
    let turns = 0
    const count = () => {
      turns += 1
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    const read = await readGroupPatch(type, body, reading().options)
    clearImmediate(timer)
    assert.ok(turns >= 3, `${turns}`)
    assert.ok(read.every(isAboutMembers))
  })
})
