import type { BulkFigure } from './bulk.ts'
import type { FlatFigure } from './flat.ts'
import type { Loss } from './losses.ts'
import type { Reading } from './measure.ts'
import type { Memory } from './process.ts'

/** Figures of one operation; the floor is what the same work costs without Usher. */
export interface Figure {
  readonly name: string
  readonly inFlight: number
  readonly mark: number | null
  readonly usher: Reading
  readonly floor: Reading
}

/** A comparison of two operations. */
export interface Comparison {
  readonly name: string
  readonly value: number
  readonly mark: string
  readonly holds: boolean
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
  const megabytes = (bytes: number) => (bytes / 1_048_576).toFixed(0)
  return [
    table(
      ['operation', 'in flight', 'rate/s', 'floor/s', 'ratio', 'mark', 'CPU ms/op', 'floor CPU ms/op'],
      figures.map(({ name, inFlight, mark, usher, floor }) => {
        const ratio = usher.rate / floor.rate
        const numbers = [usher.rate.toFixed(0), floor.rate.toFixed(0), ratio.toFixed(2)]
        const verdict = mark === null ? '' : `≥ ${mark} ${ratio >= mark ? '✓' : '✗'}`
        return [name, String(inFlight), ...numbers, verdict, usher.cpu.toFixed(2), floor.cpu.toFixed(2)]
      }),
    ),
    table(
      ['operation', 'in flight', 'p50 ms', 'p95 ms', 'p99 ms', 'floor p50 ms', 'floor p95 ms', 'floor p99 ms'],
      figures.map(({ name, inFlight, usher, floor }) => [name, String(inFlight), ...times(usher), ...times(floor)]),
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
        return [name, String(users), String(inFlight), rate.toFixed(0), cpu.toFixed(2), ...times(reading)]
      }),
    ),
    table(
      ['comparison', 'value', 'mark'],
      comparisons.map(({ name, value, mark, holds }) => [name, value.toFixed(2), `${mark} ${holds ? '✓' : '✗'}`]),
    ),
    table(
      ['at once', 'asked', 'kept'],
      losses.map(({ name, asked, kept }) => [name, String(asked), `${kept} ${kept === asked ? '✓' : '✗'}`]),
    ),
    `Memory of the process: ${megabytes(memory.resident)} MB, at most ${megabytes(memory.peak)} MB`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function times({ latency }: Reading): readonly string[] {
  return [latency.p50, latency.p95, latency.p99].map((time) => time.toFixed(1))
}

/** Nothing where there are no rows. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}
