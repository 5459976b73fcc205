import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readHostileInputs, readHostileTests } from '../../docs/hostile-inputs.ts'
import { hostileInputsPage, notYet } from '../../docs/hostile-inputs-page.ts'

const inputs = readHostileInputs().flatMap(({ inputs }) => inputs)
const files = readHostileTests()

describe('The page of hostile inputs', () => {
  it('is what the list and the titles of the tests make it; `npm run docs` writes it', () => {
    assert.equal(readFileSync(new URL('../../docs/hostile-inputs.md', import.meta.url), 'utf8'), hostileInputsPage())
  })

  it('has every row once, in order, with what comes and what is answered', () => {
    assert.deepEqual(
      inputs.map(({ row }) => row),
      Array.from({ length: 138 }, (_, index) => index + 1),
    )
    assert.deepEqual(
      inputs.filter(({ input, answer }) => input === '' || answer === ''),
      [],
    )
  })

  it('has a test for every row but those that are said to have none yet', () => {
    const untested = inputs.filter(({ row }) => !files.has(String(row)) && notYet[row] === undefined)
    assert.deepEqual(
      untested.map(({ row }) => row),
      [],
    )
  })

  it('says of no row that it has no test when it has one', () => {
    assert.deepEqual(
      Object.keys(notYet).filter((row) => files.has(row)),
      [],
    )
  })

  it('has no test of a row that does not exist', () => {
    assert.deepEqual(
      [...files.keys()].filter((row) => !inputs.some((one) => String(one.row) === row)),
      [],
    )
  })
})
