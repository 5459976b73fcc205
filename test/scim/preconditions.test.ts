import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UsherError } from '../../src/errors.ts'
import { noneMatches, readIfMatch } from '../../src/scim/preconditions.ts'

describe('RFC 9110 section 13.1.1: If-Match', () => {
  it('R237 lists entity tags, or any version', () => {
    assert.equal(readIfMatch(undefined), undefined)
    assert.equal(readIfMatch('*'), '*')
    assert.deepEqual(readIfMatch('W/"1"'), ['W/"1"'])
    assert.deepEqual(readIfMatch('W/"1" , "a-b",W/""'), ['W/"1"', '"a-b"', 'W/""'])
  })

  it('R238 C73 that cannot be read is 412, not ignored', () => {
    for (const header of ['', 'abc', '1', 'W/1', 'w/"1"', '"1', '"1" "2"', '"1",', '*,"1"', '"a b"']) {
      assert.throws(
        () => readIfMatch(header),
        (error) => error instanceof UsherError && error.status === 412,
        header,
      )
    }
  })
})

describe('RFC 9110 section 13.1.2: If-None-Match', () => {
  it('R236 is compared weakly, may list several tags or be *', () => {
    for (const header of ['W/"3"', '"3"', '"1", W/"3"', '*']) assert.equal(noneMatches(header, 'W/"3"'), true, header)
    for (const header of [undefined, 'W/"4"', '"33"', '3', '']) assert.equal(noneMatches(header, 'W/"3"'), false)
  })
})
