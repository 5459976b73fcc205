import { UsherError } from '../errors.ts'

const known: ReadonlySet<string> = new Set([
  'filter',
  'sortBy',
  'sortOrder',
  'startIndex',
  'count',
  'cursor',
  'attributes',
  'excludedAttributes',
])

/**
 * Reads the parameters of RFC 7644 section 3.4.2 and RFC 9865 from a query as it was sent; others are ignored (RFC 7644
 * section 3.4.2), and so are empty parts such as a trailing `&`.
 *
 * A `+` is a blank for clients that encode forms and a plus for those that follow RFC 3986. A query that writes blanks
 * as `%20` comes from one of the latter.
 *
 * @throws UsherError `invalid_value` for a parameter that comes twice or cannot be decoded
 */
export function readQueryString(query: string): ReadonlyMap<string, string> {
  const isPlusLiteral = /%20/.test(query)
  const parameters = new Map<string, string>()
  for (const part of query.split('&')) {
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    if (!known.has(name)) continue
    if (parameters.has(name)) throw new UsherError('invalid_value', `The parameter "${name}" comes more than once.`)
    const value = equals < 0 ? '' : part.slice(equals + 1)
    parameters.set(name, decode(name, isPlusLiteral ? value : value.replaceAll('+', ' ')))
  }
  return parameters
}

function decode(name: string, value: string): string {
  try {
    return decodeURIComponent(value)
  } catch (cause) {
    throw new UsherError('invalid_value', `The parameter "${name}" is not percent-encoded UTF-8.`, { cause })
  }
}
