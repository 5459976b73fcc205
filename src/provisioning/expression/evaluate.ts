import type { JsonValue } from '../../schema/types.ts'
import { type ClaimReading, type Claims, readClaim } from '../claims.ts'
import type { Argument } from './definitions.ts'
import { functions } from './functions.ts'
import {
  absent,
  Effort,
  elementsOf,
  given,
  isList,
  makeList,
  malformed,
  type Outcome,
  TooMuchEffort,
  toReading,
} from './outcome.ts'
import type { CallArgument, Expression } from './tree.ts'

interface Evaluation {
  readonly claims: Claims
  readonly effort: Effort
  /** Claims that were read already. */
  readonly readings: Map<string, Outcome>
}

/**
 * What an expression comes to for these claims, in the way in which a claim is read: absent, empty, a value, malformed
 * or left out for its size. It always ends, after a number of steps that has a bound; never throws.
 */
export function evaluateExpression(expression: Expression, claims: Claims): ClaimReading {
  try {
    return toReading(evaluate(expression, { claims, effort: new Effort(), readings: new Map() }, undefined))
  } catch (error) {
    if (error instanceof TooMuchEffort) return { kind: 'malformed', reason: 'the expression has too much to do' }
    throw error
  }
}

function evaluate(node: Expression, evaluation: Evaluation, element: JsonValue | undefined): Outcome {
  evaluation.effort.spend(1)
  switch (node.kind) {
    case 'constant':
      return given(node.value)
    case 'claim':
      return read(evaluation, node.name)
    case 'element':
      return node.path.reduce(memberOf, given(element))
    case 'list':
      return evaluateList(node.items, evaluation, element)
    case 'object':
      return evaluateObject(node.members, evaluation, element)
    case 'each':
      return evaluateEach(node.list, node.body, evaluation)
    case 'call': {
      const values = node.arguments.map((argument) => evaluateArgument(argument, evaluation, element))
      return functions.get(node.name)?.apply(values, evaluation.effort) ?? malformed(`there is no "${node.name}"`)
    }
  }
}

function evaluateArgument(node: CallArgument, evaluation: Evaluation, element: JsonValue | undefined): Argument {
  return node.kind === 'pattern' || node.kind === 'table' ? node : evaluate(node, evaluation, element)
}

function read({ claims, readings }: Evaluation, name: string): Outcome {
  const known = readings.get(name)
  if (known !== undefined) return known
  const outcome = outcomeOfReading(readClaim(claims, name), claims, name)
  readings.set(name, outcome)
  return outcome
}

/** Of what kind an empty claim was does not matter but for this: an empty list stays one. */
function outcomeOfReading(reading: ClaimReading, claims: Claims, name: string): Outcome {
  if (reading.kind === 'value') return given(reading.value)
  if (reading.kind !== 'empty') return reading
  return { kind: 'value', value: Object.hasOwn(claims, name) && isList(claims[name] as JsonValue) ? [] : '' }
}

/** A member that an object does not have is absent; what is no object cannot be asked for one. */
function memberOf(outcome: Outcome, name: string): Outcome {
  if (outcome.kind !== 'value') return outcome
  const { value } = outcome
  if (typeof value !== 'object' || isList(value)) return malformed('an element of it is no object')
  return Object.hasOwn(value, name) ? given(value[name]) : absent
}

/** What is absent is left out; a list of which everything is absent is absent itself. Lists within are spliced in. */
function evaluateList(items: readonly Expression[], evaluation: Evaluation, element: JsonValue | undefined): Outcome {
  const list: JsonValue[] = []
  let isGiven = items.length === 0
  for (const item of items) {
    const outcome = evaluate(item, evaluation, element)
    if (outcome.kind === 'absent') continue
    if (outcome.kind !== 'value') return outcome
    isGiven = true
    for (const each of elementsOf(outcome.value)) list.push(each)
    evaluation.effort.spend(1)
  }
  return isGiven ? makeList(list, evaluation.effort) : absent
}

/** Members that are absent are left out; without any there is nothing. */
function evaluateObject(
  members: Extract<Expression, { kind: 'object' }>['members'],
  evaluation: Evaluation,
  element: JsonValue | undefined,
): Outcome {
  const entries: [string, JsonValue][] = []
  for (const { name, value } of members) {
    const outcome = evaluate(value, evaluation, element)
    if (outcome.kind === 'absent') continue
    if (outcome.kind !== 'value') return outcome
    entries.push([name, outcome.value])
  }
  return entries.length === 0 ? absent : { kind: 'value', value: Object.fromEntries(entries) }
}

/** As with a list that is written out: when everything is absent, so is the list. */
function evaluateEach(list: Expression, body: Expression, evaluation: Evaluation): Outcome {
  const values = evaluate(list, evaluation, undefined)
  if (values.kind !== 'value') return values
  const elements = elementsOf(values.value)
  const results: JsonValue[] = []
  for (const element of elements) {
    const outcome = evaluate(body, evaluation, element)
    if (outcome.kind === 'value') results.push(outcome.value)
    else if (outcome.kind !== 'absent') return outcome
  }
  return results.length === 0 && elements.length > 0 ? absent : makeList(results, evaluation.effort)
}
