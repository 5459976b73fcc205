import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ScimType, UsherError } from '../../src/errors.ts'
import { dialects } from '../../src/scim/dialects.ts'
import { readParameters, readSearchRequest } from '../../src/scim/parameters.ts'

const { rfc, entra } = dialects
const strict = dialects['interop-strict']
const searchRequest = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] }

function refused(run: () => unknown, scimType: ScimType): void {
  assert.throws(run, (error) => error instanceof UsherError && error.scimType === scimType)
}

describe('RFC 7644 section 3.4.2.4: paging parameters', () => {
  it('R192 B45 startIndex below 1 is 1', () => {
    for (const text of ['0', '-5', '-99999999999']) {
      assert.equal(readParameters(`startIndex=${text}`, rfc).startIndex, 1, text)
    }
    assert.equal(readParameters('startIndex=11', rfc).startIndex, 11)
  })

  it('R192 B45 a startIndex or count that is no whole number is 400 invalidValue', () => {
    for (const text of ['abc', '1e309', '1.5', '0x10', 'NaN', 'Infinity', '1 2', '--1']) {
      refused(() => readParameters(`startIndex=${text}`, rfc), 'invalidValue')
      refused(() => readParameters(`count=${text}`, rfc), 'invalidValue')
    }
  })

  it('R193 a negative count is 0', () => {
    assert.equal(readParameters('count=-1', rfc).count, 0)
    assert.equal(readParameters('count=0', rfc).count, 0)
  })

  it('R194 B45 a count above the largest page is that page', () => {
    assert.equal(readParameters('count=1000000000', rfc).count, 1_000)
    assert.equal(readParameters('count=999999999999999999999999', rfc).count, 1_000)
  })

  it('R198 RFC 9865 an empty cursor is a cursor', () => {
    assert.equal(readParameters('cursor&count=10', rfc).cursor, '')
    assert.equal(readParameters('cursor=', rfc).cursor, '')
    assert.equal(readParameters('count=10', rfc).cursor, undefined)
  })

  it('RFC 9865 section 2.4: startIndex and cursor together are 400 invalidValue', () => {
    refused(() => readParameters('cursor&startIndex=1', rfc), 'invalidValue')
    refused(
      () => readSearchRequest({ ...searchRequest, cursor: '', startIndex: 1 }, { dialect: rfc, note() {} }),
      'invalidValue',
    )
  })
})

describe('RFC 7644 section 3.9: attributes and excludedAttributes', () => {
  it('R206 are lists with commas, around which blanks do not count', () => {
    const { attributes, excludedAttributes } = readParameters(
      'attributes=userName,%20emails.value%20,&excludedAttributes=',
      rfc,
    )
    assert.deepEqual(attributes, ['userName', 'emails.value'])
    assert.equal(excludedAttributes, undefined)
  })

  it('R208 together: 400 in interop-strict, accepted elsewhere', () => {
    const query = 'attributes=userName&excludedAttributes=emails'
    refused(() => readParameters(query, strict), 'invalidValue')
    assert.deepEqual(readParameters(query, rfc).attributes, ['userName'])
  })
})

describe('RFC 7644 section 3.4.3: SearchRequest', () => {
  const read = (body: Record<string, unknown> | undefined, dialect = rfc) =>
    readSearchRequest(body, { dialect, note() {} })

  it('R214 takes the same parameters as a GET, lists as arrays', () => {
    const body = { ...searchRequest, filter: 'a pr', sortBy: 'a', sortOrder: 'descending', count: 5, startIndex: 2 }
    assert.deepEqual(read({ ...body, attributes: ['a', 'b'], excludedAttributes: null }), {
      filter: 'a pr',
      sortBy: 'a',
      sortOrder: 'descending',
      count: 5,
      startIndex: 2,
      cursor: undefined,
      attributes: ['a', 'b'],
      excludedAttributes: undefined,
    })
  })

  it('R213 with wrong schemas is 400 invalidSyntax', () => {
    for (const schemas of [[], ['urn:x'], 'urn:x', 1, [...searchRequest.schemas, 'urn:x']]) {
      refused(() => read({ schemas }), 'invalidSyntax')
      refused(() => read({ schemas }, entra), 'invalidSyntax')
    }
    refused(() => read(undefined), 'invalidSyntax')
  })

  it('R213 without schemas is 400 in rfc and interop-strict, and inferred elsewhere', () => {
    refused(() => read({ count: 1 }), 'invalidSyntax')
    refused(() => read({ count: 1 }, strict), 'invalidSyntax')
    assert.equal(read({ count: 1 }, entra).count, 1)
  })

  it('R216 with values of the wrong JSON type is 400 invalidValue', () => {
    for (const wrong of [
      { count: '1' },
      { count: 1.5 },
      { startIndex: true },
      { filter: 1 },
      { attributes: [1] },
      { attributes: {} },
      { cursor: 5 },
      { sortBy: [] },
    ]) {
      refused(() => read({ ...searchRequest, ...wrong }), 'invalidValue')
    }
  })
})
