import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requestIdOf } from '../../src/http/request-id.ts'

describe('the id of a request', () => {
  it("is the caller's where it is short and plain", () => {
    for (const id of ['abc', '0af7651916cd43dd8448eb211c80319c', 'a:b/c+d=e_f.g-h']) assert.equal(requestIdOf(id), id)
  })

  it('is a new one where the caller sends none, or one that could break a log line or a header', () => {
    for (const id of [undefined, '', 'a b', 'a\nb', '"', 'x'.repeat(129), 'ä']) {
      assert.match(requestIdOf(id), /^[0-9a-f]{8}-[0-9a-f-]{27}$/)
    }
    assert.notEqual(requestIdOf(undefined), requestIdOf(undefined))
  })
})
