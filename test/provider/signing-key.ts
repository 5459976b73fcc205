import { randomBytes } from 'node:crypto'
import { CompactSign, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose'

/** A key of a provider, with what it publishes of it. */
export interface SigningKey {
  readonly algorithm: string
  readonly privateKey: CryptoKey
  readonly published: JWK
}

export async function createSigningKey(algorithm = 'ES256', kid: string | null = randomBytes(6).toString('hex')) {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const published: JWK = { ...(await exportJWK(publicKey)), alg: algorithm, use: 'sig', ...(kid !== null && { kid }) }
  return { algorithm, privateKey, published } satisfies SigningKey
}

/** Signs any payload as a JWT; `header` changes the header that would be written, `undefined` takes a member away. */
export async function signJwt(
  key: SigningKey,
  payload: unknown,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const whole = { alg: key.algorithm, typ: 'JWT', kid: key.published.kid, ...header }
  const present = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined))
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return new CompactSign(new TextEncoder().encode(text))
    .setProtectedHeader(present as { alg: string })
    .sign(key.privateKey, { crit: { 'urn:test:critical': true } })
}

/** A JWT put together by hand, for signatures that no library makes. */
export function assembleJwt(header: unknown, payload: unknown, signature = ''): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(payload)}.${signature}`
}
