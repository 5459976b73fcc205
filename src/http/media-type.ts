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
 * none of them. Without a header everything is accepted.
 */
export function acceptedType(accept: string | undefined, offered: readonly string[]): string | undefined {
  if (accept === undefined || accept.trim() === '') return offered[0]
  const ranges = accept.split(',').flatMap((entry) => parseMediaType(entry.trim()) ?? [])
  let best: string | undefined
  let bestQuality = 0
  for (const type of offered) {
    const quality = qualityOf(type, ranges)
    if (quality > bestQuality) {
      best = type
      bestQuality = quality
    }
  }
  return best
}

/** What the most specific of the ranges that cover the type says. */
function qualityOf(type: string, ranges: readonly MediaType[]): number {
  const covering = [type, type.replace(/\/.*/, '/*'), '*/*']
  for (const name of covering) {
    const range = ranges.find((candidate) => candidate.name === name)
    if (range === undefined) continue
    const quality = Number(range.parameters.get('q') ?? 1)
    return Number.isFinite(quality) ? quality : 0
  }
  return 0
}

function unquote(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}
