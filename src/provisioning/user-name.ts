/** The user name that a creation wants. It is set once; later logins never change it. */
import { type ClaimReading, type Claims, readClaim } from './claims.ts'
import type { LoginEmail } from './email.ts'
import { readExpression } from './expression/expression.ts'
import { matchesPattern } from './pattern.ts'
import type { UserNameSettings } from './settings.ts'
import { renderTemplate } from './template.ts'

export type UserNameWish =
  /** Best first: what `onTaken` allows to try. */
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'missing'; readonly detail: string }
  | { readonly kind: 'invalid'; readonly detail: string }

/** So many people may share a name before a login is refused. */
const MAX_SUFFIX = 50

function readName(reading: ClaimReading): string | undefined {
  return reading.kind === 'value' && typeof reading.value === 'string' && reading.value.trim() !== ''
    ? reading.value
    : undefined
}

/**
 * The base name: the claim, template or expression of the settings; for the e-mail claim only a verified address, then
 * `preferred_username`, then the subject. Nothing else has a substitute.
 */
function baseName(
  settings: UserNameSettings,
  claims: Claims,
  email: LoginEmail | null,
  subject: string | null,
): string | undefined {
  if (settings.template !== undefined) return readName(renderTemplate(settings.template, claims))
  if (settings.expression !== undefined) return readName(readExpression(settings.expression, claims))
  const claim = settings.claim ?? 'email'
  if (claim !== 'email') return readName(readClaim(claims, claim))
  if (email?.verified === true) return email.address
  return readName(readClaim(claims, 'preferred_username')) ?? subject ?? undefined
}

/**
 * Works out which user names a creation may take. A name is never cut; `onTaken: suffix` appends a number (`ann`,
 * `ann2`, `ann3` …). Names that do not match the pattern are not wished for.
 */
export function wishUserNames(
  settings: UserNameSettings,
  claims: Claims,
  email: LoginEmail | null,
  subject: string | null,
): UserNameWish {
  const base = baseName(settings, claims, email, subject)
  if (base === undefined) return { kind: 'missing', detail: 'The login has no value for userName.' }
  const { pattern } = settings
  const fits = (name: string) => pattern === undefined || matchesPattern(pattern, name)
  if (!fits(base)) return { kind: 'invalid', detail: `The user name "${base}" does not match the pattern.` }
  if (settings.onTaken === 'refuse') return { kind: 'names', names: [base] }
  const numbered = Array.from({ length: MAX_SUFFIX - 1 }, (_, index) => `${base}${index + 2}`)
  return { kind: 'names', names: [base, ...numbered.filter(fits)] }
}
