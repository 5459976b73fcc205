/** What comes that should not come, one row each: inputs and faults, what is answered, and which tests show it. */
import { readFileSync } from 'node:fs'
import { testFilesBy } from './test-titles.ts'

export interface HostileInput {
  readonly row: number
  readonly input: string
  readonly answer: string
}

export interface HostileSection {
  readonly title: string
  readonly inputs: readonly HostileInput[]
}

/** `hostile-inputs.txt`: a section begins with `#`, a line is `row | input | answer`. */
export function readHostileInputs(): readonly HostileSection[] {
  const text = readFileSync(new URL('hostile-inputs.txt', import.meta.url), 'utf8')
  return text.split(/^# /m).flatMap((part) => {
    const [title = '', ...lines] = part.trim().split('\n')
    return title === '' ? [] : [{ title, inputs: lines.map(readInput) }]
  })
}

function readInput(line: string): HostileInput {
  const [row = '', input = '', answer = ''] = line.split(' | ')
  return { row: Number(row), input, answer }
}

/** The test files by the rows that their titles name: `row 38` is one, `rows 38 39 and 57` are three. */
export function readHostileTests(): ReadonlyMap<string, readonly string[]> {
  return testFilesBy(rowsIn)
}

function* rowsIn(title: string): Iterable<string> {
  for (const [, row = ''] of title.matchAll(/\brow (\d+)\b/g)) yield row
  for (const [list] of title.matchAll(/\brows \d+(?:(?:,| and)? \d+)+\b/g)) yield* list.match(/\d+/g) ?? []
}
