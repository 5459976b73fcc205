/** Recorded traffic of a vendor, played against one organization, and what it leaves behind. */
import assert from 'node:assert/strict'
import type { Json } from './patching.ts'
import type { Answer, Organization, ScimClient, Usher } from './usher.ts'

/** A request as the vendor sends it. `{name}` in path and body stands for the id that was noted under that name. */
export interface Recorded {
  readonly request: readonly [method: string, path: string, body?: Json]
  readonly status: number
  /** Notes the id of the answer, or of the first resource that a list found. */
  readonly note?: string
  readonly check?: (body: Answer['body']) => void
}

/** What the vendor's own job remembers between two runs. */
export type Notes = Map<string, string>

/** A vendor's job at an organization of its own. */
export interface VendorJob {
  readonly organization: Organization
  readonly client: ScimClient
  readonly notes: Notes
  run(...steps: readonly (readonly Recorded[])[]): Promise<void>
  /** Plays the steps, and once more: the second time nothing changes, no version and no change record. */
  runTwice(...steps: readonly (readonly Recorded[])[]): Promise<void>
}

/** @param headers what the vendor sends with every request */
export async function startJob(
  usher: Usher,
  settings: Json,
  headers: Readonly<Record<string, string>>,
): Promise<VendorJob> {
  const organization = await usher.organization()
  const client = await organization.scimClient(settings)
  const notes: Notes = new Map()
  const run = (...steps: readonly (readonly Recorded[])[]) => play(client, notes, headers, steps.flat())
  return {
    organization,
    client,
    notes,
    run,
    async runTwice(...steps) {
      await run(...steps)
      const before = await stateOf(organization, client)
      await run(...steps)
      assert.deepEqual(await stateOf(organization, client), before)
    },
  }
}

/** Nobody was found, which is a success with an empty list. */
export const isEmpty = (body: Answer['body']) => {
  assert.equal(body.totalResults, 0)
  assert.deepEqual(body.Resources, [])
}

/** One was found. */
export const isOne = (body: Answer['body']) => assert.equal(body.totalResults, 1)

/** Plays the requests in order; each has to be answered with its status and pass its check. */
export async function play(
  client: ScimClient,
  notes: Notes,
  headers: Readonly<Record<string, string>>,
  recorded: readonly Recorded[],
): Promise<void> {
  for (const { request, status, note, check } of recorded) {
    const [method, path, body] = request
    const sent = body === undefined ? undefined : withNotes(JSON.stringify(body), notes)
    const answer = await client.call(method, encodeQuery(withNotes(path, notes)), sent, headers)
    const shown = `${method} ${path} ${sent ?? ''}: ${answer.text}`
    assert.equal(answer.status, status, shown)
    if (note !== undefined) notes.set(note, answer.body.id ?? answer.body.Resources[0].id)
    check?.(answer.body)
  }
}

/** Everything that a repetition must leave alone: each resource as it is shown, and the number of change records. */
export async function stateOf(organization: Organization, client: ScimClient): Promise<unknown> {
  const { Resources: users } = await client.must('GET', '/Users')
  const { Resources: groups } = await client.must('GET', '/Groups')
  const { items } = await organization.admin('GET', '/changes?limit=1000')
  return { users, groups, changes: items.map(({ id }: Json) => id) }
}

function withNotes(text: string, notes: Notes): string {
  return text.replace(/\{([a-z]+)\}/g, (whole, name: string) => notes.get(name) ?? whole)
}

function encodeQuery(path: string): string {
  return path.replace(/(?<=filter=)[^&]*/, encodeURIComponent)
}
