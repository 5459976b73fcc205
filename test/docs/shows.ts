/**
 * Whether an answer is what a page shows of it. A page may leave members out and shorten: ids, times and references stand
 * for any others, `"…"` for any value, and a list that begins with `"…"` shows its end.
 */

const anyId = /\b[0-9a-f]{8}-(?:…|[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/g
const anyTime = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g
const anyReference = /\b[2-9A-Z]{4}-[2-9A-Z]{4}\b/g

function alike(text: string): string {
  return text.replace(anyId, '{id}').replace(anyTime, '{time}').replace(anyReference, '{reference}')
}

/** Where the first difference is, in the words of a path; null when the page shows what is real. */
export function difference(shown: unknown, real: unknown, path = ''): string | null {
  if (shown === '…') return real === undefined ? `${path} is not there` : null
  if (typeof shown === 'string' && typeof real === 'string') {
    return alike(shown) === alike(real) ? null : `${path} is ${JSON.stringify(real)}`
  }
  if (Array.isArray(shown)) return differenceOfLists(shown, real, path)
  if (typeof shown === 'object' && shown !== null) {
    if (typeof real !== 'object' || real === null) return `${path} is ${JSON.stringify(real)}`
    const members = Object.entries(shown).filter(([name]) => name !== '…')
    return first(members.map(([name, value]) => difference(value, Reflect.get(real, name), `${path}.${name}`)))
  }
  return Object.is(shown, real) ? null : `${path} is ${JSON.stringify(real)}`
}

function differenceOfLists(shown: readonly unknown[], real: unknown, path: string): string | null {
  if (!Array.isArray(real)) return `${path} is ${JSON.stringify(real)}`
  const isEnd = shown[0] === '…'
  const isBeginning = shown.at(-1) === '…'
  const kept = shown.slice(isEnd ? 1 : 0, isBeginning && !isEnd ? -1 : undefined)
  const isWhole = !isEnd && !isBeginning
  if (real.length < kept.length || (isWhole && real.length !== kept.length)) {
    return `${path} has ${real.length} elements: ${JSON.stringify(real)}`
  }
  const offset = isEnd ? real.length - kept.length : 0
  return first(kept.map((value, index) => difference(value, real[index + offset], `${path}[${index + offset}]`)))
}

function first(differences: readonly (string | null)[]): string | null {
  return differences.find((each) => each !== null) ?? null
}
