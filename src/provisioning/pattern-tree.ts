/** The grammar of patterns: text to tree. What the subset is, `pattern.ts` says. */

export type PatternTree =
  /** `literal`: the one character that passes, where the pattern names it. */
  | { readonly kind: 'test'; readonly test: (codePoint: number) => boolean; readonly literal?: string }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternTree[] }
  | { readonly kind: 'choice'; readonly parts: readonly PatternTree[] }
  | { readonly kind: 'repeat'; readonly part: PatternTree; readonly min: number; readonly max: number | null }

type CharacterTest = (codePoint: number) => boolean

const MAX_REPEAT = 256
const MAX_DEPTH = 32

class PatternProblem extends Error {}

/** Characters left to read, one code point each. */
interface Reader {
  readonly characters: readonly string[]
  at: number
}

const isDigit: CharacterTest = (code) => code >= 0x30 && code <= 0x39
const isWord: CharacterTest = (code) =>
  isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f
/** White space and line terminators of ECMAScript, which `\s` stands for. */
const isSpace: CharacterTest = (code) =>
  (code >= 0x09 && code <= 0x0d) ||
  (code >= 0x2000 && code <= 0x200a) ||
  [0x20, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff].includes(code)
const isLineEnd: CharacterTest = (code) => code === 0x0a || code === 0x0d || code === 0x2028 || code === 0x2029

const not =
  (test: CharacterTest): CharacterTest =>
  (code) =>
    !test(code)

const classEscapes: Readonly<Record<string, CharacterTest>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
}
const controlEscapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' }
const escapable = '^$\\.*+?()[]{}|/-'

function peek(reader: Reader): string | undefined {
  return reader.characters[reader.at]
}

function take(reader: Reader, message: string): string {
  const character = reader.characters[reader.at]
  if (character === undefined) throw new PatternProblem(message)
  reader.at += 1
  return character
}

function takeIf(reader: Reader, character: string): boolean {
  if (peek(reader) !== character) return false
  reader.at += 1
  return true
}

/** What follows a backslash: a class of characters, or one character. */
function readEscape(reader: Reader): CharacterTest | string {
  const character = take(reader, 'The pattern ends with a backslash.')
  const test = Object.hasOwn(classEscapes, character) ? classEscapes[character] : undefined
  if (test !== undefined) return test
  if (Object.hasOwn(controlEscapes, character)) return controlEscapes[character]!
  if (escapable.includes(character)) return character
  throw new PatternProblem(`"\\${character}" is not supported in a pattern.`)
}

function equals(character: string): CharacterTest {
  const expected = character.codePointAt(0)!
  return (code) => code === expected
}

function literal(character: string): PatternTree {
  return { kind: 'test', test: equals(character), literal: character }
}

function readClassAtom(reader: Reader): CharacterTest | string {
  const character = take(reader, 'A class of characters is not closed.')
  if (character === '\\') return readEscape(reader)
  if (character === '[') throw new PatternProblem('Write "\\[" for a bracket within a class of characters.')
  return character
}

function readClass(reader: Reader): CharacterTest {
  const negated = takeIf(reader, '^')
  const tests: CharacterTest[] = []
  while (!takeIf(reader, ']')) {
    const from = readClassAtom(reader)
    if (peek(reader) !== '-' || reader.characters[reader.at + 1] === ']') {
      tests.push(typeof from === 'string' ? equals(from) : from)
      continue
    }
    reader.at += 1
    const to = readClassAtom(reader)
    if (typeof from !== 'string' || typeof to !== 'string') throw new PatternProblem('A range needs two characters.')
    const low = from.codePointAt(0)!
    const high = to.codePointAt(0)!
    if (low > high) throw new PatternProblem(`The range "${from}-${to}" is the wrong way round.`)
    tests.push((code) => code >= low && code <= high)
  }
  if (tests.length === 0) throw new PatternProblem('A class of characters is empty.')
  const any: CharacterTest = (code) => tests.some((test) => test(code))
  return negated ? not(any) : any
}

function readNumber(reader: Reader): number | null {
  let digits = ''
  for (let next = peek(reader); next !== undefined && /^[0-9]$/.test(next); next = peek(reader)) {
    digits += next
    reader.at += 1
  }
  if (digits === '') return null
  const value = Number(digits)
  if (value > MAX_REPEAT) throw new PatternProblem(`A repetition goes up to ${MAX_REPEAT}.`)
  return value
}

function readBounds(reader: Reader): { readonly min: number; readonly max: number | null } {
  const min = readNumber(reader)
  if (min === null) throw new PatternProblem('Write "\\{" for a brace; a repetition is {n}, {n,} or {n,m}.')
  const max = takeIf(reader, ',') ? readNumber(reader) : min
  if (!takeIf(reader, '}')) throw new PatternProblem('A repetition is {n}, {n,} or {n,m}.')
  if (max !== null && max < min) throw new PatternProblem('A repetition is the wrong way round.')
  return { min, max }
}

function readQuantifier(reader: Reader): { readonly min: number; readonly max: number | null } | undefined {
  if (takeIf(reader, '?')) return { min: 0, max: 1 }
  if (takeIf(reader, '*')) return { min: 0, max: null }
  if (takeIf(reader, '+')) return { min: 1, max: null }
  if (takeIf(reader, '{')) return readBounds(reader)
  return undefined
}

function readAtom(reader: Reader, depth: number): PatternTree {
  const character = take(reader, 'The pattern ends too early.')
  switch (character) {
    case '(': {
      if (takeIf(reader, '?') && !takeIf(reader, ':')) throw new PatternProblem('Of "(?" only "(?:" is supported.')
      const inner = readChoice(reader, depth + 1)
      if (!takeIf(reader, ')')) throw new PatternProblem('A group is not closed.')
      return inner
    }
    case '[':
      return { kind: 'test', test: readClass(reader) }
    case '.':
      return { kind: 'test', test: not(isLineEnd) }
    case '\\': {
      const escaped = readEscape(reader)
      return typeof escaped === 'string' ? literal(escaped) : { kind: 'test', test: escaped }
    }
    case '?':
    case '*':
    case '+':
      throw new PatternProblem(`"${character}" has nothing to repeat; lazy and possessive forms are not supported.`)
    case '{':
    case '}':
    case ']':
      throw new PatternProblem(`Write "\\${character}" for the character itself.`)
    case '^':
    case '$':
      throw new PatternProblem(`A pattern is anchored as it is; write "\\${character}" for the character itself.`)
    default:
      return literal(character)
  }
}

function readSequence(reader: Reader, depth: number): PatternTree {
  const parts: PatternTree[] = []
  for (let next = peek(reader); next !== undefined && next !== '|' && next !== ')'; next = peek(reader)) {
    const part = readAtom(reader, depth)
    const bounds = readQuantifier(reader)
    parts.push(bounds === undefined ? part : { kind: 'repeat', part, ...bounds })
  }
  return { kind: 'sequence', parts }
}

function readChoice(reader: Reader, depth: number): PatternTree {
  if (depth > MAX_DEPTH) throw new PatternProblem('The groups of the pattern are nested too deeply.')
  const parts = [readSequence(reader, depth)]
  while (takeIf(reader, '|')) parts.push(readSequence(reader, depth))
  return parts.length === 1 ? parts[0]! : { kind: 'choice', parts }
}

/** The pattern without an anchor at either end; a dollar sign that is escaped is no anchor. */
function withoutAnchors(characters: readonly string[]): readonly string[] {
  const start = characters[0] === '^' ? 1 : 0
  if (characters.at(-1) !== '$') return characters.slice(start)
  let backslashes = 0
  while (characters[characters.length - 2 - backslashes] === '\\') backslashes += 1
  return characters.slice(start, backslashes % 2 === 0 ? -1 : undefined)
}

/** The text of a pattern without the anchors that say nothing new. */
export function patternBody(pattern: string): string {
  return withoutAnchors([...pattern]).join('')
}

/** Takes the text of a pattern; gives its tree, or a sentence that says what is wrong with it. */
export function parsePattern(pattern: string): { readonly tree: PatternTree } | { readonly problem: string } {
  const reader: Reader = { characters: withoutAnchors([...pattern]), at: 0 }
  try {
    const tree = readChoice(reader, 0)
    if (reader.at < reader.characters.length) throw new PatternProblem('A group is closed that was never opened.')
    return { tree }
  } catch (error) {
    if (error instanceof PatternProblem) return { problem: error.message }
    throw error
  }
}
