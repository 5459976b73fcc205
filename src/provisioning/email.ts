/** The e-mail address of a login, and what it proves. */
import { domainToASCII, domainToUnicode } from 'node:url'
import { equalIgnoringAsciiCase } from '../schema/fold.ts'
import { type Claims, readClaim, readText } from './claims.ts'
import type { Snapshot } from './types.ts'

export interface LoginEmail {
  /** As the claim says. */
  readonly address: string
  /** `email_verified` is the boolean true. */
  readonly asserted: boolean
  /** `email_verified` is there and anything else. */
  readonly denied: boolean
  /** It counts as verified under the connection's `emailTrust`. */
  readonly verified: boolean
  /** What the organization's proof of exactly this domain says; a sub-domain needs its own. */
  readonly domain: 'verified' | 'lapsed' | 'foreign'
}

const MAX_ADDRESS_LENGTH = 320

/** Whether a text could be an address: something before the last sign and something after it. */
export function looksLikeAddress(text: string): boolean {
  const sign = text.lastIndexOf('@')
  return sign > 0 && sign < text.length - 1
}

/** What comes before the last sign may hold another one only in quotes (RFC 5321 §4.1.2). */
function isAddress(text: string): boolean {
  if (text.length > MAX_ADDRESS_LENGTH || !looksLikeAddress(text) || /[\s\p{Cc}\p{Cf}]/u.test(text)) return false
  const local = text.slice(0, text.lastIndexOf('@'))
  return !local.includes('@') || /^".+"$/.test(local)
}

/** An address with its ASCII case folded, and nothing else: what it is compared by. */
export function addressKey(address: string): string {
  return address.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/**
 * The name under which a domain is registered. Only ASCII case is ignored: a name with characters that resolve to
 * other ones (a Kelvin sign, full-width letters) is somebody else's until it is written the usual way.
 */
function registeredName(domain: string): string {
  const lower = addressKey(domain)
  if (/^[\x21-\x7e]*$/.test(lower)) return lower
  const ascii = domainToASCII(lower)
  return domainToUnicode(ascii) === lower ? ascii : lower
}

function proofOf(address: string, domains: Snapshot['domains']): LoginEmail['domain'] {
  const name = registeredName(address.slice(address.lastIndexOf('@') + 1))
  const statuses = domains.filter(({ domain }) => registeredName(domain) === name).map(({ status }) => status)
  if (statuses.includes('verified')) return 'verified'
  return statuses.includes('lapsed') ? 'lapsed' : 'foreign'
}

/**
 * The login's e-mail, or null when it has none. Under `emailTrust` `domain` an address counts as verified when
 * `email_verified` is the boolean true, or is absent and the address is at a verified domain of the organization; under
 * `claim` only the boolean true counts. Every other value of the claim is false.
 */
export function loginEmail(
  claims: Claims,
  emailTrust: 'domain' | 'claim',
  domains: Snapshot['domains'],
): LoginEmail | null {
  const address = readText(claims, 'email')
  if (address === undefined || !isAddress(address)) return null
  const assertion = readClaim(claims, 'email_verified')
  const asserted = assertion.kind === 'value' && assertion.value === true
  const domain = proofOf(address, domains)
  const trusted = emailTrust === 'domain' && assertion.kind === 'absent' && domain === 'verified'
  return { address, asserted, denied: assertion.kind !== 'absent' && !asserted, verified: asserted || trusted, domain }
}

/** Whether the login proves that this very address belongs to the person: verified, and at a verified domain. */
export function provesAddress(email: LoginEmail | null, address: string): boolean {
  return email?.verified === true && email.domain === 'verified' && equalIgnoringAsciiCase(email.address, address)
}
