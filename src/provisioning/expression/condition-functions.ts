import type { JsonValue } from '../../schema/types.ts'
import {
  type Argument,
  type FunctionDefinition,
  optional,
  outcomeOf,
  parameter,
  patternTest,
  repeated,
  someValue,
  textOf,
  truth,
} from './definitions.ts'
import { absent, type Effort, elementsOf, hasValue, isText, malformed, type Outcome } from './outcome.ts'

const value = parameter('value')
const condition = parameter('condition')

/** What is absent does not hold. */
function holds(argument: Argument | undefined): boolean | Outcome {
  const outcome = outcomeOf(argument)
  if (outcome.kind === 'absent') return false
  if (outcome.kind !== 'value') return outcome
  return typeof outcome.value === 'boolean' ? outcome.value : malformed('it is no condition')
}

function byText(test: (text: string, other: string) => boolean, name: string): FunctionDefinition {
  return {
    parameters: [value, parameter(name)],
    apply: ([values, argument], effort) => {
      const other = textOf(outcomeOf(argument))
      if ('other' in other) return other.other.kind === 'absent' ? truth(false) : other.other
      return someValue(outcomeOf(values), effort, (each) => {
        if (!isText(each)) return false
        effort.spend(String(each).length)
        return test(String(each), other.text)
      })
    },
  }
}

function equals([first, ...others]: readonly Argument[], effort: Effort): Outcome {
  const expected = new Set<JsonValue>()
  for (const argument of others) {
    const other = outcomeOf(argument)
    if (other.kind === 'value') for (const each of elementsOf(other.value)) expected.add(each)
    else if (other.kind !== 'absent') return other
  }
  effort.spend(expected.size)
  return someValue(outcomeOf(first), effort, (each) => expected.has(each))
}

/** Of several conditions: the first that is as looked for decides, and the first that is none. */
function combine(values: readonly Argument[], decisive: boolean): Outcome {
  for (const argument of values) {
    const held = holds(argument)
    if (typeof held !== 'boolean') return held
    if (held === decisive) return truth(decisive)
  }
  return truth(!decisive)
}

/** The first that has a value. What cannot be used is no gap to be filled: it is handed on. */
function firstWithValue(values: readonly Argument[]): Outcome {
  let empty: Outcome | undefined
  for (const argument of values) {
    const outcome = outcomeOf(argument)
    if (hasValue(outcome) || outcome.kind === 'malformed' || outcome.kind === 'overage') return outcome
    if (outcome.kind === 'value') empty ??= outcome
  }
  return empty ?? absent
}

/** Conditions, and what chooses by them. A list meets a condition when one of its values does. */
export const conditionFunctions: Readonly<Record<string, FunctionDefinition>> = {
  present: { parameters: [value], apply: ([argument]) => truth(hasValue(outcomeOf(argument))) },
  equals: { parameters: [value, repeated('other')], apply: equals },
  startsWith: byText((text, other) => text.startsWith(other), 'prefix'),
  endsWith: byText((text, other) => text.endsWith(other), 'suffix'),
  contains: byText((text, other) => text.includes(other), 'part'),
  matches: {
    parameters: [value, parameter('pattern', 'pattern')],
    apply: ([values, pattern], effort) => {
      const test = patternTest(pattern, effort)
      return someValue(outcomeOf(values), effort, (each) => isText(each) && test(String(each)))
    },
  },
  not: {
    parameters: [condition],
    apply: ([argument]) => {
      const held = holds(argument)
      return typeof held === 'boolean' ? truth(!held) : held
    },
  },
  all: { parameters: [repeated('condition')], apply: (values) => combine(values, false) },
  any: { parameters: [repeated('condition')], apply: (values) => combine(values, true) },
  if: {
    parameters: [condition, parameter('then'), optional('else')],
    apply: ([argument, then, otherwise]) => {
      const held = holds(argument)
      if (typeof held !== 'boolean') return held
      return outcomeOf(held ? then : otherwise)
    },
  },
  default: { parameters: [repeated('value')], apply: firstWithValue },
}
