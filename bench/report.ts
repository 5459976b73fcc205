import type { BulkFigure } from './bulk.ts'
import { type Comparison, comparisonTable } from './comparison.ts'
import type { FlatFigure } from './flat.ts'
import type { Loss } from './losses.ts'
import type { Reading } from './measure.ts'
import type { Memory } from './process.ts'
import { decimals, megabytes, table, times } from './table.ts'

/** Figures of one operation; the floor is what the same work costs without Usher. */
export interface Figure {
  readonly name: string
  readonly inFlight: number
  readonly mark: number | null
  readonly usher: Reading
  readonly floor: Reading
  /** CPU time of the database for one operation, in milliseconds. */
  readonly database: { readonly usher: number; readonly floor: number }
}

export interface Report {
  readonly figures: readonly Figure[]
  readonly bulks: readonly BulkFigure[]
  readonly flat: readonly FlatFigure[]
  readonly comparisons: readonly Comparison[]
  readonly losses: readonly Loss[]
  readonly memory: Memory
}

/** The tables in Markdown, so that they can be put into the documentation as they are. */
export function showReport({ figures, bulks, flat, comparisons, losses, memory }: Report): string {
  return [
    table(
      [
        ...['operation', 'in flight', 'rate/s', 'floor/s', 'ratio', 'mark'],
        ...['CPU ms/op', 'floor CPU ms/op', 'database CPU ms/op', 'floor database CPU ms/op'],
      ],
      figures.map(({ name, inFlight, mark, usher, floor, database }) => {
        const ratio = usher.rate / floor.rate
        const numbers = [usher.rate.toFixed(0), floor.rate.toFixed(0), ratio.toFixed(2)]
        const verdict = mark === null ? '' : `≥ ${mark} ${ratio >= mark ? '✓' : '✗'}`
        const cpu = [usher.cpu, floor.cpu, database.usher, database.floor].map((time) => decimals(time))
        return [name, String(inFlight), ...numbers, verdict, ...cpu]
      }),
    ),
    table(
      ['operation', 'in flight', 'p50 ms', 'p95 ms', 'p99 ms', 'floor p50 ms', 'floor p95 ms', 'floor p99 ms'],
      figures.map(({ name, inFlight, usher, floor }) => [
        name,
        String(inFlight),
        ...times(usher.latency),
        ...times(floor.latency),
      ]),
    ),
    table(
      [
        'operations in bulk',
        'bulks in flight',
        'operations/s',
        'CPU ms/op',
        'single in flight',
        'single/s',
        'CPU ms/op',
      ],
      bulks.map(({ name, bulks: under, inFlight, together, apart }) => {
        const [bulk, single] = [together, apart].map(({ rate, cpu }) => [rate.toFixed(0), cpu.toFixed(2)])
        return [name, String(under), ...bulk!, String(inFlight), ...single!]
      }),
    ),
    table(
      ['read', 'users', 'in flight', 'rate/s', 'CPU ms/op', 'p50 ms', 'p95 ms', 'p99 ms'],
      flat.map(({ name, users, inFlight, reading }) => {
        const { rate, cpu } = reading
        return [name, String(users), String(inFlight), rate.toFixed(0), cpu.toFixed(2), ...times(reading.latency)]
      }),
    ),
    comparisonTable(comparisons),
    table(
      ['at once', 'asked', 'kept'],
      losses.map(({ name, asked, kept }) => [name, String(asked), `${kept} ${kept === asked ? '✓' : '✗'}`]),
    ),
    `Memory of the process: ${megabytes(memory.resident)} MB, at most ${megabytes(memory.peak)} MB`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}
