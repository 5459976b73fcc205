import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { UsherError } from '../../src/errors.ts'
import { readQueryString } from '../../src/scim/query-string.ts'
import { runs } from '../runs.ts'

function refused(query: string): void {
  assert.throws(
    () => readQueryString(query),
    (error) => error instanceof UsherError && error.scimType === 'invalidValue',
    query,
  )
}

describe('RFC 7644 section 3.4.2: the query of a URL', () => {
  it('R32 ignores unknown parameters, empty parts, trailing & and a bare question mark', () => {
    assert.deepEqual([...readQueryString('')], [])
    assert.deepEqual([...readQueryString('aadOptscim062020&count=1&&x=1&x=2&')], [['count', '1']])
  })

  it('row 23 refuses a parameter that comes twice', () => {
    refused('count=1&count=2')
    refused('filter=a&count=1&filter=a')
  })

  it('row 24 never makes an object out of a parameter', () => {
    assert.deepEqual([...readQueryString('filter[$ne]=1&filter%5B%24ne%5D=1&__proto__[x]=1&__proto__=1')], [])
  })

  it('R33 reads %2B as a plus, whatever the blanks look like', () => {
    assert.equal(readQueryString('filter=a%2Bb@x').get('filter'), 'a+b@x')
    assert.equal(readQueryString('filter=userName+eq+%22a%2Bb@x%22').get('filter'), 'userName eq "a+b@x"')
  })

  it('R33 reads a raw plus as a blank, unless the query writes blanks as %20', () => {
    assert.equal(readQueryString('filter=userName+eq+%22a%22').get('filter'), 'userName eq "a"')
    assert.equal(readQueryString('filter=userName%20eq%20%22a+b@x%22').get('filter'), 'userName eq "a+b@x"')
    assert.equal(readQueryString('sortBy=a+b&filter=x%20y').get('sortBy'), 'a+b')
  })

  it('R33 decodes once', () => {
    assert.equal(readQueryString('filter=%2525').get('filter'), '%25')
  })

  it('refuses what is no percent-encoded UTF-8', () => {
    refused('filter=%')
    refused('filter=%ff')
    refused('filter=%zz')
  })

  it('gives back whatever a client encodes, in either of the two ways', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        assert.equal(readQueryString(`filter=${encodeURIComponent(text)}`).get('filter'), text)
        const form = new URLSearchParams({ filter: text }).toString()
        assert.equal(readQueryString(form).get('filter'), text)
      }),
      { numRuns: runs(100) },
    )
  })
})
