/** Figures against their marks. */
import { decimals, table } from './table.ts'

/** A comparison of two operations, or of a figure with its mark. */
export interface Comparison {
  readonly name: string
  readonly value: number
  readonly mark: string
  /** Null where the machine cannot tell. */
  readonly holds: boolean | null
}

export function comparisonTable(comparisons: readonly Comparison[]): string {
  return table(
    ['comparison', 'value', 'mark'],
    comparisons.map(({ name, value, mark, holds }) => [name, decimals(value), `${mark} ${verdict(holds)}`]),
  )
}

function verdict(holds: boolean | null): string {
  if (holds === null) return '–'
  return holds ? '✓' : '✗'
}
