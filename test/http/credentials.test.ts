import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { UsherError } from '../../src/errors.ts'
import { bearerToken } from '../../src/http/credentials.ts'
import { runs } from '../runs.ts'

function challengeOf(authorization: string | undefined): string | undefined {
  try {
    bearerToken(authorization)
    return undefined
  } catch (error) {
    assert.ok(error instanceof UsherError)
    assert.equal(error.status, 401)
    return error.headers['WWW-Authenticate']
  }
}

describe('RFC 6750 section 2.1: the Authorization header', () => {
  it('row 2 gives the token whatever the case of the scheme', () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      assert.equal(bearerToken(`${scheme} usher_scim_abc-_.~+/=`), 'usher_scim_abc-_.~+/=')
    }
  })

  it('row 1 R27 without credentials asks for a bearer token and names no error', () => {
    assert.equal(challengeOf(undefined), 'Bearer realm="usher"')
    assert.equal(challengeOf(''), 'Bearer realm="usher"')
  })

  it('row 2 refuses other schemes', () => {
    for (const header of ['Basic YTpi', 'Bearer', 'Bearer ', 'usher_scim_abc', 'Bearer: abc']) {
      assert.match(challengeOf(header) ?? '', /error="invalid_token"/, header)
    }
  })

  it('row 3 refuses tokens of 8 KB, with NUL, comma, blank or other characters that no token has', () => {
    for (const token of ['x'.repeat(8192), 'x'.repeat(513), 'a\0b', 'a,b', 'a b', 'tökén', 'a"b', '=a', 'a\tb']) {
      assert.match(challengeOf(`Bearer ${token}`) ?? '', /error="invalid_token"/, token.slice(0, 20))
    }
  })

  it('row 3 never repeats what was sent, and never fails otherwise', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 4 }), (text) => {
        try {
          bearerToken(`Bearer ${text}`)
        } catch (error) {
          assert.ok(error instanceof UsherError)
          assert.ok(!error.detail.includes(text))
        }
      }),
      { numRuns: runs(100) },
    )
  })
})
