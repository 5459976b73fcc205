/** No 0, O, 1 and I, so that a person can read a reference out over the telephone. 32 letters: five bits each. */
const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'

/**
 * The short name of a decision, such as `7F3K-22QM`, that a person at the browser sees.
 * Takes at least eight random bytes; five bits of each are used, so that every reference is equally likely.
 */
export function referenceFrom(bytes: Uint8Array): string {
  if (bytes.length < 8) throw new RangeError('A reference needs eight bytes.')
  const letters = Array.from(bytes.subarray(0, 8), (byte) => alphabet[byte & 31])
  return `${letters.slice(0, 4).join('')}-${letters.slice(4).join('')}`
}
