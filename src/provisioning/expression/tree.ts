/** What an expression is once it is read: plain data that only an evaluator gives a meaning. */
import type { JsonValue } from '../../schema/types.ts'
import type { CompiledPattern } from '../pattern.ts'

export type Expression =
  | { readonly kind: 'constant'; readonly value: JsonValue }
  | { readonly kind: 'claim'; readonly name: string }
  /** `it` within `each`, or a member of it. */
  | { readonly kind: 'element'; readonly path: readonly string[] }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly members: readonly ObjectMember[] }
  | { readonly kind: 'each'; readonly list: Expression; readonly body: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly CallArgument[] }

export interface ObjectMember {
  readonly name: string
  readonly value: Expression
}

/** What a call is given: expressions, and what has to be written out so that it can be checked at save. */
export type CallArgument =
  | Expression
  | { readonly kind: 'pattern'; readonly pattern: CompiledPattern }
  | { readonly kind: 'table'; readonly table: ReadonlyMap<string, JsonValue> }

/** What is wrong with the text of an expression, and where: columns count from 1. */
export interface ExpressionProblem {
  readonly column: number
  readonly message: string
}

/** Ends the reading of an expression; never leaves this folder. */
export class ExpressionError extends Error {
  readonly at: number

  /** @param at where in the text, from 0 */
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}
