import type { JsonValue } from '../../schema/types.ts'
import { type CompiledPattern, matchesCompiled } from '../pattern.ts'
import {
  absent,
  type Effort,
  elementsOf,
  type Given,
  isList,
  isText,
  makeList,
  makeText,
  malformed,
  type Outcome,
} from './outcome.ts'

/** What a parameter takes: any expression, or something that has to be written out. */
export type ParameterKind = 'any' | 'integer' | 'pattern' | 'table'

export interface Parameter {
  readonly name: string
  readonly kind: ParameterKind
  readonly optional?: true
  /** The last parameter may be given any number of times. */
  readonly repeated?: true
}

/** An argument as the function gets it. */
export type Argument =
  | Outcome
  | { readonly kind: 'pattern'; readonly pattern: CompiledPattern }
  | { readonly kind: 'table'; readonly table: ReadonlyMap<string, JsonValue> }

export interface FunctionDefinition {
  readonly parameters: readonly Parameter[]
  readonly apply: (values: readonly Argument[], effort: Effort) => Outcome
}

/** What is wrong is handed on as it is, so that the decision can say it. */
export function outcomeOf(argument: Argument | undefined): Outcome {
  if (argument === undefined) return absent
  return argument.kind === 'pattern' || argument.kind === 'table' ? malformed('it is no value') : argument
}

/** The written-out number; the reading of the expression saw to it that it is one. */
export function integerOf(argument: Argument | undefined): number | undefined {
  return argument?.kind === 'value' && typeof argument.value === 'number' ? argument.value : undefined
}

export function tableOf(argument: Argument | undefined): ReadonlyMap<string, JsonValue> {
  return argument?.kind === 'table' ? argument.table : new Map()
}

/** States that a character is matched against for the price of one. */
const STATES_A_UNIT = 64

/** A test of texts by a written-out pattern. What a text costs grows with its length and with the pattern. */
export function patternTest(argument: Argument | undefined, effort: Effort): (text: string) => boolean {
  if (argument?.kind !== 'pattern') return () => false
  const { pattern } = argument
  const price = Math.ceil(pattern.states.length / STATES_A_UNIT)
  return (text) => {
    effort.spend(text.length * price)
    return matchesCompiled(pattern, text)
  }
}

export function parameter(name: string, kind: ParameterKind = 'any'): Parameter {
  return { name, kind }
}

export function optional(name: string, kind: ParameterKind = 'any'): Parameter {
  return { name, kind, optional: true }
}

export function repeated(name: string): Parameter {
  return { name, kind: 'any', repeated: true }
}

const noText = malformed('it is no text')

/** One argument as one text: numbers and booleans as they are written. */
export function textOf(outcome: Outcome): { readonly text: string } | { readonly other: Outcome } {
  if (outcome.kind !== 'value') return { other: outcome }
  return isText(outcome.value) ? { text: String(outcome.value) } : { other: noText }
}

/**
 * A function of one text, passed over a list element by element. Undefined gives nothing for a single text, and leaves
 * an element out of a list; a list stays a list.
 */
export function overTexts(outcome: Outcome, effort: Effort, change: (text: string) => string | undefined): Outcome {
  if (outcome.kind !== 'value') return outcome
  if (!isList(outcome.value)) return isText(outcome.value) ? made(change(String(outcome.value)), effort) : noText
  const list: JsonValue[] = []
  for (const element of elementsOf(outcome.value)) {
    effort.spend(1)
    if (!isText(element)) return malformed('an element of it is no text')
    const changed = made(change(String(element)), effort)
    if (changed.kind === 'value') list.push(changed.value)
    else if (changed.kind !== 'absent') return changed
  }
  return makeList(list, effort)
}

function made(text: string | undefined, effort: Effort): Outcome {
  return text === undefined ? absent : makeText(text, effort)
}

/** The same with further texts: without one of them there is nothing, or what is wrong with it. */
export function overTextsWith(
  [first, ...others]: readonly Argument[],
  effort: Effort,
  change: (text: string, others: readonly string[]) => string | undefined,
): Outcome {
  const texts: string[] = []
  for (const other of others) {
    const read = textOf(outcomeOf(other))
    if ('other' in read) return read.other
    texts.push(read.text)
  }
  return overTexts(outcomeOf(first), effort, (text) => change(text, texts))
}

/** Whether one of the values is so. What is absent is not; what cannot be used is handed on. */
export function someValue(outcome: Outcome, effort: Effort, test: (value: JsonValue) => boolean): Outcome {
  if (outcome.kind === 'absent') return truth(false)
  if (outcome.kind !== 'value') return outcome
  const elements = elementsOf(outcome.value)
  effort.spend(elements.length)
  return truth(elements.some(test))
}

export function truth(value: boolean): Outcome {
  return { kind: 'value', value: value satisfies Given }
}
