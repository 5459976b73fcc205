/**
 * JSON that is too long to be read in one go: `JSON.parse` would keep everybody else waiting. A container that is too
 * long is cut between its elements or members; what is short enough is parsed as it is, and in between others have their
 * turn. Whatever `JSON.parse` accepts or refuses of the whole is accepted or refused here, with the same result.
 */
import { setImmediate } from 'node:timers/promises'
import { UsherError } from '../errors.ts'
import { type BodyLimits, checkBody, checkDepth, checkElements, checkMembers } from './body-limits.ts'

export interface PieceReading {
  readonly limits: BodyLimits
  /** @throws UsherError if it is not UTF-8 */
  readonly decode: (bytes: Uint8Array) => string
  /** `JSON.parse`, perhaps with what it makes of numbers. @throws if it is not JSON */
  readonly parse: (text: string) => unknown
  /** Bytes that are parsed at a time. */
  readonly length: number
}

interface Source extends PieceReading {
  readonly bytes: Uint8Array
  /** When somebody else has had a turn. */
  rested: number
}

/** Milliseconds after which somebody else has a turn, and bytes that are looked through without asking for the time. */
const turn = { milliseconds: 5, bytes: 262_144 }

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Reads a JSON text, piece by piece.
 * @throws UsherError `invalid_syntax`, and what the limits refuse
 */
export async function parseInPieces(bytes: Uint8Array, reading: PieceReading): Promise<unknown> {
  return readValue({ ...reading, bytes, rested: performance.now() }, 0, bytes.length, 0)
}

async function readValue(source: Source, from: number, to: number, depth: number): Promise<unknown> {
  const { bytes, limits, length } = source
  checkDepth(depth, limits)
  const start = skipSpace(bytes, from, to)
  const end = skipSpaceBack(bytes, start, to)
  if (end - start > length) {
    const [first, last] = [bytes[start], bytes[end - 1]]
    if (first === openList && last === closeList) return readList(source, start + 1, end - 1, depth)
    if (first === openObject && last === closeObject) return readObject(source, start + 1, end - 1, depth)
    if (first === openList || first === openObject) throw notJson()
  }
  const value = parse(source, start, end)
  checkBody(value, limits, depth)
  return value
}

async function readList(source: Source, from: number, to: number, depth: number): Promise<unknown> {
  const list: unknown[] = []
  for await (const part of parts(source, from, to)) {
    await rest(source)
    if (part.isLong) list.push(await readValue(source, part.from, part.to, depth + 1))
    else {
      const some = parse(source, part.from, part.to, '[]') as unknown[]
      checkBody(some, source.limits, depth)
      for (const element of some) list.push(element)
    }
    checkElements(list.length, source.limits)
  }
  return list
}

async function readObject(source: Source, from: number, to: number, depth: number): Promise<unknown> {
  const object: Record<string, unknown> = {}
  for await (const part of parts(source, from, to)) {
    await rest(source)
    const { name, valueFrom } = part.isLong ? readName(source, part.from, part.to) : { name: '', valueFrom: 0 }
    const some = part.isLong ? { [name]: null } : (parse(source, part.from, part.to, '{}') as Record<string, unknown>)
    // The names are checked before any of them is set.
    checkBody(some, source.limits, depth)
    if (part.isLong) object[name] = await readValue(source, valueFrom, part.to, depth + 1)
    else Object.assign(object, some)
    checkMembers(Object.keys(object).length, source.limits)
  }
  return object
}

/** `"name":` in front of a long value. */
function readName(source: Source, from: number, to: number): { readonly name: string; readonly valueFrom: number } {
  const { bytes } = source
  const start = skipSpace(bytes, from, to)
  if (bytes[start] !== quote) throw notJson()
  const end = endOfText(bytes, start, to) + 1
  const separator = skipSpace(bytes, end, to)
  if (bytes[separator] !== colon) throw notJson()
  return { name: String(parse(source, start, end)), valueFrom: separator + 1 }
}

interface Part {
  readonly from: number
  readonly to: number
  /** One element or member that is too long by itself; otherwise as many as are short enough together. */
  readonly isLong: boolean
}

/** Cuts what is between the brackets of a container. */
async function* parts(source: Source, from: number, to: number): AsyncGenerator<Part> {
  const { bytes, length } = source
  if (skipSpace(bytes, from, to) === to) return
  const scan = new SeparatorScan(bytes, from, to)
  let [begin, last] = [from, from]
  for (let end = from - 1; end < to; last = end + 1) {
    for (let found = scan.next(); ; found = scan.next()) {
      if (found !== null) {
        end = found
        break
      }
      await rest(source)
    }
    if (end - begin > length && last > begin) {
      yield partOf(begin, last - 1)
      begin = last
    }
    if (end - begin > length) {
      yield { from: begin, to: end, isLong: true }
      begin = end + 1
    }
  }
  if (begin <= to) yield partOf(begin, to)

  function partOf(start: number, end: number): Part {
    // Nothing is between two commas, or behind the last one.
    if (skipSpace(bytes, start, end) === end) throw notJson()
    return { from: start, to: end, isLong: false }
  }
}

/** Finds the commas between the elements of a container, and then its end. */
class SeparatorScan {
  readonly #bytes: Uint8Array
  readonly #to: number
  #position: number
  #depth = 0

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes
    this.#to = to
    this.#position = from
  }

  /** The position of the next one; null when it is time for others to have a turn. */
  next(): number | null {
    const pause = Math.min(this.#position + turn.bytes, this.#to)
    for (let position = this.#position; position < pause; position += 1) {
      const byte = this.#bytes[position]
      if (byte === quote) position = endOfText(this.#bytes, position, this.#to)
      else if (byte === openList || byte === openObject) this.#depth += 1
      else if (byte === closeList || byte === closeObject) {
        this.#depth -= 1
        if (this.#depth < 0) throw notJson()
      } else if (byte === comma && this.#depth === 0) {
        this.#position = position + 1
        return position
      }
      this.#position = position + 1
    }
    if (this.#position < this.#to) return null
    if (this.#depth > 0) throw notJson()
    return this.#to
  }
}

/** Where the text ends that begins here. */
function endOfText(bytes: Uint8Array, start: number, to: number): number {
  for (let position = start + 1; position < to; position += 1) {
    const byte = bytes[position]
    if (byte === quote) return position
    if (byte === backslash) position += 1
  }
  throw notJson()
}

function skipSpace(bytes: Uint8Array, from: number, to: number): number {
  let position = from
  while (position < to && isSpace(bytes[position]!)) position += 1
  return position
}

function skipSpaceBack(bytes: Uint8Array, from: number, to: number): number {
  let position = to
  while (position > from && isSpace(bytes[position - 1]!)) position -= 1
  return position
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function parse({ bytes, decode, parse: parseText }: Source, from: number, to: number, brackets = ''): unknown {
  const text = decode(bytes.subarray(from, to))
  try {
    return parseText(brackets === '' ? text : brackets[0] + text + brackets[1])
  } catch {
    throw notJson()
  }
}

async function rest(source: Source): Promise<void> {
  if (performance.now() - source.rested < turn.milliseconds) return
  await setImmediate()
  source.rested = performance.now()
}

/** The parser's own message quotes the body, which may hold secrets. */
function notJson(): UsherError {
  return new UsherError('invalid_syntax', 'The body is not valid JSON.')
}
