import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dialectNames, dialects } from '../../src/scim/dialects.ts'
import { switches } from '../../src/scim/switches.ts'

describe('dialects', () => {
  it('are described switch by switch, value by value', () => {
    for (const name of dialectNames) {
      const { name: own, ...set } = dialects[name]
      assert.equal(own, name)
      for (const [key, value] of Object.entries(set)) {
        const description = switches[key as keyof typeof switches]
        assert.ok(description?.values[String(value)], `${name}.${key} = ${value} is not described`)
      }
    }
  })

  it('describe no switch that does not exist', () => {
    assert.deepEqual(
      Object.keys(switches).sort(),
      Object.keys(dialects.rfc)
        .filter((key) => key !== 'name')
        .sort(),
    )
  })
})
