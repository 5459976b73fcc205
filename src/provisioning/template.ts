/**
 * Templates only substitute claims: `{claim}`, `{claim|lower}`, `{claim|local}`, `{claim|domain}`. Nothing is
 * evaluated, and a placeholder without value makes the whole value missing.
 */
import { isClaimNameForSettings } from './claim-names.ts'
import { type ClaimReading, type Claims, readClaim } from './claims.ts'

type Part = { readonly text: string } | { readonly claim: string; readonly filter: Filter }

const filters = ['none', 'lower', 'local', 'domain'] as const
type Filter = (typeof filters)[number]

const MAX_PLACEHOLDERS = 20
const MAX_RESULT_LENGTH = 4096

function parsePlaceholder(text: string): Part | string {
  const bar = text.indexOf('|')
  const claim = bar < 0 ? text : text.slice(0, bar)
  const filter = bar < 0 ? 'none' : text.slice(bar + 1)
  if (!isClaimNameForSettings(claim)) return `"{${text}}" names no claim.`
  const known = filters.find((name) => name === filter)
  if (known === undefined) return `"|${filter}" is unknown; there are |lower, |local and |domain.`
  return { claim, filter: known }
}

function parseTemplate(template: string): readonly Part[] | string {
  const parts: Part[] = []
  let at = 0
  while (at < template.length) {
    const open = template.indexOf('{', at)
    const text = template.slice(at, open < 0 ? undefined : open)
    if (text.includes('}')) return 'A brace is closed that was never opened.'
    if (text !== '') parts.push({ text })
    if (open < 0) break
    const close = template.indexOf('}', open)
    if (close < 0) return 'A brace is not closed.'
    const part = parsePlaceholder(template.slice(open + 1, close))
    if (typeof part === 'string') return part
    parts.push(part)
    at = close + 1
  }
  const placeholders = parts.filter((part) => 'claim' in part).length
  return placeholders > MAX_PLACEHOLDERS ? `A template has at most ${MAX_PLACEHOLDERS} placeholders.` : parts
}

/** Says what is wrong with a template, or null when it can be used. */
export function templateProblem(template: string): string | null {
  const parsed = parseTemplate(template)
  return typeof parsed === 'string' ? parsed : null
}

/** Names of the claims that a template reads. */
export function templateClaims(template: string): readonly string[] {
  const parsed = parseTemplate(template)
  return typeof parsed === 'string' ? [] : parsed.flatMap((part) => ('claim' in part ? [part.claim] : []))
}

function filtered(value: string, filter: Filter): string {
  const sign = value.lastIndexOf('@')
  switch (filter) {
    case 'none':
      return value
    case 'lower':
      return value.toLowerCase()
    case 'local':
      return sign < 0 ? '' : value.slice(0, sign)
    case 'domain':
      return sign < 0 ? '' : value.slice(sign + 1)
  }
}

/** Fills a template in. Texts and numbers are substituted; anything else is malformed. */
export function renderTemplate(template: string, claims: Claims): ClaimReading {
  const parsed = parseTemplate(template)
  if (typeof parsed === 'string') return { kind: 'malformed', reason: parsed }
  let result = ''
  for (const part of parsed) {
    if ('text' in part) {
      result += part.text
      continue
    }
    const reading = readClaim(claims, part.claim)
    if (reading.kind === 'empty') return { kind: 'absent' }
    if (reading.kind !== 'value') return reading
    if (typeof reading.value !== 'string' && typeof reading.value !== 'number') {
      return { kind: 'malformed', reason: `the claim "${part.claim}" is no text` }
    }
    const text = filtered(String(reading.value), part.filter)
    if (text === '') return { kind: 'absent' }
    result += text
    if (result.length > MAX_RESULT_LENGTH) return { kind: 'malformed', reason: 'the text becomes too long' }
  }
  return result === '' ? { kind: 'absent' } : { kind: 'value', value: result }
}
