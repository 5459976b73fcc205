import assert from 'node:assert/strict'
import type { Json } from './patching.ts'
import type { ScimClient } from './usher.ts'

/** A filter and the names of what it finds. */
export type Case = readonly [filter: string, found: readonly string[]]

/** Checks that each filter at `path` finds exactly these, by the attribute that names them. */
export async function assertFinds(
  client: ScimClient,
  path: string,
  name: string,
  cases: readonly Case[],
): Promise<void> {
  for (const [filter, found] of cases) {
    const answer = await client.call('GET', `${path}?filter=${encodeURIComponent(filter)}`)
    assert.equal(answer.status, 200, `${filter}: ${answer.text}`)
    const names = answer.body.Resources.map((one: Json) => one[name]).sort()
    assert.deepEqual(names, [...found].sort(), filter)
    assert.equal(answer.body.totalResults, found.length, filter)
  }
}
