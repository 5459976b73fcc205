/** A fault under load: what it does to the answers, how soon it is over, and whether everything is kept. */
import assert from 'node:assert/strict'
import type { Service } from '../blackbox/usher.ts'
import { assertKept, type Checked } from './checker.ts'
import type { Attempt } from './journal.ts'
import { Load, type Rules } from './load.ts'
import type { LoadStage } from './load-stage.ts'

export interface Storm {
  readonly name: string
  readonly rules: Rules
  /** Brings the fault about, and resolves when its cause has gone. */
  readonly fault: (load: Load) => Promise<void>
  /** How much is acknowledged before the fault begins, and twice as much after it is over. */
  readonly enough?: number
}

/** What is printed of one storm. */
export interface Figure extends Checked {
  readonly name: string
  readonly requests: number
  readonly acknowledged: number
  readonly unavailable: number
  readonly broken: number
  readonly refused: number
  /** Seconds: the slowest answer, the longest time without an acknowledgement, from the end of the cause to the last bad answer. */
  readonly slowest: number
  readonly standstill: number
  readonly recovery: number
}

/** Seconds after the end of the cause in which the service must be as before. */
const recoveryBound = 30

/** @throws AssertionError when an answer was wrong, when it does not recover in time, or when something is not kept */
export async function weather(
  stage: LoadStage,
  doors: readonly Service[],
  { name, rules, fault, enough = 60 }: Storm,
): Promise<Figure> {
  const load = new Load(stage, doors, rules)
  let over: number
  try {
    await load.more(enough)
    await fault(load)
    over = performance.now()
    await load.more(2 * enough)
  } finally {
    await load.end()
  }
  const { journal } = load
  const recovery = lastTrouble(journal.attempts, over)
  assert.ok(recovery < recoveryBound, `${recovery} s after the end of the cause there is still trouble`)
  const checked = await assertKept(doors[0]!, stage, journal)
  const count = (status: number | null) => journal.attempts.filter((attempt) => attempt.status === status).length
  return {
    name,
    ...checked,
    requests: journal.attempts.length,
    acknowledged: journal.acknowledged,
    unavailable: count(503),
    broken: count(null),
    refused: journal.refused,
    slowest: Math.max(...journal.attempts.map(({ begun, ended }) => ended - begun)) / 1_000,
    standstill: longestGap(journal.attempts),
    recovery,
  }
}

const isGood = ({ status }: Attempt) => status !== null && status < 500

function lastTrouble(attempts: readonly Attempt[], over: number): number {
  const late = attempts.filter((attempt) => !isGood(attempt) && attempt.ended > over)
  return Math.max(0, ...late.map(({ ended }) => (ended - over) / 1_000))
}

function longestGap(attempts: readonly Attempt[]): number {
  const times = attempts.filter(isGood).map(({ ended }) => ended)
  const gaps = times.toSorted((a, b) => a - b).map((time, index, all) => time - (all[index - 1] ?? time))
  return Math.max(0, ...gaps) / 1_000
}

const columns: readonly (readonly [title: string, value: (figure: Figure) => string])[] = [
  ['fault', ({ name }) => name],
  ['requests', ({ requests }) => String(requests)],
  ['acknowledged', ({ acknowledged }) => String(acknowledged)],
  ['503', ({ unavailable }) => String(unavailable)],
  ['broken', ({ broken }) => String(broken)],
  ['refused', ({ refused }) => String(refused)],
  ['slowest s', ({ slowest }) => slowest.toFixed(1)],
  ['standstill s', ({ standstill }) => standstill.toFixed(1)],
  ['recovery s', ({ recovery }) => recovery.toFixed(1)],
  ['users', ({ users }) => String(users)],
  ['decisions', ({ decisions }) => String(decisions)],
  ['changes', ({ changes }) => String(changes)],
]

/** The figures as a table in Markdown. */
export function showFigures(figures: readonly Figure[]): string {
  const rows = [columns.map(([title]) => title), ...figures.map((figure) => columns.map(([, value]) => value(figure)))]
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  const [head = [], ...body] = rows
  const rule = `|${widths.map((width, column) => (column === 0 ? `${'-'.repeat(width + 2)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...body.map(line)].join('\n')
}
