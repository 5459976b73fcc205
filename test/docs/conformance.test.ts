import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { conformancePage, notOffered } from '../../docs/conformance-page.ts'
import { readRequirements, readTestFiles } from '../../docs/requirements.ts'

const requirements = readRequirements().flatMap(({ requirements }) => requirements)
const files = readTestFiles()

describe('The page of conformance', () => {
  it('is what the requirements and the titles of the tests make it; `npm run docs` writes it', () => {
    assert.equal(readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8'), conformancePage())
  })

  it('has every requirement once, in order', () => {
    assert.deepEqual(
      requirements.map(({ id }) => id),
      Array.from({ length: 286 }, (_, index) => `R${index + 1}`),
    )
  })

  it('has a section of an RFC and a statement on every line, and our choice where no RFC says anything', () => {
    const incomplete = requirements.filter(({ rfc, statement, choice }) => {
      const silent = rfc === '–'
      return statement === '' || !(silent || /^\d{4} §[\d.]+$/.test(rfc)) || (silent && choice === undefined)
    })
    assert.deepEqual(incomplete, [])
  })

  it('has a test for every requirement but what is not offered', () => {
    const untested = requirements.filter(({ id }) => !files.has(id) && notOffered[id] === undefined)
    assert.deepEqual(
      untested.map(({ id }) => id),
      [],
    )
  })

  it('has no test of a requirement that does not exist', () => {
    const known = new Set(requirements.map(({ id }) => id))
    assert.deepEqual(
      [...files.keys()].filter((id) => !known.has(id)),
      [],
    )
  })
})
