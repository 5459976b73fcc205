/** A SCIM client at the token endpoint of its organization. */
import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import type { Answer, Organization, Usher } from './usher.ts'

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Parameters by name, or as a list where one is there twice. */
export type Form = Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[]

/** Both halves form-encoded, then joined (RFC 6749 section 2.3.1). */
export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`
}

/** Sends a form to the token endpoint of `slug`. */
export function requestToken(usher: Usher, slug: string, form: Form, authorization?: string): Promise<Answer> {
  return usher.call('POST', `/oauth/${slug}/token`, {
    body: encodeForm(form),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization }),
    },
  })
}

function encodeForm(form: Form): string {
  const pairs: readonly (readonly [string, string])[] = Array.isArray(form) ? form : Object.entries(form)
  return new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString()
}

export interface KeyHolder {
  readonly id: string
  readonly tokenEndpoint: string
  readonly issuer: string
  readonly publicKey: Awaited<ReturnType<typeof exportJWK>>
  /** An assertion that is as it should be but for these claims and headers; undefined takes a claim away. */
  assertion(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>
  /** Asks for a token by this assertion, or by a good one. */
  ask(assertion?: string, more?: Readonly<Record<string, string>>): Promise<Answer>
}

/** A SCIM client of the organization with a key (RFC 7523). */
export async function keyHolder(usher: Usher, organization: Organization, alg = 'ES256'): Promise<KeyHolder> {
  const { publicKey, privateKey } = await generateKeyPair(alg)
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg, use: 'sig' }
  const { id } = await organization.admin('POST', '/scim-clients', { name: 'by key', jwks: { keys: [jwk] } })
  const issuer = `${usher.url}/oauth/${organization.slug}`
  const tokenEndpoint = `${issuer}/token`
  const assertion: KeyHolder['assertion'] = (claims = {}, header = {}) => {
    const now = Math.floor((Date.now() + usher.clock.offset) / 1000)
    const jti = randomBytes(8).toString('hex')
    const payload = { iss: id, sub: id, aud: tokenEndpoint, iat: now, exp: now + 60, jti, ...claims }
    return new SignJWT(payload as JWTPayload).setProtectedHeader({ alg, kid: 'key-1', ...header }).sign(privateKey)
  }
  return {
    id,
    tokenEndpoint,
    issuer,
    publicKey: jwk,
    assertion,
    ask: async (given, more = {}) =>
      requestToken(usher, organization.slug, {
        grant_type: 'client_credentials',
        client_assertion_type: assertionType,
        client_assertion: given ?? (await assertion()),
        ...more,
      }),
  }
}
