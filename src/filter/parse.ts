import { isAttributeName, isAttributePath } from './attribute-name.ts'
import { refuseFilter } from './refuse.ts'
import { type Token, tokenise } from './tokenise.ts'
import type { CompareOperator, FilterLiteral, FilterNode, FilterReading, FilterSwitches } from './types.ts'

export interface ParseOptions {
  /** Unquoted literals; refused unless the dialect accepts them. */
  readonly bareWords?: FilterSwitches['bareWords']
  /** Takes the name of each tolerance that was needed. */
  readonly note?: FilterReading['note']
  /** Length of the text in UTF-8 bytes. */
  readonly maxBytes?: number
  /** Brackets of both kinds within each other. */
  readonly maxDepth?: number
  /** Nodes of the tree: comparisons, `and`, `or`, `not` and value paths. */
  readonly maxNodes?: number
}

interface Reader {
  readonly tokens: readonly Token[]
  readonly acceptBareWords: boolean
  readonly note: FilterReading['note']
  readonly maxDepth: number
  readonly maxNodes: number
  position: number
  depth: number
  nodes: number
  insideBrackets: boolean
}

const operators: ReadonlySet<string> = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'])
const operatorList = 'eq, ne, co, sw, ew, gt, ge, lt, le or pr'
const number = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i
const bareWord = /^[\p{L}\p{N}_.@:+%~$/=-]+$/u

/**
 * Reads a filter into its tree: the whole grammar of RFC 7644 section 3.4.2.2 with its errata, and what clients send
 * beyond it (no blank after `not`, several blanks, a condition behind the brackets of a value path).
 *
 * Takes time linear in the text, and the nesting limit bounds the recursion.
 * @throws UsherError `invalid_filter`, naming the column and what was expected there.
 */
export function parseFilter(text: string, options: ParseOptions = {}): FilterNode {
  return readWhole(text, 0, text.length, false, options)
}

/**
 * Reads the filter between the brackets of a value path, `text.slice(from, to)`; columns count from the start of
 * `text`.
 * @throws UsherError `invalid_filter`
 */
export function parseBracketedFilter(text: string, from: number, to: number, options: ParseOptions = {}): FilterNode {
  return readWhole(text, from, to, true, options)
}

function readWhole(text: string, from: number, to: number, insideBrackets: boolean, options: ParseOptions): FilterNode {
  const { maxBytes = 8192, maxDepth = 32, maxNodes = 200, bareWords = 'refuse', note } = options
  if (Buffer.byteLength(text) > maxBytes) return refuseFilter(1, `the filter is longer than ${maxBytes} bytes`)
  const reader: Reader = {
    tokens: tokenise(text, from, to),
    acceptBareWords: bareWords === 'accept',
    note,
    maxDepth,
    maxNodes,
    position: 0,
    depth: 0,
    nodes: 0,
    insideBrackets,
  }
  const node = readOr(reader)
  const rest = peek(reader)
  if (rest.kind !== 'end') refuseToken(rest, 'expected "and", "or" or the end')
  return node
}

function readOr(reader: Reader): FilterNode {
  return readTerms(reader, 'or', readAnd)
}

function readAnd(reader: Reader): FilterNode {
  return readTerms(reader, 'and', readTerm)
}

/** `and` binds closer than `or` (RFC 7644 section 3.4.2.2); a chain of one operator is one node. */
function readTerms(reader: Reader, kind: 'and' | 'or', readOperand: (reader: Reader) => FilterNode): FilterNode {
  const first = readOperand(reader)
  if (!isKeyword(peek(reader), kind)) return first
  countNode(reader)
  const terms = [first]
  while (isKeyword(peek(reader), kind)) {
    reader.position += 1
    terms.push(readOperand(reader))
  }
  return { kind, terms }
}

function readTerm(reader: Reader): FilterNode {
  const token = peek(reader)
  if (token.kind === '(') return readNested(reader, '(', ')')
  if (token.kind !== 'word') return refuseToken(token, 'expected an attribute, "not" or "("')
  if (isKeyword(token, 'not') && !isOperator(peek(reader, 1))) {
    reader.position += 1
    countNode(reader)
    if (peek(reader).kind !== '(') return refuseToken(peek(reader), 'expected "(" after "not"')
    return { kind: 'not', term: readNested(reader, '(', ')') }
  }
  return readAttributeTerm(reader)
}

function readNested(reader: Reader, open: '(' | '[', close: ')' | ']'): FilterNode {
  const opening = take(reader, open)
  reader.depth += 1
  if (reader.depth > reader.maxDepth) {
    refuseFilter(opening.start + 1, `brackets are nested deeper than ${reader.maxDepth} levels`)
  }
  const node = readOr(reader)
  take(reader, close)
  reader.depth -= 1
  return node
}

function readAttributeTerm(reader: Reader): FilterNode {
  const token = takeWord(reader, 'expected an attribute')
  const column = token.start + 1
  if (!isAttributePath(token.text)) return refuseToken(token, 'expected an attribute')
  const next = peek(reader)
  if (next.kind === '[' && next.start === token.end) return readValuePath(reader, token.text, column)
  return readCondition(reader, token.text, column)
}

function readValuePath(reader: Reader, path: string, column: number): FilterNode {
  if (reader.insideBrackets) return refuseToken(peek(reader), 'expected no second "[" inside brackets')
  countNode(reader)
  reader.insideBrackets = true
  const filter = readNested(reader, '[', ']')
  reader.insideBrackets = false
  const closing = reader.tokens[reader.position - 1]!
  const next = peek(reader)
  if (next.kind !== 'word' || next.start !== closing.end) return { kind: 'valuePath', path, filter, column }
  const subAttribute = next.text.slice(1)
  if (!next.text.startsWith('.') || !isAttributeName(subAttribute)) {
    return refuseToken(next, 'expected a dot and a sub-attribute, or a blank')
  }
  reader.position += 1
  const condition = readCondition(reader, subAttribute, next.start + 2)
  return { kind: 'valuePath', path, filter, rest: { subAttribute, condition }, column }
}

function readCondition(reader: Reader, path: string, column: number): FilterNode {
  countNode(reader)
  const token = takeWord(reader, `expected an operator (${operatorList})`)
  const operator = token.text.toLowerCase()
  if (operator === 'pr') return { kind: 'present', path, column }
  if (!isCompareOperator(operator)) {
    return refuseToken(token, `expected an operator (${operatorList})`)
  }
  return { kind: 'compare', path, operator, value: readLiteral(reader), column }
}

function readLiteral(reader: Reader): FilterLiteral {
  const token = peek(reader)
  reader.position += 1
  if (token.kind === 'string') return token.value
  if (token.kind !== 'word') return refuseToken(token, 'expected a value')
  const word = token.text.toLowerCase()
  if (word === 'true') return true
  if (word === 'false') return false
  if (word === 'null') return null
  if (number.test(token.text)) return toNumber(token)
  if (reader.acceptBareWords && bareWord.test(token.text)) {
    reader.note?.('text without quotes')
    return token.text
  }
  return refuseToken(token, 'expected a value: text in double quotes, a number, true, false or null')
}

function toNumber(token: Token & { readonly text: string }): number {
  const value = Number(token.text)
  if (!Number.isFinite(value)) return refuseToken(token, 'expected a number that can be represented')
  return value === 0 ? 0 : value
}

function peek(reader: Reader, ahead = 0): Token {
  return reader.tokens[Math.min(reader.position + ahead, reader.tokens.length - 1)]!
}

function take(reader: Reader, kind: '(' | ')' | '[' | ']'): Token {
  const token = peek(reader)
  if (token.kind !== kind) return refuseToken(token, `expected ${kind}`)
  reader.position += 1
  return token
}

function takeWord(reader: Reader, expected: string): Token & { readonly text: string } {
  const token = peek(reader)
  if (token.kind !== 'word') return refuseToken(token, expected)
  reader.position += 1
  return token
}

function isKeyword(token: Token, keyword: string): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === keyword
}

function isOperator(token: Token): boolean {
  return token.kind === 'word' && (isCompareOperator(token.text.toLowerCase()) || isKeyword(token, 'pr'))
}

function isCompareOperator(text: string): text is CompareOperator {
  return operators.has(text)
}

function countNode(reader: Reader): void {
  reader.nodes += 1
  if (reader.nodes > reader.maxNodes) {
    refuseFilter(peek(reader).start + 1, `the filter has more than ${reader.maxNodes} terms and connectives`)
  }
}

function refuseToken(token: Token, expected: string): never {
  return refuseFilter(token.start + 1, `${expected}, found ${describe(token)}`)
}

function describe(token: Token): string {
  if (token.kind === 'end') return 'the end'
  if (token.kind === 'string') return 'a string'
  return JSON.stringify(token.text.length > 60 ? `${token.text.slice(0, 60).toWellFormed()}…` : token.text)
}
