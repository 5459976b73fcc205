import { conditionFunctions } from './condition-functions.ts'
import type { FunctionDefinition } from './definitions.ts'
import { listFunctions } from './list-functions.ts'
import { textFunctions } from './text-functions.ts'

/** Every function by its name. `claim` and `each` are part of the grammar. */
export const functions: ReadonlyMap<string, FunctionDefinition> = new Map([
  ...Object.entries(textFunctions),
  ...Object.entries(listFunctions),
  ...Object.entries(conditionFunctions),
])
