/**
 * The grammar of expressions: JSON in which claims may stand, calls of functions, and pipes. `a | f(b)` is `f(a, b)`.
 *
 * ```
 * expression = operand { "|" name [ arguments ] }
 * operand    = text | number | "true" | "false" | list | object | "(" expression ")"
 *            | name arguments            a call; claim("…") names a claim that is no plain name
 *            | name                      a claim, literally or by path; within each(list, …) `it` is the element
 * arguments  = "(" [ expression { "," expression } ] ")"
 * list       = "[" [ expression { "," expression } ] "]"
 * object     = "{" [ member { "," member } ] "}"
 * member     = ( name | text ) ":" expression
 * ```
 */
import type { JsonValue } from '../../schema/types.ts'
import { isClaimNameForSettings, isUsableClaimName } from '../claim-names.ts'
import { compilePattern } from '../pattern.ts'
import type { FunctionDefinition, ParameterKind } from './definitions.ts'
import { functions } from './functions.ts'
import { type Token, tokenise } from './tokenise.ts'
import {
  type CallArgument,
  type Expression,
  ExpressionError,
  type ExpressionProblem,
  type ObjectMember,
} from './tree.ts'

export const MAX_EXPRESSION_LENGTH = 4096
const MAX_DEPTH = 16
const MAX_NODES = 1000

interface Reader {
  readonly tokens: readonly Token[]
  at: number
  nodes: number
  depth: number
  /** Whether this is within the second argument of `each`. */
  inEach: boolean
}

/** An expression and where it began, so that what is wrong with it can be shown there. */
interface Placed {
  readonly at: number
  readonly node: Expression
}

/** Takes the text of an expression; gives its tree, or what is wrong with it and where. Never throws. */
export function parseExpression(
  source: string,
): { readonly expression: Expression } | { readonly problem: ExpressionProblem } {
  if (source.length > MAX_EXPRESSION_LENGTH) {
    return problemAt(MAX_EXPRESSION_LENGTH, `An expression has at most ${MAX_EXPRESSION_LENGTH} characters.`)
  }
  try {
    const reader: Reader = { tokens: tokenise(source), at: 0, nodes: 0, depth: 0, inEach: false }
    const { node } = readExpression(reader)
    const rest = peek(reader)
    if (rest.kind !== 'end')
      throw new ExpressionError(rest.at, `${describe(rest)} is too much; a "," or "|" may be missing.`)
    return { expression: node }
  } catch (error) {
    if (error instanceof ExpressionError) return problemAt(error.at, error.message)
    throw error
  }
}

function problemAt(at: number, message: string): { readonly problem: ExpressionProblem } {
  return { problem: { column: at + 1, message } }
}

function peek(reader: Reader): Token {
  return reader.tokens[reader.at]!
}

function take(reader: Reader): Token {
  const token = peek(reader)
  if (token.kind !== 'end') reader.at += 1
  return token
}

function isSign(token: Token, text: string): boolean {
  return token.kind === 'sign' && token.text === text
}

function takeIf(reader: Reader, sign: string): boolean {
  if (!isSign(peek(reader), sign)) return false
  reader.at += 1
  return true
}

function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'The end'
    case 'number':
      return `"${token.value}"`
    default:
      return JSON.stringify(token.text.slice(0, 40))
  }
}

function expect(reader: Reader, sign: string, opened: number): void {
  const token = take(reader)
  if (isSign(token, sign)) return
  const found = token.kind === 'end' ? 'the text ends' : `there is ${describe(token)}`
  throw new ExpressionError(token.at, `"${sign}" is missing for what opens at column ${opened + 1}; ${found}.`)
}

function countNode(reader: Reader, at: number): void {
  reader.nodes += 1
  if (reader.nodes > MAX_NODES) throw new ExpressionError(at, `An expression has at most ${MAX_NODES} parts.`)
}

function readExpression(reader: Reader): Placed {
  const { at } = peek(reader)
  reader.depth += 1
  if (reader.depth > MAX_DEPTH) throw new ExpressionError(at, `Parts are nested at most ${MAX_DEPTH} deep.`)
  let piped = readOperand(reader)
  for (let steps = 1; takeIf(reader, '|'); steps += 1) {
    // a pipe nests as the call does that it stands for
    if (reader.depth + steps > MAX_DEPTH)
      throw new ExpressionError(peek(reader).at, `Pipes have at most ${MAX_DEPTH} steps.`)
    const token = take(reader)
    if (token.kind !== 'name') throw new ExpressionError(token.at, `${describe(token)} is no function.`)
    piped = readCall(reader, token.text, token.at, piped)
  }
  reader.depth -= 1
  return piped
}

function readOperand(reader: Reader): Placed {
  const token = take(reader)
  const { at } = token
  countNode(reader, at)
  switch (token.kind) {
    case 'text':
      return { at, node: { kind: 'constant', value: token.text } }
    case 'number':
      return { at, node: { kind: 'constant', value: token.value } }
    case 'name':
      return isSign(peek(reader), '(')
        ? readCall(reader, token.text, at, null)
        : { at, node: readName(reader, token.text, at) }
    case 'end':
      throw new ExpressionError(at, 'A value is missing.')
    case 'sign':
      if (token.text === '[')
        return { at, node: { kind: 'list', items: readItems(reader, ']', at).map(({ node }) => node) } }
      if (token.text === '{') return { at, node: readObject(reader, at) }
      if (token.text !== '(') throw new ExpressionError(at, `A value is missing before "${token.text}".`)
  }
  const inner = readExpression(reader)
  expect(reader, ')', at)
  return { at, node: inner.node }
}

function readName(reader: Reader, name: string, at: number): Expression {
  if (name === 'true' || name === 'false') return { kind: 'constant', value: name === 'true' }
  const path = name.split('.')
  if (path[0] === 'it') {
    if (!reader.inEach) {
      throw new ExpressionError(at, '"it" is the element within each(list, …); a claim of that name is claim("it").')
    }
    checkNames(path, at)
    return { kind: 'element', path: path.slice(1) }
  }
  return readClaimName(name, at)
}

function checkNames(names: readonly string[], at: number): void {
  const bad = names.find((name) => !isUsableClaimName(name))
  if (bad !== undefined) throw new ExpressionError(at, `"${bad}" cannot be the name of a member.`)
}

function readClaimName(name: string, at: number): Expression {
  if (!isClaimNameForSettings(name))
    throw new ExpressionError(at, `${JSON.stringify(name)} cannot be the name of a claim.`)
  return { kind: 'claim', name }
}

/** What stands between brackets; an empty pair has nothing in it. */
function readItems(reader: Reader, close: string, opened: number): readonly Placed[] {
  const items: Placed[] = []
  if (takeIf(reader, close)) return items
  do items.push(readExpression(reader))
  while (takeIf(reader, ','))
  expect(reader, close, opened)
  return items
}

function readObject(reader: Reader, opened: number): Expression {
  const members: ObjectMember[] = []
  if (takeIf(reader, '}')) return { kind: 'object', members }
  do {
    const name = take(reader)
    if (name.kind !== 'name' && name.kind !== 'text')
      throw new ExpressionError(name.at, 'The name of a member is missing.')
    checkNames([name.text], name.at)
    if (members.some((member) => member.name === name.text)) {
      throw new ExpressionError(name.at, `${JSON.stringify(name.text)} is named twice.`)
    }
    const colon = take(reader)
    if (!isSign(colon, ':')) throw new ExpressionError(colon.at, 'A ":" is missing behind the name of a member.')
    members.push({ name: name.text, value: readExpression(reader).node })
  } while (takeIf(reader, ','))
  expect(reader, '}', opened)
  return { kind: 'object', members }
}

/** A call, with what was piped into it as its first argument. */
function readCall(reader: Reader, name: string, at: number, piped: Placed | null): Placed {
  countNode(reader, at)
  if (name === 'each') return { at, node: readEach(reader, at, piped) }
  const { at: opened } = peek(reader)
  const written = takeIf(reader, '(') ? readItems(reader, ')', opened) : []
  const all = piped === null ? written : [piped, ...written]
  if (name === 'claim') return { at, node: readClaimCall(all, at) }
  const definition = functions.get(name)
  if (definition === undefined) throw new ExpressionError(at, `There is no function "${name.slice(0, 40)}".`)
  checkCount(name, definition, all.length, at)
  const values = all.map((argument, index) => readArgument(argument, kindOf(definition, index)))
  return { at, node: { kind: 'call', name, arguments: values } }
}

function readClaimCall(values: readonly Placed[], at: number): Expression {
  const [only] = values
  if (values.length !== 1 || only?.node.kind !== 'constant' || typeof only.node.value !== 'string') {
    throw new ExpressionError(at, 'claim("…") takes the name of a claim as a text.')
  }
  return readClaimName(only.node.value, only.at)
}

function readEach(reader: Reader, at: number, piped: Placed | null): Expression {
  if (reader.inEach) throw new ExpressionError(at, 'An "each" cannot stand within another.')
  const { at: opened } = peek(reader)
  const usage = 'each(list, …) takes a list and what becomes of each element.'
  if (!takeIf(reader, '(')) throw new ExpressionError(at, usage)
  const list = piped ?? readExpression(reader)
  if (piped === null && !takeIf(reader, ',')) throw new ExpressionError(peek(reader).at, usage)
  reader.inEach = true
  const body = readExpression(reader)
  reader.inEach = false
  expect(reader, ')', opened)
  return { kind: 'each', list: list.node, body: body.node }
}

function kindOf({ parameters }: FunctionDefinition, index: number): ParameterKind {
  return (parameters[index] ?? parameters.at(-1))?.kind ?? 'any'
}

function checkCount(name: string, { parameters }: FunctionDefinition, count: number, at: number): void {
  const least = parameters.filter(({ optional }) => optional !== true).length
  const most = parameters.at(-1)?.repeated === true ? Number.POSITIVE_INFINITY : parameters.length
  if (count >= least && count <= most) return
  const shown = parameters.map((each) => `${each.name}${each.optional ? '?' : ''}${each.repeated ? ', …' : ''}`)
  throw new ExpressionError(
    at,
    `${name}(${shown.join(', ')}) is given ${count} ${count === 1 ? 'argument' : 'arguments'}.`,
  )
}

function readArgument({ at, node }: Placed, kind: ParameterKind): CallArgument {
  switch (kind) {
    case 'any':
      return node
    case 'integer':
      if (node.kind === 'constant' && Number.isInteger(node.value)) return node
      throw new ExpressionError(at, 'A whole number has to be written out here.')
    case 'pattern': {
      if (node.kind !== 'constant' || typeof node.value !== 'string') {
        throw new ExpressionError(at, 'A pattern has to be written out here, as a text.')
      }
      const compiled = compilePattern(node.value)
      if ('problem' in compiled) throw new ExpressionError(at, compiled.problem)
      return { kind: 'pattern', pattern: compiled }
    }
    case 'table':
      return { kind: 'table', table: readTable(node, at) }
  }
}

function readTable(node: Expression, at: number): ReadonlyMap<string, JsonValue> {
  const usage = 'A table has to be written out here: {"from": "to", …}.'
  if (node.kind !== 'object') throw new ExpressionError(at, usage)
  return new Map(
    node.members.map(({ name, value }) => {
      if (value.kind !== 'constant') throw new ExpressionError(at, usage)
      return [name, value.value]
    }),
  )
}
