/** One entry of a Content-Type or Accept header. */
export interface MediaType {
  /** Lower case, without parameters: `application/json`. */
  readonly name: string
  readonly parameters: ReadonlyMap<string, string>
}

const form = /^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+$/

/** Reads a media type with its parameters (RFC 9110 section 8.3.1); undefined if it is none. */
export function parseMediaType(text: string): MediaType | undefined {
  const [name = '', ...rest] = text.split(';').map((part) => part.trim())
  if (!form.test(name)) return undefined
  const parameters = new Map<string, string>()
  for (const part of rest) {
    if (part === '') continue
    const equals = part.indexOf('=')
    if (equals < 1) return undefined
    parameters.set(part.slice(0, equals).trim().toLowerCase(), unquote(part.slice(equals + 1).trim()))
  }
  return { name: name.toLowerCase(), parameters }
}

/**
 * The first of `offered` that the Accept header ranks highest (RFC 9110 section 12.5.1); undefined when it accepts
 * none of them. Of equally ranked ones, a type that the header names wins over one that a wildcard covers. Without a
 * header everything is accepted.
 */
export function acceptedType(accept: string | undefined, offered: readonly string[]): string | undefined {
  if (accept === undefined || accept.trim() === '') return offered[0]
  const ranges = accept.split(',').flatMap((entry) => parseMediaType(entry.trim()) ?? [])
  let best: { readonly type: string; readonly rank: Rank } | undefined
  for (const type of offered) {
    const rank = rankOf(type, ranges)
    if (rank.quality > 0 && (best === undefined || isHigher(rank, best.rank))) best = { type, rank }
  }
  return best?.type
}

interface Rank {
  readonly quality: number
  /** Of the range that says so: 2 for the type itself, 0 for all types. */
  readonly specificity: number
}

/** What the most specific of the ranges that cover the type says. */
function rankOf(type: string, ranges: readonly MediaType[]): Rank {
  const covering = ['*/*', type.replace(/\/.*/, '/*'), type]
  for (let specificity = 2; specificity >= 0; specificity -= 1) {
    const range = ranges.find((candidate) => candidate.name === covering[specificity])
    if (range === undefined) continue
    const quality = Number(range.parameters.get('q') ?? 1)
    return { quality: Number.isFinite(quality) ? quality : 0, specificity }
  }
  return { quality: 0, specificity: 0 }
}

function isHigher(one: Rank, other: Rank): boolean {
  return one.quality === other.quality ? one.specificity > other.specificity : one.quality > other.quality
}

function unquote(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}
