/**
 * Patterns of the settings: a regular language only, matched in time linear in the text (Thompson's construction,
 * simulated state by state), so that no setting and no claim can make a login slow.
 *
 * Understood: literals, `.`, classes (`[a-z]`, `[^0-9]`), `\d \w \s \D \W \S`, `\t \n \r`, escaped punctuation,
 * groups (`(…)`, `(?:…)`), `|`, and `? * + {n} {n,} {n,m}`. A pattern is anchored at both ends; a leading `^` and a
 * trailing `$` are accepted and say nothing new. Everything else (look-around, back references, lazy quantifiers,
 * flags) is refused when the settings are saved.
 */
import { type PatternTree, parsePattern } from './pattern-tree.ts'

export const MAX_PATTERN_LENGTH = 256
/** Repetitions are copied out, so the size of the automaton is bounded as well as the length of the text. */
const MAX_STATES = 1000
/** A longer text matches nothing: no name, address or code is that long. */
const MAX_TEXT_LENGTH = 1024

type State =
  | { readonly kind: 'step'; readonly test: (codePoint: number) => boolean; next: number }
  | { readonly kind: 'fork'; next: number; other: number }
  | { readonly kind: 'end' }

/** A piece of the automaton: where it starts, and how to join what follows it. */
interface Fragment {
  readonly start: number
  readonly join: (next: number) => void
}

class TooManyStates extends Error {}

const UNJOINED = -1

function addState<S extends State>(states: State[], state: S): { readonly index: number; readonly state: S } {
  if (states.length >= MAX_STATES) throw new TooManyStates()
  states.push(state)
  return { index: states.length - 1, state }
}

function empty(states: State[]): Fragment {
  const { index, state } = addState(states, { kind: 'fork' as const, next: UNJOINED, other: UNJOINED })
  return {
    start: index,
    join: (next) => {
      state.next = next
      state.other = next
    },
  }
}

function sequence(states: State[], parts: readonly (() => Fragment)[]): Fragment {
  const fragments = parts.map((part) => part())
  const first = fragments[0]
  if (first === undefined) return empty(states)
  for (const [index, fragment] of fragments.entries()) {
    const following = fragments[index + 1]
    if (following !== undefined) fragment.join(following.start)
  }
  return { start: first.start, join: fragments.at(-1)!.join }
}

function optional(states: State[], part: () => Fragment): Fragment {
  const fork = addState(states, { kind: 'fork' as const, next: UNJOINED, other: UNJOINED })
  const fragment = part()
  fork.state.next = fragment.start
  return {
    start: fork.index,
    join: (next) => {
      fork.state.other = next
      fragment.join(next)
    },
  }
}

function anyTimes(states: State[], part: () => Fragment): Fragment {
  const fork = addState(states, { kind: 'fork' as const, next: UNJOINED, other: UNJOINED })
  const fragment = part()
  fork.state.next = fragment.start
  fragment.join(fork.index)
  return {
    start: fork.index,
    join: (next) => {
      fork.state.other = next
    },
  }
}

function choice(states: State[], parts: readonly (() => Fragment)[]): Fragment {
  const [first, ...rest] = parts
  if (first === undefined) return empty(states)
  if (rest.length === 0) return first()
  const fork = addState(states, { kind: 'fork' as const, next: UNJOINED, other: UNJOINED })
  const left = first()
  const right = choice(states, rest)
  fork.state.next = left.start
  fork.state.other = right.start
  return {
    start: fork.index,
    join: (next) => {
      left.join(next)
      right.join(next)
    },
  }
}

function build(states: State[], tree: PatternTree): Fragment {
  switch (tree.kind) {
    case 'test': {
      const { index, state } = addState(states, { kind: 'step' as const, test: tree.test, next: UNJOINED })
      return {
        start: index,
        join: (next) => {
          state.next = next
        },
      }
    }
    case 'sequence':
      return sequence(
        states,
        tree.parts.map((part) => () => build(states, part)),
      )
    case 'choice':
      return choice(
        states,
        tree.parts.map((part) => () => build(states, part)),
      )
    case 'repeat': {
      const once = () => build(states, tree.part)
      const must = Array.from({ length: tree.min }, () => once)
      const rest =
        tree.max === null
          ? [() => anyTimes(states, once)]
          : Array.from({ length: tree.max - tree.min }, () => () => optional(states, once))
      return sequence(states, [...must, ...rest])
    }
  }
}

/** A pattern that is ready to be matched against many texts. */
export interface CompiledPattern {
  readonly states: readonly State[]
  readonly start: number
}

/** Takes the text of a pattern; gives what matches by it, or a sentence that says what is wrong. Never throws. */
export function compilePattern(pattern: string): CompiledPattern | { readonly problem: string } {
  if (pattern.length > MAX_PATTERN_LENGTH) return { problem: `A pattern has at most ${MAX_PATTERN_LENGTH} characters.` }
  const parsed = parsePattern(pattern)
  if ('problem' in parsed) return parsed
  const states: State[] = []
  try {
    const fragment = build(states, parsed.tree)
    const end = addState(states, { kind: 'end' })
    fragment.join(end.index)
    return { states, start: fragment.start }
  } catch (error) {
    if (error instanceof TooManyStates) return { problem: 'The repetitions of the pattern are too large.' }
    throw error
  }
}

/** States that the text may be in, each once, by one mark for each character read. */
interface Reached {
  readonly indexes: number[]
  readonly marks: Uint32Array
}

/** Adds a state and everything that is reached from it without reading a character. */
function reach(states: readonly State[], from: number, { indexes, marks }: Reached, mark: number): void {
  const open = [from]
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (marks[index] === mark) continue
    marks[index] = mark
    const state = states[index]!
    if (state.kind === 'fork') open.push(state.other, state.next)
    else indexes.push(index)
  }
}

/**
 * Says what is wrong with a pattern, or null when it can be used.
 * Takes the text of the pattern; never throws.
 */
export function patternProblem(pattern: string): string | null {
  const compiled = compilePattern(pattern)
  return 'problem' in compiled ? compiled.problem : null
}

/** What a pattern costs for each character of a text; 0 for one that cannot be used. */
export function patternSize(pattern: string): number {
  const compiled = compilePattern(pattern)
  return 'problem' in compiled ? 0 : compiled.states.length
}

/** Whether the whole text matches. Takes linear time in the text; a text above 1,024 characters matches nothing. */
export function matchesCompiled({ states, start }: CompiledPattern, text: string): boolean {
  if (text.length > MAX_TEXT_LENGTH) return false
  const marks = new Uint32Array(states.length)
  let mark = 1
  let current: number[] = []
  reach(states, start, { indexes: current, marks }, mark)
  for (const character of text) {
    const codePoint = character.codePointAt(0)!
    const following: number[] = []
    mark += 1
    for (const index of current) {
      const state = states[index]!
      if (state.kind === 'step' && state.test(codePoint)) reach(states, state.next, { indexes: following, marks }, mark)
    }
    if (following.length === 0) return false
    current = following
  }
  return current.some((index) => states[index]!.kind === 'end')
}

/** The same for the text of a pattern. One that cannot be used (which the settings never hold) matches nothing. */
export function matchesPattern(pattern: string, text: string): boolean {
  const compiled = compilePattern(pattern)
  return !('problem' in compiled) && matchesCompiled(compiled, text)
}
