import { UsherError } from '../errors.ts'
import { isAttributeName, isAttributePath } from './attribute-name.ts'
import { type ParseOptions, parseBracketedFilter } from './parse.ts'
import { findEndOfString } from './tokenise.ts'
import type { FilterNode } from './types.ts'

/** A PATCH path as it was written: `emails[type eq "work"].value` has all three parts. */
export interface AttributePath {
  readonly path: string
  readonly filter?: FilterNode
  readonly subAttribute?: string
}

/**
 * Reads the path of a PATCH operation, `PATH = attrPath / valuePath [subAttr]` (RFC 7644 section 3.5.2). Without
 * brackets a sub-attribute stays part of `path`, since only the schemas tell which dots of a URN separate.
 * @throws UsherError `invalid_path` when the text is no such path, `invalid_filter` when it is one and the filter
 * inside the brackets is not.
 */
export function parseAttributePath(text: string, options: ParseOptions = {}): AttributePath {
  const maxBytes = options.maxBytes ?? 8192
  if (Buffer.byteLength(text) > maxBytes) return refusePath(`is longer than ${maxBytes} bytes`)
  const open = text.indexOf('[')
  if (open === -1) {
    return isAttributePath(text) ? { path: text } : refusePath('is not an attribute, column 1')
  }
  const path = text.slice(0, open)
  if (!isAttributePath(path)) return refusePath('does not begin with an attribute, column 1')
  const close = findClosingBracket(text, open)
  const rest = text.slice(close + 1)
  if (rest !== '' && !(rest.startsWith('.') && isAttributeName(rest.slice(1)))) {
    return refusePath(`has something other than a sub-attribute behind the brackets, column ${close + 2}`)
  }
  const filter = parseBracketedFilter(text, open + 1, close, options)
  return rest === '' ? { path, filter } : { path, filter, subAttribute: rest.slice(1) }
}

function findClosingBracket(text: string, open: number): number {
  let at = open + 1
  while (at < text.length) {
    const character = text[at]
    if (character === ']') return at
    if (character === '[') return refusePath(`has brackets inside brackets, column ${at + 1}`)
    if (character === '"') {
      const end = findEndOfString(text, at, text.length)
      if (end === -1) return refusePath(`has a string without closing quote, column ${at + 1}`)
      at = end
    } else {
      at += 1
    }
  }
  return refusePath(`has no closing bracket for the one in column ${open + 1}`)
}

function refusePath(reason: string): never {
  throw new UsherError('invalid_path', `The path ${reason}.`)
}
