import type { Attribute } from './types.ts'

const beyondAscii = /[\u0080-\uffff]/

/**
 * The comparison form of a text whose case does not matter: NFKC, then the default Unicode lower case without locale.
 * Lower case can undo the normalisation (a J with caron becomes two characters that have a composed form), so it is
 * normalised again: folding twice gives the same as folding once.
 */
export function fold(text: string): string {
  // ASCII is its own normal form, and nearly every value is ASCII
  if (!beyondAscii.test(text)) return text.toLowerCase()
  return text.normalize('NFKC').toLowerCase().normalize('NFKC')
}

/** The comparison form of a user name: blanks around it do not make another name. */
export function foldUserName(userName: string): string {
  return fold(userName).trim()
}

/**
 * The comparison form of a text as a value of an attribute: what the stored form, filters, sorting and uniqueness
 * agree on. Case-exact attributes compare as they are (RFC 7643 section 2.2).
 */
export function comparisonText(attribute: Attribute, text: string): string {
  if (attribute.caseExact) return text
  return attribute.path === 'userName' ? foldUserName(text) : fold(text)
}

/**
 * Whether two texts differ in ASCII case at most. Where equality would grant something (linking a login to a user),
 * equality by other Unicode folding is not enough.
 */
export function equalIgnoringAsciiCase(a: string, b: string): boolean {
  return a.length === b.length && lowerAscii(a) === lowerAscii(b)
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
