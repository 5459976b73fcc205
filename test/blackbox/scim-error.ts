import assert from 'node:assert/strict'
import type { ScimType } from '../../src/errors.ts'
import type { Answer } from './usher.ts'

const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** Checks that an answer is the SCIM error of RFC 7644 section 3.12 with this status and keyword, and nothing else. */
export function assertScimError(
  answer: Pick<Answer, 'status' | 'body' | 'text'> & { readonly headers: { get(name: string): string | null } },
  status: number,
  scimType?: ScimType,
): void {
  assert.equal(answer.status, status, answer.text.slice(0, 500))
  const { detail, ...rest } = answer.body ?? {}
  assert.deepEqual(rest, {
    schemas: [errorUrn],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
  })
  assert.equal(typeof detail, 'string', answer.text)
  assert.notEqual(detail, '')
  assert.match(answer.headers.get('content-type') ?? '', /^application\/(scim\+)?json$/)
}
