/** Which claims a connection's logins carry: for whoever sets up its mappings, so that nobody has to guess. */
import type { RequestContext } from '../context.ts'
import type { JsonValue } from '../schema/types.ts'
import type { DirectoryEnvironment } from './environment.ts'
import type { ClaimsSeen, SeenClaim } from './types.ts'

/** Logins that are looked at: the newest ones, whatever became of them. */
export const loginsLookedAt = 200

/** Characters of an example, as JSON; a longer text is cut, anything else of more is left out. */
const exampleLimit = 200

interface Tally {
  seen: number
  lastSeen: Date
  readonly types: Map<string, number>
  example: JsonValue | undefined
}

/**
 * Counts the claims of the newest decisions of a connection. Reads a bounded number of decisions by their index, and
 * of them times and claims only. Values are those that decisions record: of mapped claims.
 */
export async function readClaimsSeen(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  connection: string,
): Promise<ClaimsSeen> {
  const decisions = await store.decisions.find(
    organization.id,
    { connection },
    // only the index that begins with the connection has this order: decisions of others are never walked over
    { sort: { connection: -1, _id: -1 }, limit: loginsLookedAt, projection: { at: 1, claims: 1 } },
  )
  const tallies = new Map<string, Tally>()
  for (const { at, claims } of decisions) {
    for (const { name, type, value } of claims) {
      const tally = tallies.get(name) ?? { seen: 0, lastSeen: at, types: new Map(), example: undefined }
      tally.seen += 1
      tally.types.set(type, (tally.types.get(type) ?? 0) + 1)
      tally.example ??= exampleOf(value)
      if (at > tally.lastSeen) tally.lastSeen = at
      tallies.set(name, tally)
    }
  }
  const claims = [...tallies].map(([name, tally]) => show(name, tally)).sort(byFrequency)
  return { logins: decisions.length, since: decisions.at(-1)?.at.toISOString() ?? null, claims }
}

function exampleOf(value: JsonValue | undefined): JsonValue | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') return value.length > exampleLimit ? `${value.slice(0, exampleLimit)}…` : value
  return JSON.stringify(value).length > exampleLimit ? undefined : value
}

function show(name: string, { seen, lastSeen, types, example }: Tally): SeenClaim {
  const byType = [...types].map(([type, count]) => ({ type, count })).sort((a, b) => b.count - a.count)
  return {
    name,
    types: byType,
    seen,
    lastSeen: lastSeen.toISOString(),
    ...(example === undefined ? {} : { example }),
  }
}

function byFrequency(a: SeenClaim, b: SeenClaim): number {
  return b.seen - a.seen || (a.name < b.name ? -1 : 1)
}
