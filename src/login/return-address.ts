import { UsherError } from '../errors.ts'

const maxLength = 2048

/**
 * The absolute address to which a login returns: one of this origin, or one that the organization registered, compared
 * as a whole. Browsers read backslashes as slashes and drop control characters, so an address with either is refused
 * before it is parsed (RFC 9700 section 4.11).
 *
 * @throws UsherError `invalid_request`
 */
export function readReturnAddress(returnTo: string, publicUrl: string, registered: readonly string[]): string {
  if (returnTo.length > maxLength || /[\\\s]|[^\x21-\x7e]/.test(returnTo)) throw refused()
  if (returnTo.startsWith('//')) throw refused()
  const url = returnTo.startsWith('/') ? URL.parse(returnTo, publicUrl) : URL.parse(returnTo)
  if (url === null || url.username !== '' || url.password !== '' || !/^https?:$/.test(url.protocol)) {
    // A registered address may have a scheme of its own (an app on a phone); it is compared as it was written.
    if (!registered.includes(returnTo) || /^(javascript|data|vbscript|file|blob):/i.test(returnTo)) throw refused()
    return returnTo
  }
  if (url.origin === new URL(publicUrl).origin) return url.href
  if (registered.some((address) => URL.parse(address)?.href === url.href)) return url.href
  throw refused()
}

/** The address with the reference of the decision added. */
export function withDecision(returnAddress: string, reference: string): string {
  const url = new URL(returnAddress)
  url.searchParams.set('decision', reference)
  return url.href
}

function refused(): UsherError {
  return new UsherError('invalid_request', 'The address to return to must be of this origin or a registered one.')
}
