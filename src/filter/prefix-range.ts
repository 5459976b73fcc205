/** A range on one key; without an upper bound where no text comes behind every text with the prefix. */
export interface PrefixRange {
  readonly $gte: string
  readonly $lt?: string
}

/** The range of all strings that begin with `prefix`, in the order of code points: what an index can walk. */
export function prefixRange(prefix: string): PrefixRange {
  const codePoints = Array.from(prefix, (character) => character.codePointAt(0)!)
  while (codePoints.at(-1) === 0x10ffff) codePoints.pop()
  const last = codePoints.pop()
  if (last === undefined) return { $gte: prefix }
  // The surrogates are no characters: U+E000 comes behind U+D7FF.
  const next = last === 0xd7ff ? 0xe000 : last + 1
  const start = codePoints.map((codePoint) => String.fromCodePoint(codePoint)).join('')
  return { $gte: prefix, $lt: start + String.fromCodePoint(next) }
}
