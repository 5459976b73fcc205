/** Bearer tokens: 256 random bits between a prefix that says what they are and a checksum for secret scanners. */
import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

export const tokenPrefixes = {
  operator: 'usher_admin_',
  key: 'usher_key_',
  scim: 'usher_scim_',
  access: 'usher_access_',
} as const

export type TokenKind = keyof typeof tokenPrefixes

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Digits to the base 62 that 256 and 32 bits need. */
const secretLength = 43
const checksumLength = 6
/** Characters of the secret that may be shown to tell tokens apart. */
const shownLength = 6

/** A new token; `random` gives that many random bytes. */
export function mintToken(kind: TokenKind, random: (size: number) => Uint8Array = randomBytes): string {
  const secret = toBase62(BigInt(`0x${Buffer.from(random(32)).toString('hex')}`), secretLength)
  const token = tokenPrefixes[kind] + secret
  return token + checksumOf(token)
}

/** What is stored and looked up. The tokens hold 256 random bits, so one round of SHA-256 is enough. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/**
 * Whether a token can be one of ours, without a look into the database. The operator's may be any text, since it can
 * come from the settings.
 */
export function isPlausibleToken(token: string): boolean {
  if (token.length > 512) return false
  const prefix = [tokenPrefixes.key, tokenPrefixes.scim, tokenPrefixes.access].find((start) => token.startsWith(start))
  if (prefix === undefined) return true
  if (token.length !== prefix.length + secretLength + checksumLength) return false
  return checksumOf(token.slice(0, -checksumLength)) === token.slice(-checksumLength)
}

/** The beginning of a token, which may be shown again and again. */
export function shownPrefix(kind: TokenKind, token: string): string {
  return token.startsWith(tokenPrefixes[kind])
    ? token.slice(0, tokenPrefixes[kind].length + shownLength)
    : tokenPrefixes[kind]
}

function checksumOf(text: string): string {
  return toBase62(BigInt(crc32(text)), checksumLength)
}

function toBase62(value: bigint, length: number): string {
  let digits = ''
  for (let rest = value; rest > 0n; rest /= 62n) digits = alphabet.charAt(Number(rest % 62n)) + digits
  return digits.padStart(length, alphabet.charAt(0))
}
