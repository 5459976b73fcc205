/** Queries of a SCIM client, for tests of lists, pages and searches. */
import assert from 'node:assert/strict'
import { type Answer, type ScimClient, user } from './usher.ts'

export type Parameters = Readonly<Record<string, string | number>>

/** A path with these query parameters. */
export function withQuery(path: string, parameters: Parameters): string {
  const entries = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return entries.length === 0 ? path : `${path}?${entries.join('&')}`
}

/** The answer to a query, whatever it is. */
export function query(client: ScimClient, path: string, parameters: Parameters = {}): Promise<Answer> {
  return client.call('GET', withQuery(path, parameters))
}

/** The ListResponse of a query that has to succeed. */
export async function list(client: ScimClient, path: string, parameters: Parameters = {}): Promise<Answer['body']> {
  const answer = await query(client, path, parameters)
  assert.equal(answer.status, 200, answer.text)
  assert.deepEqual(answer.body.schemas, ['urn:ietf:params:scim:api:messages:2.0:ListResponse'])
  return answer.body
}

/** One attribute of each resource of a ListResponse. */
export function pick(body: Answer['body'], name: string): readonly string[] {
  return (body.Resources ?? []).map((resource: Readonly<Record<string, string>>) => resource[name])
}

/** Makes users with these names at once and gives their ids in the same order. */
export async function people(
  client: ScimClient,
  names: readonly string[],
  more: (name: string, index: number) => Readonly<Record<string, unknown>> = () => ({}),
): Promise<readonly string[]> {
  const made = await Promise.all(
    names.map((name, index) => client.must('POST', '/Users', user(name, more(name, index)))),
  )
  return made.map(({ id }) => id)
}

/** `prefix-00`, `prefix-01` …: names whose order is that of their numbers. */
export function numbered(prefix: string, length: number): readonly string[] {
  return Array.from({ length }, (_, index) => `${prefix}-${String(index).padStart(4, '0')}`)
}

/** The pages of a cursor walk; `between` runs after each page but the last. */
export async function walk(
  client: ScimClient,
  path: string,
  parameters: Parameters,
  between: (page: number) => Promise<void> = async () => {},
): Promise<readonly Answer['body'][]> {
  const pages = []
  let cursor: string | undefined = ''
  while (cursor !== undefined) {
    const page: Answer['body'] = await list(client, path, { ...parameters, cursor })
    pages.push(page)
    cursor = page.nextCursor
    if (cursor !== undefined) await between(pages.length)
  }
  return pages
}
