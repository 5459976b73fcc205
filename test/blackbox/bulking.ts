/** Bulk requests of a SCIM client (RFC 7644 section 3.7). */
import assert from 'node:assert/strict'
import { type Answer, group, type ScimClient, user } from './usher.ts'

export const bulkUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'

export interface BulkResult {
  readonly method: string
  readonly status: string
  readonly bulkId?: string
  readonly location?: string
  readonly version?: string
  readonly response?: Answer['body']
}

/** The answer to a bulk, whatever it is. */
export function askBulk(client: ScimClient, operations: readonly unknown[], more: object = {}): Promise<Answer> {
  return client.call('POST', '/Bulk', { schemas: [bulkUrn], Operations: operations, ...more })
}

/** The results of a bulk that is processed. */
export async function bulk(
  client: ScimClient,
  operations: readonly unknown[],
  more: object = {},
): Promise<readonly BulkResult[]> {
  const answer = await askBulk(client, operations, more)
  assert.equal(answer.status, 200, answer.text)
  assert.deepEqual(answer.body.schemas, ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'])
  return answer.body.Operations
}

export function postUser(bulkId: string, userName: string, more: Readonly<Record<string, unknown>> = {}) {
  return { method: 'POST', path: '/Users', bulkId, data: user(userName, more) }
}

/** The members are ids, or `bulkId:…`. */
export function postGroup(bulkId: string, displayName: string, members: readonly string[] = []) {
  const data = group(displayName, { members: members.map((value) => ({ value })) })
  return { method: 'POST', path: '/Groups', bulkId, data }
}

export function statusesOf(results: readonly BulkResult[]): readonly string[] {
  return results.map(({ status }) => status)
}

/** The resource that a result points at. */
export async function at(client: ScimClient, { location }: BulkResult): Promise<Answer['body']> {
  return client.must('GET', new URL(location!).pathname.replace(/^\/scim\/v2\/[^/]+/, ''))
}
