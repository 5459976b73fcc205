import { randomBytes } from 'node:crypto'

const name = 'usher_login'
const lifetimeSeconds = 600

/** The secret by which a browser is known between the start of a login and its callback; new for every start. */
export function newBrowserSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** The value of the cookie in a `Cookie` header. */
export function readBrowserSecret(header: string | undefined): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === name && value && /^[\w-]{43}$/.test(value)) return value
  }
  return undefined
}

/** The `Set-Cookie` header that hands the secret to the browser, for the login's paths only. */
export function browserCookie(secret: string, publicUrl: string): string {
  return `${name}=${secret}; Max-Age=${lifetimeSeconds}${attributes(publicUrl)}`
}

/** The `Set-Cookie` header that takes it back. */
export function clearedBrowserCookie(publicUrl: string): string {
  return `${name}=; Max-Age=0${attributes(publicUrl)}`
}

function attributes(publicUrl: string): string {
  const { protocol, pathname } = new URL(publicUrl)
  const secure = protocol === 'https:' ? '; Secure' : ''
  // Lax: the callback is a top-level navigation from the identity provider's site.
  return `; Path=${pathname.replace(/\/$/, '')}/login; HttpOnly; SameSite=Lax${secure}`
}
