/** Seconds that a request is waited for at most, whatever it wishes. */
const longestWait = 30

/** The wish for an asynchronous answer in a `Prefer` header (RFC 7240 section 4.1, RFC 9967 section 2.5.1). */
export interface AsyncWish {
  /** Milliseconds to wait for the usual answer first. */
  readonly wait: number
}

/** Undefined when the header does not wish for it. A `wait` that cannot be read counts as none. */
export function asyncWish(prefer: string | undefined): AsyncWish | undefined {
  if (prefer === undefined) return undefined
  const preferences = new Map(prefer.split(',').map(readPreference))
  if (!preferences.has('respond-async')) return undefined
  const seconds = preferences.get('wait') ?? ''
  return { wait: /^\d{1,9}$/.test(seconds) ? 1_000 * Math.min(Number(seconds), longestWait) : 0 }
}

function readPreference(text: string): readonly [name: string, value: string] {
  const [name = '', value = ''] = (text.split(';')[0] ?? '').split('=')
  return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')]
}
