import { refuseFilter } from './refuse.ts'

/** A piece of a filter; `start` and `end` are offsets into the text, `value` is the decoded content of a string. */
export type Token =
  | { readonly kind: 'string'; readonly value: string; readonly start: number; readonly end: number }
  | {
      readonly kind: 'word' | '(' | ')' | '[' | ']' | 'end'
      readonly text: string
      readonly start: number
      readonly end: number
    }

/**
 * Cuts a filter into words, string literals and brackets, in one pass over the characters.
 * Strings follow JSON (RFC 7159 section 7), as the grammar of RFC 7644 Figure 1 says. The last token is always `end`.
 */
export function tokenise(text: string, from = 0, to = text.length): readonly Token[] {
  const tokens: Token[] = []
  let at = from
  while (at < to) {
    const character = text[at]!
    if (isBlank(character)) {
      at += 1
    } else if (isBracket(character)) {
      tokens.push({ kind: character, text: character, start: at, end: at + 1 })
      at += 1
    } else if (character === '"') {
      const end = endOfString(text, at, to)
      tokens.push({ kind: 'string', value: decodeString(text, at, end), start: at, end })
      at = end
    } else {
      const start = at
      while (at < to && isWordCharacter(text[at]!)) at += 1
      tokens.push({ kind: 'word', text: text.slice(start, at), start, end: at })
    }
  }
  tokens.push({ kind: 'end', text: '', start: to, end: to })
  return tokens
}

/** The offset behind the closing quote of the string that opens at `start`, or -1 when it never closes. */
export function findEndOfString(text: string, start: number, to: number): number {
  let at = start + 1
  while (at < to) {
    if (text[at] === '"') return at + 1
    at += text[at] === '\\' ? 2 : 1
  }
  return -1
}

function endOfString(text: string, start: number, to: number): number {
  const end = findEndOfString(text, start, to)
  return end === -1 ? refuseFilter(start + 1, 'the string that begins here has no closing quote') : end
}

function decodeString(text: string, start: number, end: number): string {
  const value = readJsonString(text.slice(start, end))
  if (value === undefined) return refuseFilter(start + 1, 'the string that begins here is not a JSON string')
  // A database stores text as UTF-8, where half a surrogate pair would silently become another character.
  if (!value.isWellFormed()) return refuseFilter(start + 1, 'the string that begins here is not valid Unicode')
  return value
}

function readJsonString(literal: string): string | undefined {
  try {
    return JSON.parse(literal)
  } catch {
    return undefined
  }
}

/** The ABNF knows the blank only; tabs and line breaks are not ambiguous. */
function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r'
}

function isBracket(character: string): character is '(' | ')' | '[' | ']' {
  return character === '(' || character === ')' || character === '[' || character === ']'
}

function isWordCharacter(character: string): boolean {
  return !isBlank(character) && !isBracket(character) && character !== '"'
}
