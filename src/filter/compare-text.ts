/**
 * Order of two well-formed strings by code point: that of their UTF-8 bytes, hence the database's. JavaScript's `<`
 * compares UTF-16 units and puts characters beyond the Basic Multilingual Plane before U+E000.
 */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at += 1) {
    const difference = rank(left.charCodeAt(at)) - rank(right.charCodeAt(at))
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Puts the surrogates behind the units U+E000 to U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
