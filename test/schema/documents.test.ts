import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { builtInDocuments, readDocuments } from '../../src/schema/documents.ts'
import { createRegistry } from '../../src/schema/registry.ts'
import { fixtures, refuses } from './registry-of-tests.ts'

function withFolder(files: Readonly<Record<string, string>>, run: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'usher-schemas-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    run(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const schema = JSON.stringify({ id: 'urn:example:1.0:Thing', name: 'Thing', attributes: [{ name: 'colour' }] })
const resourceType = JSON.stringify({ name: 'Thing', endpoint: '/Things', schema: 'urn:example:1.0:Thing' })

describe('documents of schemas and resource types', () => {
  test('R262 are read from the folder of the program and from one of the operator', () => {
    const built = readDocuments([builtInDocuments])
    assert.deepEqual(built.resourceTypes.map(({ name }) => name).sort(), ['Entitlement', 'Group', 'Role', 'User'])
    const both = readDocuments([builtInDocuments, fixtures])
    assert.equal(both.resourceTypes.length, built.resourceTypes.length + 1)
    assert.equal(both.schemas.length, built.schemas.length + 2)
  })

  test('are told apart by "schemas", or by their form, and get the defaults of RFC 7643 2.2', () => {
    withFolder({ 'a.json': `\uFEFF${schema}`, 'b.json': resourceType, 'readme.txt': 'ignored' }, (folder) => {
      const documents = readDocuments([folder])
      const type = createRegistry(documents).resourceType('Thing')
      const colour = type.attributesByName.get('colour')
      assert.deepEqual(
        [colour?.type, colour?.mutability, colour?.returned, colour?.uniqueness, colour?.caseExact, colour?.required],
        ['string', 'readWrite', 'default', 'none', false, false],
      )
    })
  })

  test('R57 a value that can only be written is never returned, whatever else a document says', () => {
    const attributes = [{ name: 'pin', mutability: 'writeOnly', returned: 'default' }]
    withFolder({ 'a.json': JSON.stringify({ id: 'urn:x', name: 'X', attributes }) }, (folder) => {
      assert.equal(readDocuments([folder]).schemas[0]?.attributes[0]?.returned, 'never')
    })
  })

  test('that cannot be used are refused with the name of the file', () => {
    const bad: Readonly<Record<string, string>> = {
      'not JSON': '{',
      'a list': '[]',
      'neither kind': '{"a": 1}',
      'an unknown type': '{"id": "urn:x", "name": "X", "attributes": [{"name": "a", "type": "text"}]}',
      'a flag as text': '{"id": "urn:x", "name": "X", "attributes": [{"name": "a", "required": "true"}]}',
      'an attribute without name': '{"id": "urn:x", "name": "X", "attributes": [{}]}',
      'an id that is no URN': '{"id": "thing", "name": "X", "attributes": []}',
      'a resource type without schema': '{"name": "X", "endpoint": "/X"}',
    }
    for (const text of Object.values(bad)) {
      withFolder({ 'wrong.json': text }, (folder) => {
        refuses(() => readDocuments([folder]), 'validation_failed', /wrong\.json/)
      })
    }
    withFolder({ 'one.json': bad['not JSON']!, 'two.json': bad['an unknown type']! }, (folder) => {
      refuses(() => readDocuments([folder]), 'validation_failed', /one\.json.*\n.*two\.json/)
    })
    refuses(() => readDocuments(['/no/such/folder']), 'validation_failed', /no\/such\/folder/)
  })
})
