/** A mixed day: how much at most, and how soon everything is answered when half as much is asked. */
import type { Comparison } from './comparison.ts'
import type { Database } from './database.ts'
import { type Latency, latencyOf } from './latency.ts'
import { closedLoop, type Outcome, openLoop } from './loops.ts'
import { Client } from './measure.ts'
import { errandsOf, shares } from './mix.ts'
import { makeOrganizations } from './organizations.ts'
import type { Measured, Memory } from './process.ts'
import { startUsher } from './site.ts'

/** Seconds before anything counts, so that code is compiled and connections are open. */
const warmUp = 3
/** Requests a second that tokens are signed for while nobody knows the rate; the loop ends when they are used up. */
const fastest = 2_000
/** How many times the rate of the first seconds the maximum may be. */
const growth = 3
/** Share of the time that the search for the maximum takes, of that which half of it is kept up. */
const searchShare = 1 / 3
const marks = { p99: 50, megabytes: 250 }

export interface DayOptions {
  /** Users of each organization; the first one has `large` where that is more. */
  readonly users: number
  readonly large: number
  /** How long half of the maximum is kept up. */
  readonly seconds: number
  /** Requests under way while the maximum is looked for. */
  readonly inFlight: number
  readonly profile: string | undefined
}

/** A loop, with the CPU time of Usher and of the database for one request, in milliseconds. */
export interface Stretch {
  /** Right answers a second. */
  readonly rate: number
  readonly cpu: number
  readonly databaseCpu: number
  readonly latency: Latency
  /** How many there were of each error: a status, or why there was no answer. */
  readonly errors: Readonly<Record<string, number>>
  /** Milliseconds after their times at which requests were sent. */
  readonly late: Latency
  readonly kinds: readonly KindFigure[]
}

export interface KindFigure {
  readonly kind: string
  readonly asked: number
  readonly latency: Latency
  readonly errors: Readonly<Record<string, number>>
}

export interface Day {
  readonly organizations: number
  readonly users: number
  /** As fast as it goes. */
  readonly most: Stretch
  /** Half as much, each request at its time. */
  readonly half: Stretch
  readonly planned: number
  /** Of the Usher process when everything is over. */
  readonly memory: Memory
}

export async function measureDay(database: Database, options: DayOptions): Promise<Day> {
  const { uri, dataDir } = database
  const { users, large, seconds, inFlight, profile } = options
  const usher = await startUsher({ uri, dataDir, profile })
  try {
    const { provider, organizations } = await makeOrganizations(usher.url, { uri, users, large })
    // As many connections as it takes: a request that waits for one is not sent at its time.
    const client = new Client(usher.url, Number.POSITIVE_INFINITY)
    try {
      const closed = async (expected: number, duration: number) => {
        const errands = await errandsOf(organizations, provider, expected * duration)
        return stretch(usher, database, () => closedLoop(client, errands, { inFlight, seconds: duration }))
      }
      const first = await closed(fastest, warmUp)
      const most = await closed(first.rate * growth, seconds * searchShare)
      if (most.rate === 0) throw new Error(`Nothing was answered as it should be: ${JSON.stringify(most.errors)}`)
      const planned = most.rate / 2
      const errands = await errandsOf(organizations, provider, planned * seconds)
      const half = await stretch(usher, database, () => openLoop(client, errands, { rate: planned, seconds }))
      const size = organizations.reduce((sum, { userIds, people }) => sum + userIds.length + people.length, 0)
      return { organizations: organizations.length, users: size, most, half, planned, memory: await usher.memory() }
    } finally {
      client.close()
      await provider.close()
    }
  } finally {
    await usher.stop()
  }
}

export function compareDay({ half, memory }: Day): readonly Comparison[] {
  const { p99 } = half.latency
  const megabytes = memory.resident / 1_048_576
  return [
    { name: 'p99 at half of the maximum rate, ms', value: p99, mark: `< ${marks.p99}`, holds: p99 < marks.p99 },
    {
      name: 'resident memory of Usher at the end, MB',
      value: megabytes,
      mark: `< ${marks.megabytes}`,
      holds: megabytes < marks.megabytes,
    },
  ]
}

async function stretch(usher: Measured, database: Database, loop: () => Promise<readonly Outcome[]>): Promise<Stretch> {
  const before = { own: await usher.cpu(), database: database.cpu() }
  const began = performance.now()
  const outcomes = await loop()
  const seconds = (performance.now() - began) / 1_000
  const after = { own: await usher.cpu(), database: database.cpu() }
  const right = outcomes.filter(({ error }) => error === null).length
  return {
    rate: right / seconds,
    cpu: (after.own - before.own) / outcomes.length,
    databaseCpu: (after.database - before.database) / outcomes.length,
    latency: latencyOf(outcomes.map(({ took }) => took)),
    errors: errorsIn(outcomes),
    late: latencyOf(outcomes.map(({ late }) => late)),
    kinds: Object.keys(shares).map((kind) => {
      const these = outcomes.filter((outcome) => outcome.kind === kind)
      const latency = latencyOf(these.map(({ took }) => took))
      return { kind, asked: these.length, latency, errors: errorsIn(these) }
    }),
  }
}

function errorsIn(outcomes: readonly Outcome[]): Readonly<Record<string, number>> {
  const errors: Record<string, number> = {}
  for (const { error } of outcomes) if (error !== null) errors[error] = (errors[error] ?? 0) + 1
  return errors
}
