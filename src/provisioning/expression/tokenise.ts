import { ExpressionError } from './tree.ts'

export type Token =
  | { readonly kind: 'name'; readonly at: number; readonly text: string }
  | { readonly kind: 'text'; readonly at: number; readonly text: string }
  | { readonly kind: 'number'; readonly at: number; readonly value: number }
  | { readonly kind: 'sign'; readonly at: number; readonly text: string }
  | { readonly kind: 'end'; readonly at: number }

const space = /[\t\n\r ]/
const signs = '()[]{},:|'
const nameStart = /[A-Za-z_]/
const namePart = /[A-Za-z0-9_.-]/
const numberStart = /[0-9-]/
const number = /^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?$/
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '/': '/',
}

/** Cuts the text of an expression into tokens; the last one is `end`. @throws ExpressionError */
export function tokenise(source: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    const character = source.charAt(at)
    if (space.test(character)) at += 1
    else if (signs.includes(character)) {
      tokens.push({ kind: 'sign', at, text: character })
      at += 1
    } else {
      const { token, end } = readToken(source, at, character)
      tokens.push(token)
      at = end
    }
  }
  return [...tokens, { kind: 'end', at }]
}

interface Read {
  readonly token: Token
  readonly end: number
}

function readToken(source: string, at: number, character: string): Read {
  if (character === '"' || character === "'") return readText(source, at, character)
  if (nameStart.test(character)) {
    const text = takeWhile(source, at, namePart)
    return { token: { kind: 'name', at, text }, end: at + text.length }
  }
  if (numberStart.test(character)) {
    const text = takeWhile(source, at, namePart)
    if (!number.test(text)) throw new ExpressionError(at, `"${text.slice(0, 40)}" is no number.`)
    return { token: { kind: 'number', at, value: Number(text) }, end: at + text.length }
  }
  throw new ExpressionError(at, `"${[...source.slice(at, at + 2)][0]}" means nothing here; texts stand in quotes.`)
}

function takeWhile(source: string, from: number, part: RegExp): string {
  let end = from + 1
  while (end < source.length && part.test(source.charAt(end))) end += 1
  return source.slice(from, end)
}

function readText(source: string, at: number, quote: string): Read {
  let text = ''
  for (let next = at + 1; next < source.length; next += 1) {
    const character = source.charAt(next)
    if (character === quote) return { token: { kind: 'text', at, text }, end: next + 1 }
    if (character !== '\\') {
      text += character
      continue
    }
    const escaped = readEscape(source, next)
    text += escaped.text
    next += escaped.length - 1
  }
  throw new ExpressionError(at, 'The text is not closed.')
}

/** The escapes of JSON (RFC 8259 section 7) that anybody writes by hand, and the single quote. */
function readEscape(source: string, at: number): { readonly text: string; readonly length: number } {
  const character = source.charAt(at + 1)
  if (character === 'u') {
    const digits = source.slice(at + 2, at + 6)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new ExpressionError(at, 'Four hexadecimal digits follow "\\u".')
    return { text: String.fromCharCode(Number.parseInt(digits, 16)), length: 6 }
  }
  const text = Object.hasOwn(escapes, character) ? escapes[character] : undefined
  if (text === undefined) throw new ExpressionError(at, `"\\${character}" is unknown; a backslash is written "\\\\".`)
  return { text, length: 2 }
}
