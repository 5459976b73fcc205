import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { constant } from '../../src/filter/combine.ts'
import { toMongo } from '../../src/filter/mongo.ts'
import { type FilterLeaf, transformLeaves } from '../../src/filter/transform.ts'
import { resolve } from './people.ts'

const nameOf = (leaf: FilterLeaf) => (leaf.kind === 'valuePath' ? leaf.attribute : leaf.target.attribute).name

describe('answering leaves of a filter', () => {
  test('a leaf that is answered is replaced, the others stay', async () => {
    const seen: string[] = []
    const filter = resolve('groups[value eq "g"] and not (title pr or groups.value eq "h")')
    const transformed = await transformLeaves(filter, async (leaf) => {
      seen.push(nameOf(leaf))
      return nameOf(leaf) === 'groups' ? { kind: 'query', query: { _id: { $in: [String(seen.length)] } } } : undefined
    })
    assert.deepEqual(seen, ['groups', 'title', 'groups'])
    assert.deepEqual(toMongo(transformed), {
      $and: [
        { _id: { $in: ['1'] } },
        { $nor: [{ $or: [{ 'search.title': { $exists: true } }, { _id: { $in: ['3'] } }] }] },
      ],
    })
  })

  test('a constant that decides spares what follows, and disappears where it decides nothing', async () => {
    const seen: string[] = []
    const visit = async (leaf: FilterLeaf) => {
      seen.push(nameOf(leaf))
      return nameOf(leaf) === 'groups' ? constant(false) : undefined
    }
    assert.deepEqual(await transformLeaves(resolve('groups pr and title pr'), visit), constant(false))
    assert.deepEqual(seen, ['groups'])
    assert.deepEqual(await transformLeaves(resolve('groups pr or title pr'), visit), resolve('title pr'))
    assert.deepEqual(await transformLeaves(resolve('not (groups pr)'), visit), constant(true))
  })
})
