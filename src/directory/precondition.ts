import { UsherError } from '../errors.ts'
import type { IfMatch } from './types.ts'

/**
 * Compares a resource's version with an `If-Match` header, weakly, since all our tags are weak (RFC 9110 section 13.1.1
 * asks for a strong comparison, which weak tags never pass; RFC 7644 section 3.14 uses weak ones in its example).
 * @throws UsherError `precondition_failed`
 */
export function checkPrecondition(ifMatch: IfMatch | undefined, version: string): void {
  if (ifMatch === undefined || ifMatch === '*') return
  if (ifMatch.some((tag) => opaque(tag) === opaque(version))) return
  throw new UsherError('precondition_failed', `The resource is in version ${version}. Read it again.`)
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}
