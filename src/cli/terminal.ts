import type { Client } from './client.ts'

/** What a command works with. */
export interface Terminal {
  /** The running Usher that is talked to; asked for only by commands that need it. */
  readonly client: () => Client
  /** Answers are shown as JSON instead of as text. */
  readonly json: () => boolean
  /** A line of the answer. */
  readonly print: (line: string) => void
  /** A line for the person who waits; not part of the answer. */
  readonly tell: (line: string) => void
}

/** Shows an answer: as JSON if it is wanted so, else in the lines that `lines` makes of it. */
export function show<Answer>(terminal: Terminal, answer: Answer, lines: (answer: Answer) => readonly string[]): void {
  if (terminal.json()) terminal.print(JSON.stringify(answer, null, 2))
  else for (const line of lines(answer)) terminal.print(line)
}

/** Rows in columns as wide as their longest value. */
export function table(head: readonly string[], rows: readonly (readonly unknown[])[]): readonly string[] {
  const texts = [
    head,
    ...rows.map((row) => row.map((value) => (value === null || value === undefined ? '–' : `${value}`))),
  ]
  const widths = head.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)))
  return texts.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
