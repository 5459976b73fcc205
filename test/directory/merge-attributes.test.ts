import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { mergeAttributes } from '../../src/directory/merge-attributes.ts'
import { leaves } from '../../src/schema/leaves.ts'
import type { Resource } from '../../src/schema/types.ts'
import { runs } from '../runs.ts'
import { user as type } from '../schema/registry-of-tests.ts'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const word = fc.constantFrom('a', 'b', 'c')
const emails = fc.uniqueArray(fc.record({ value: word, type: fc.constantFrom('work', 'home') }), {
  selector: ({ value }) => value,
  minLength: 1,
  maxLength: 3,
})
const resources: fc.Arbitrary<Resource> = fc
  .record(
    {
      userName: word,
      title: word,
      name: fc.record({ givenName: word, familyName: word }, { requiredKeys: ['givenName'] }),
      emails,
      [enterprise]: fc.record({ department: word }),
    },
    { requiredKeys: ['userName'] },
  )
  .map((resource) => structuredClone(resource) as Resource)
const at = new Date(0)
const sourced = (attributes: Resource, source: `scim:${string}`) => ({
  attributes,
  sources: [...leaves(type, attributes).keys()].map((path) => ({ path, source, at })),
})
const merged = (a: Resource, b: Resource, isLocked = (_: string) => false) =>
  mergeAttributes(type, sourced(a, 'scim:a'), sourced(b, 'scim:b'), isLocked)

describe('f19 the attributes of two users as those of one', () => {
  it('f19 f5 nothing of the survivor is lost, nothing of the other forgotten, and every part has a source', () => {
    fc.assert(
      fc.property(resources, resources, (a, b) => {
        const { attributes, sources } = merged(a, b)
        const [own, theirs, whole] = [leaves(type, a), leaves(type, b), leaves(type, attributes)]
        assert.deepEqual([...whole.keys()].sort(), sources.map(({ path }) => path).sort())
        for (const [path, value] of own) {
          if (Array.isArray(value)) for (const each of value) assert.ok((whole.get(path) as unknown[]).includes(each))
          else assert.deepEqual(whole.get(path), value)
        }
        const known = new Set(((attributes.emails ?? []) as { value: string }[]).map(({ value }) => value))
        for (const { value } of (b.emails ?? []) as { value: string }[]) assert.ok(known.has(value))
        assert.equal(known.size, ((attributes.emails ?? []) as unknown[]).length)
        for (const { path, source, shadowed } of sources) {
          assert.equal(source, own.has(path) ? 'scim:a' : 'scim:b', path)
          if (own.has(path) && theirs.has(path) && typeof own.get(path) === 'string') {
            const said =
              own.get(path) === theirs.get(path) ? undefined : [{ source: 'scim:b', value: theirs.get(path), at }]
            assert.deepEqual(shadowed, said, path)
          }
        }
      }),
      { numRuns: runs(200) },
    )
  })

  it('f19 with itself it is the same, and what is locked is not filled in', () => {
    fc.assert(
      fc.property(resources, resources, (a, b) => {
        assert.deepEqual(merged(a, a).attributes, a)
        assert.deepEqual(merged(a, b, () => true).attributes, a)
      }),
      { numRuns: runs(100) },
    )
  })

  it('f19 a list keeps its one primary value', () => {
    const list = (value: string) => ({ userName: value, emails: [{ value, type: 'work', primary: true }] })
    const { attributes } = merged(list('a'), list('b'))
    assert.deepEqual(attributes.emails, [
      { value: 'a', type: 'work', primary: true },
      { value: 'b', type: 'work' },
    ])
  })
})
