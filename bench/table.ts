/** Tables in Markdown, so that they can be put into the documentation as they are. */
import type { Latency } from './latency.ts'

/** Nothing where there are no rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** A figure that a machine may not tell. */
export function decimals(value: number, places = 2): string {
  return Number.isFinite(value) ? value.toFixed(places) : '–'
}

export function times({ p50, p95, p99 }: Latency): readonly string[] {
  return [p50, p95, p99].map((time) => decimals(time, 1))
}

export function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(0)
}
