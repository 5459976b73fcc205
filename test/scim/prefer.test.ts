import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asyncWish } from '../../src/scim/prefer.ts'

/** RFC 7240 section 2 */
const headers: readonly (readonly [header: string | undefined, wait: number | undefined])[] = [
  [undefined, undefined],
  ['', undefined],
  ['return=minimal', undefined],
  ['wait=10', undefined],
  ['respond-asynchronously', undefined],
  ['respond-async', 0],
  ['Respond-Async', 0],
  ['return=minimal, respond-async', 0],
  ['respond-async; priority=5', 0],
  ['respond-async, wait=10', 10_000],
  ['wait=10,respond-async', 10_000],
  ['respond-async, wait="10"', 10_000],
  ['respond-async, wait=9999', 30_000],
  ['respond-async, wait=-1', 0],
  ['respond-async, wait=soon', 0],
]

describe('the wish for an asynchronous answer', () => {
  for (const [header, wait] of headers) {
    it(`R284 Prefer: ${header} ${wait === undefined ? 'has none' : `has one, after ${wait} ms`}`, () => {
      assert.equal(asyncWish(header)?.wait, wait)
    })
  }
})
