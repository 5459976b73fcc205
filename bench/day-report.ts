import { comparisonTable } from './comparison.ts'
import { compareDay, type Day, type KindFigure, type Stretch } from './day.ts'
import { decimals, megabytes, table, times } from './table.ts'

export function showDay(day: Day): string {
  const { most, half, planned, memory } = day
  const asked = half.kinds.reduce((sum, kind) => sum + kind.asked, 0)
  const all: KindFigure = { kind: 'all', asked, latency: half.latency, errors: half.errors }
  return [
    `A mixed day of ${day.organizations} organizations with ${day.users} users`,
    table(
      ['loop', 'rate/s', 'CPU ms/op', 'database CPU ms/op', 'p50 ms', 'p95 ms', 'p99 ms', 'errors'],
      [
        ['closed, as fast as it goes', ...stretchCells(most)],
        [`open, ${planned.toFixed(0)}/s planned`, ...stretchCells(half)],
      ],
    ),
    table(
      ['open loop', 'asked', 'p50 ms', 'p95 ms', 'p99 ms', 'errors'],
      [...half.kinds, all].map(({ kind, asked, latency, errors }) => {
        return [kind, String(asked), ...times(latency), errorText(errors)]
      }),
    ),
    comparisonTable(compareDay(day)),
    `Sent after the planned time: p50 ${decimals(half.late.p50, 1)} ms, p99 ${decimals(half.late.p99, 1)} ms (it counts). ` +
      `Memory of Usher: ${megabytes(memory.resident)} MB, at most ${megabytes(memory.peak)} MB.`,
  ].join('\n\n')
}

function stretchCells({ rate, cpu, databaseCpu, latency, errors }: Stretch): readonly string[] {
  return [decimals(rate, 0), decimals(cpu), decimals(databaseCpu), ...times(latency), errorText(errors)]
}

function errorText(errors: KindFigure['errors']): string {
  const parts = Object.entries(errors).map(([error, count]) => `${count} × ${error}`)
  return parts.length === 0 ? 'none' : parts.join(', ')
}
