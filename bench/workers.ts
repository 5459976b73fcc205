/** Several workers against one: users read by id, as fast as it goes, in turns. */
import { availableParallelism } from 'node:os'
import { type Comparison, comparisonTable } from './comparison.ts'
import { type Database, watched } from './database.ts'
import { Client, measureInTurns, type Reading } from './measure.ts'
import { readById } from './mix.ts'
import type { Measured } from './process.ts'
import { openSite, startUsher } from './site.ts'
import { decimals, table, times } from './table.ts'

/** Least rate of n workers over n times that of one: 1.7 of two. */
const mark = 0.85
/** The database and the client take one each at least. */
const furtherCores = 2

export interface WorkersOptions {
  readonly workers: readonly number[]
  readonly users: number
  readonly seconds: number
  readonly inFlight: number
}

export interface WorkersFigure {
  readonly workers: number
  readonly reading: Reading
  /** CPU time of the database for one read, in milliseconds. */
  readonly databaseCpu: number
}

export async function measureWorkers(database: Database, options: WorkersOptions): Promise<readonly WorkersFigure[]> {
  const { uri, dataDir } = database
  const { workers: counts, users, seconds, inFlight } = options
  const place = { uri, dataDir, profile: undefined }
  const { stage, ...site } = await openSite({ ...place, users, members: 1, connections: inFlight })
  await site.stop()
  const processes: Measured[] = []
  try {
    for (const workers of counts) processes.push(await startUsher({ ...place, workers }))
    const watches = processes.map((process) => watched(process, database))
    const clients = processes.map(({ url }) => new Client(url, inFlight))
    const asking = () => readById(stage)
    const sides = watches.map(({ process }, index) => ({ process, client: clients[index]!, asking }))
    const readings = await measureInTurns(sides, { seconds, inFlight })
    for (const client of clients) client.close()
    return counts.map((workers, index) => {
      const reading = readings[index]!
      return { workers, reading, databaseCpu: reading.cpu * watches[index]!.databaseShare() }
    })
  } finally {
    for (const process of processes) await process.stop()
  }
}

/** Each against the first. Nobody can tell where there are fewer processors than processes that are busy. */
export function compareWorkers(figures: readonly WorkersFigure[]): readonly Comparison[] {
  const [base, ...others] = figures
  return others.map(({ workers, reading }) => {
    const least = (mark * workers) / base!.workers
    const value = reading.rate / base!.reading.rate
    const holds = availableParallelism() < coresFor(workers) ? null : value >= least
    const name = `rate of reads by id with ${workers} workers over ${base!.workers}`
    return { name, value, mark: `≥ ${least.toFixed(1)}`, holds }
  })
}

export function showWorkers(figures: readonly WorkersFigure[]): string {
  const most = Math.max(...figures.map(({ workers }) => workers))
  const cores = availableParallelism()
  return [
    table(
      ['read by id', 'rate/s', 'CPU ms/op', 'database CPU ms/op', 'p50 ms', 'p95 ms', 'p99 ms'],
      figures.map(({ workers, reading: { rate, cpu, latency }, databaseCpu }) => {
        const name = workers === 1 ? '1 worker' : `${workers} workers`
        return [name, decimals(rate, 0), decimals(cpu), decimals(databaseCpu), ...times(latency)]
      }),
    ),
    comparisonTable(compareWorkers(figures)),
    ...(cores < coresFor(most)
      ? [
          `${most} workers, the database and the client need ${coresFor(most)} cores at least, and this machine has ` +
            `${cores}: the rates say how they share those, not what another worker brings. What can be compared is the ` +
            'CPU time for one read.',
        ]
      : []),
  ].join('\n\n')
}

function coresFor(workers: number): number {
  return workers + furtherCores
}
