import type { JsonValue } from '../../schema/types.ts'
import { type Argument, type FunctionDefinition, integerOf, outcomeOf, parameter, patternTest } from './definitions.ts'
import { type Effort, elementsOf, given, isText, makeList, malformed, type Outcome } from './outcome.ts'
import { placeOf } from './text-functions.ts'

const list = parameter('list')

function ofElements(
  argument: Argument | undefined,
  effort: Effort,
  choose: (elements: readonly JsonValue[]) => Outcome,
): Outcome {
  const outcome = outcomeOf(argument)
  if (outcome.kind !== 'value') return outcome
  const elements = elementsOf(outcome.value)
  effort.spend(elements.length)
  return choose(elements)
}

/** The end of an empty list is empty and not absent: the provider said that there is nothing. */
function endOf(element: JsonValue | undefined): Outcome {
  return element === undefined ? { kind: 'value', value: '' } : given(element)
}

function byPattern(wanted: boolean): FunctionDefinition {
  return {
    parameters: [list, parameter('pattern', 'pattern')],
    apply: ([values, pattern], effort) =>
      ofElements(values, effort, (elements) => {
        const test = patternTest(pattern, effort)
        // a list of another form than is expected is not one in which nothing was found
        if (!elements.every(isText)) return malformed('an element of it is no text')
        return makeList(
          elements.filter((element) => test(String(element)) === wanted),
          effort,
        )
      }),
  }
}

/** Functions of lists. One value is a list of one; what gives a list gives one even where nothing is left. */
export const listFunctions: Readonly<Record<string, FunctionDefinition>> = {
  first: { parameters: [list], apply: ([values], effort) => ofElements(values, effort, (all) => endOf(all[0])) },
  last: { parameters: [list], apply: ([values], effort) => ofElements(values, effort, (all) => endOf(all.at(-1))) },
  item: {
    parameters: [list, parameter('index', 'integer')],
    apply: ([values, index], effort) =>
      ofElements(values, effort, (all) => given(all[placeOf(integerOf(index) ?? 0, all.length)])),
  },
  only: byPattern(true),
  except: byPattern(false),
  unique: {
    parameters: [list],
    apply: ([values], effort) =>
      ofElements(values, effort, (all) => {
        const kept = new Map(all.map((element) => [JSON.stringify(element), element]))
        for (const key of kept.keys()) effort.spend(key.length)
        return makeList([...kept.values()], effort)
      }),
  },
}
