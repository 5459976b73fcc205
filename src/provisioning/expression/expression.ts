/**
 * Expressions of the settings: how the value of an attribute, a user name or the values for groups are made of claims.
 * Nothing is executed: an expression is read into a tree, and the tree is walked once. What it may cost has a bound.
 */
import type { ClaimReading, Claims } from '../claims.ts'
import { evaluateExpression } from './evaluate.ts'
import { MAX_EXPRESSION_LENGTH, parseExpression } from './parse.ts'
import type { CallArgument } from './tree.ts'

export { MAX_EXPRESSION_LENGTH }

/** Says what is wrong with an expression and at which column, or null when it can be used. Never throws. */
export function expressionProblem(text: string): string | null {
  const parsed = parseExpression(text)
  return 'problem' in parsed ? `Column ${parsed.problem.column}: ${parsed.problem.message}` : null
}

/** Names of the claims that an expression reads, each once. */
export function expressionClaims(text: string): readonly string[] {
  const parsed = parseExpression(text)
  if ('problem' in parsed) return []
  const names = new Set<string>()
  const open: CallArgument[] = [parsed.expression]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    switch (node.kind) {
      case 'claim':
        names.add(node.name)
        break
      case 'list':
        open.push(...node.items)
        break
      case 'object':
        open.push(...node.members.map(({ value }) => value))
        break
      case 'each':
        open.push(node.list, node.body)
        break
      case 'call':
        open.push(...node.arguments)
        break
    }
  }
  return [...names].sort()
}

/** Reads the value of an expression as a claim is read. An expression that cannot be read gives nothing usable. */
export function readExpression(text: string, claims: Claims): ClaimReading {
  const parsed = parseExpression(text)
  if ('problem' in parsed) return { kind: 'malformed', reason: parsed.problem.message }
  return evaluateExpression(parsed.expression, claims)
}
