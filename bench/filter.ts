/**
 * How long the longest filters take to read: one that a client may send must not hold up the others.
 *
 * node bench/filter.ts
 */
import { pathToFileURL } from 'node:url'
import { type ParseOptions, parseFilter } from '../src/filter/parse.ts'
import type { Comparison } from './comparison.ts'

/** Bytes of the longest filter that is read at all. */
const size = 8_192
/** Milliseconds. */
const mark = 1
/** What is worst is not what the collector or a neighbour did meanwhile: the best of several times counts. */
const attempts = 30
const randomFilters = 2_000
const readings: readonly ParseOptions[] = [{ bareWords: 'refuse' }, { bareWords: 'accept' }]

export interface SlowestFilter {
  readonly milliseconds: number
  /** The beginning of it. */
  readonly filter: string
}

/** The filter that takes longest, of those that are made to take long and of random ones; refused ones count as well. */
export function measureFilters(): SlowestFilter {
  const filters = [...Object.values(hostile).map(fill), ...Array.from({ length: randomFilters }, random)]
  for (const filter of filters) for (const options of readings) read(filter, options)
  let slowest: SlowestFilter = { milliseconds: 0, filter: '' }
  for (const filter of filters) {
    const milliseconds = Math.max(...readings.map((options) => bestOf(filter, options)))
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, filter: filter.slice(0, 60) }
  }
  return slowest
}

export function compareFilters({ milliseconds }: SlowestFilter): Comparison {
  const name = 'slowest filter below 8 kB, in milliseconds'
  return { name, value: milliseconds, mark: `≤ ${mark}`, holds: milliseconds <= mark }
}

/** What is repeated up to the length, between a beginning and an end. */
type Pattern = readonly [beginning: string, repeated: string, end: string]

const hostile: Readonly<Record<string, Pattern>> = {
  'one long word': ['', 'a', ''],
  'one long number': ['a eq ', '9', ''],
  'one long negative number': ['a eq -1.', '0', 'x'],
  'one long exponent': ['a eq 1e', '9', ''],
  'one long text': ['a eq "', 'x', '"'],
  'a text of escapes': ['a eq "', '\\"', '"'],
  'a text of code points': ['a eq "', '\\u00e9', '"'],
  'a text that never ends': ['a eq "', '\\\\', ''],
  'many texts': ['', '"" ', ''],
  'many texts that are no JSON': ['', '"\\x" ', ''],
  'opening brackets': ['', '(', ''],
  'closing brackets': ['', ')', ''],
  'square brackets': ['', '[', ''],
  'brackets around one another': ['', '()', ''],
  'value paths': ['', 'a[a pr] or ', 'a pr'],
  'value paths without an end': ['', 'a[', ''],
  nots: ['', 'not (', ''],
  'nots without brackets': ['', 'not ', ''],
  conjunctions: ['', 'a pr and ', 'a pr'],
  disjunctions: ['', 'a pr or ', 'a pr'],
  words: ['', 'a ', ''],
  operators: ['', 'eq ', ''],
  blanks: ['a', ' ', 'pr'],
  'tabs and line breaks': ['a', '\t\n', 'pr'],
  'a path of dots': ['a', '.a', ' pr'],
  'dots alone': ['', '.', ' pr'],
  'a URN of many parts': ['urn', ':a', ' pr'],
  'a URN that is none': ['urn', ':a', ': pr'],
  'a URN of dots and colons': ['urn:', 'a.:', 'a pr'],
  'letters beyond ASCII': ['', 'ä', ' pr'],
  'letters beyond the basic plane': ['', '𝒜', ' pr'],
  'marks that combine': ['a', '\u0301', ' pr'],
  'halves of surrogate pairs': ['a eq "', '\ud800', '"'],
}

function fill([beginning, repeated, end]: Pattern): string {
  const room = size - Buffer.byteLength(beginning) - Buffer.byteLength(end)
  return beginning + repeated.repeat(Math.floor(room / Buffer.byteLength(repeated))) + end
}

const pieces = [
  'a',
  'userName',
  'emails',
  '.value',
  ' ',
  ' eq ',
  ' pr',
  ' and ',
  ' or ',
  'not ',
  '(',
  ')',
  '[',
  ']',
  '"',
  '"x"',
  '\\',
  '1',
  '-',
  ':',
  'urn:',
  'true',
  'ß',
  '\n',
]

function random(): string {
  const chosen = Array.from(
    { length: 2 + Math.floor(Math.random() * 6) },
    () => pieces[Math.floor(Math.random() * pieces.length)]!,
  )
  return fill(['', chosen.join(''), ''])
}

function bestOf(filter: string, options: ParseOptions): number {
  let best = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const began = performance.now()
    read(filter, options)
    best = Math.min(best, performance.now() - began)
    if (best < mark / 10) break
  }
  return best
}

function read(filter: string, options: ParseOptions): void {
  try {
    parseFilter(filter, options)
  } catch {
    // It is refused: what counts is how soon.
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { milliseconds, filter } = measureFilters()
  console.log(`${milliseconds.toFixed(3)} ms: ${filter}`)
}
