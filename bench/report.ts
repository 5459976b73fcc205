import type { Loss } from './losses.ts'

/** Figures of one operation; the floor is what the same work costs without Usher. */
export interface Figure {
  readonly name: string
  readonly rate: number
  readonly floor: number
  readonly mark: number | null
  /** CPU time of the process for one operation, in milliseconds. */
  readonly cpu: number
  readonly floorCpu: number
}

/** A comparison of two operations. */
export interface Comparison {
  readonly name: string
  readonly value: number
  readonly mark: string
  readonly holds: boolean
}

/** The table in Markdown, so that it can be put into the documentation as it is. */
export function showReport(
  figures: readonly Figure[],
  comparisons: readonly Comparison[],
  losses: readonly Loss[],
): string {
  return [
    table(
      ['operation', 'rate/s', 'floor/s', 'ratio', 'mark', 'CPU ms/op', 'floor CPU ms/op'],
      figures.map(({ name, rate, floor, mark, cpu, floorCpu }) => {
        const ratio = rate / floor
        const verdict = mark === null ? '' : `≥ ${mark} ${ratio >= mark ? '✓' : '✗'}`
        const numbers = [rate.toFixed(0), floor.toFixed(0), ratio.toFixed(2)]
        return [name, ...numbers, verdict, cpu.toFixed(2), floorCpu.toFixed(2)]
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
  ].join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}
