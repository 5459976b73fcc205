import type { IfMatch } from '../directory/types.ts'
import { UsherError } from '../errors.ts'

const entityTag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/**
 * The entity tags of an If-Match header (RFC 9110 section 13.1.1); undefined without one. What cannot be read matches
 * nothing: to ignore it would overwrite what the client wanted to protect.
 *
 * @throws UsherError `precondition_failed`
 */
export function readIfMatch(header: string | undefined): IfMatch | undefined {
  if (header === undefined) return undefined
  const tags = entityTags(header)
  if (tags === undefined) {
    throw new UsherError('precondition_failed', 'The If-Match header is not a list of entity tags.')
  }
  return tags
}

/** Whether If-None-Match names this version (RFC 9110 section 13.1.2: by weak comparison). */
export function noneMatches(header: string | undefined, version: string): boolean {
  if (header === undefined) return false
  const tags = entityTags(header)
  if (tags === undefined) return false
  return tags === '*' || tags.some((tag) => opaque(tag) === opaque(version))
}

function entityTags(header: string): IfMatch | undefined {
  if (header.trim() === '*') return '*'
  const tags = header.split(',').map((tag) => tag.trim())
  return tags.every((tag) => entityTag.test(tag)) ? tags : undefined
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, '')
}
