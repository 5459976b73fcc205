import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { acceptedType, parseMediaType } from '../../src/http/media-type.ts'

const offered = ['application/scim+json', 'application/json'] as const

describe('RFC 9110 section 12.5.1: what Accept asks for', () => {
  const cases: readonly [string | undefined, string | undefined][] = [
    [undefined, 'application/scim+json'],
    ['', 'application/scim+json'],
    ['*/*', 'application/scim+json'],
    ['application/*', 'application/scim+json'],
    ['application/scim+json', 'application/scim+json'],
    ['application/json', 'application/json'],
    ['Application/JSON; charset=utf-8', 'application/json'],
    ['application/json, application/scim+json', 'application/scim+json'],
    ['application/json, application/scim+json;q=0.5', 'application/json'],
    ['application/json, text/plain, */*', 'application/scim+json'],
    ['application/scim+json;q=0, */*', 'application/json'],
    ['text/html, application/xml', undefined],
    ['application/json;q=0', undefined],
    ['nonsense', undefined],
  ]
  for (const [accept, expected] of cases) {
    it(`R22 answers ${expected ?? 'nothing'} to ${accept ?? 'no header'}`, () => {
      assert.equal(acceptedType(accept, offered), expected)
    })
  }
})

describe('RFC 9110 section 8.3.1: a media type', () => {
  it('has a name in lower case and parameters, quoted or not', () => {
    const type = parseMediaType('Application/SCIM+json; Charset="UTF-8"; a=b;')
    assert.equal(type?.name, 'application/scim+json')
    assert.deepEqual(
      [...(type?.parameters ?? [])],
      [
        ['charset', 'UTF-8'],
        ['a', 'b'],
      ],
    )
  })

  it('is refused without a subtype or with a parameter without a name', () => {
    for (const text of ['', 'json', 'a/b; =c', 'a/b; c', 'a b/c']) assert.equal(parseMediaType(text), undefined, text)
  })
})
