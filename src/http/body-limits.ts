import { UsherError } from '../errors.ts'

export interface BodyLimits {
  /** Bytes of the body. */
  readonly bytes: number
  /** Objects and arrays within each other. */
  readonly depth: number
  /** Members of one object. */
  readonly members: number
  /** Elements of one array. */
  readonly elements: number
}

/** What a body may be at most. */
export const bodyLimits: BodyLimits = { bytes: 1_048_576, depth: 64, members: 1_000, elements: 8_192 }

/** What the body of a group may be, whose list of members a client sends as a whole. */
export const groupBodyLimits: BodyLimits = { ...bodyLimits, bytes: 33_554_432, elements: 200_000 }

const forbiddenNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Checks a parsed body before anything else touches it: what is nested too deeply would overflow the stack of whatever
 * recurses, and the names of prototypes are never attributes. Walks with a list instead of recursion.
 *
 * @param depth of a part of a body: in how many objects and arrays it is
 * @throws UsherError `invalid_syntax`; `payload_too_large` for an array with too many elements
 */
export function checkBody(body: unknown, limits: BodyLimits, depth = 0): void {
  let level: unknown[] = [body]
  for (let below = depth; level.length > 0; below += 1) {
    checkDepth(below, limits)
    const next: unknown[] = []
    for (const value of level) {
      if (typeof value === 'string') checkText(value)
      else if (Array.isArray(value)) {
        checkElements(value.length, limits)
        for (const element of value) next.push(element)
      } else if (typeof value === 'object' && value !== null) pushMembers(value, limits, next)
    }
    level = next
  }
}

/** @throws UsherError `invalid_syntax` */
export function checkDepth(depth: number, limits: BodyLimits): void {
  if (depth > limits.depth) throw refused(`The body is nested more than ${limits.depth} levels deep.`)
}

/** @throws UsherError `payload_too_large` */
export function checkElements(count: number, { elements }: BodyLimits): void {
  if (count > elements) throw new UsherError('payload_too_large', `A list may have at most ${elements} elements.`)
}

/** @throws UsherError `invalid_syntax` */
export function checkMembers(count: number, { members }: BodyLimits): void {
  if (count > members) throw refused(`An object of the body has more than ${members} members.`)
}

function pushMembers(value: object, limits: BodyLimits, next: unknown[]): void {
  const names = Object.keys(value)
  checkMembers(names.length, limits)
  for (const name of names) {
    if (forbiddenNames.has(name)) throw refused(`The body must not have a member named "${name}".`)
    checkText(name)
    next.push((value as Record<string, unknown>)[name])
  }
}

function checkText(text: string): void {
  // An escape such as \ud800 on its own is no character: it cannot be stored or sent as UTF-8.
  if (!text.isWellFormed()) throw refused('The body holds half of a surrogate pair.')
}

function refused(detail: string): UsherError {
  return new UsherError('invalid_syntax', detail)
}
