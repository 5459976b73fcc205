/** Conditions that can never hold, and rules that never decide. */
import { equalValues } from '../../schema/equal.ts'
import type { JsonValue } from '../../schema/types.ts'
import { matchesPattern } from '../pattern.ts'
import type { ClaimCondition, JitSettings, StoredJitSettings } from '../settings.ts'
import { type SettingsWarning, settingsWarning } from './warning.ts'

/** Claims with one value by their definition (RFC 7519 section 4.1, OpenID Connect Core sections 2 and 5.1). */
const singleValued: ReadonlySet<string> = new Set([
  'iss',
  'sub',
  'azp',
  'acr',
  'email',
  'email_verified',
  'preferred_username',
  'given_name',
  'family_name',
  'name',
  'locale',
  'zoneinfo',
  'phone_number',
  'tid',
  'oid',
  'hd',
])

function isAbsence(condition: ClaimCondition): boolean {
  return condition.operator === 'present' && condition.value === false
}

/** Whether one value meets a condition that a present claim may meet. */
function admits(condition: ClaimCondition, value: string | number | boolean): boolean {
  switch (condition.operator) {
    case 'present':
      return condition.value !== false
    case 'equals':
      return condition.value === value
    case 'in':
      return condition.value.includes(value)
    case 'matches':
      return typeof value === 'string' && matchesPattern(condition.value, value)
  }
}

/** The values that a condition names; undefined where it does not list them. */
function namedValues(condition: ClaimCondition): readonly (string | number | boolean)[] | undefined {
  if (condition.operator === 'equals') return [condition.value]
  return condition.operator === 'in' ? condition.value : undefined
}

/** A claim of several values may meet two conditions with different values of it: only a single one cannot. */
function contradicts(condition: ClaimCondition, earlier: ClaimCondition): boolean {
  if (condition.claim !== earlier.claim) return false
  if (isAbsence(condition) !== isAbsence(earlier)) return true
  if (!singleValued.has(condition.claim)) return false
  const values = namedValues(condition)
  const [named, other] = values === undefined ? [namedValues(earlier), condition] : [values, earlier]
  return named?.every((value) => !admits(other, value)) === true
}

export function lintConditions(conditions: readonly ClaimCondition[]): readonly SettingsWarning[] {
  return conditions.flatMap((condition, index): SettingsWarning[] => {
    const before = conditions.slice(0, index)
    const path = `claimFilter.${index}`
    const contradicted = before.findIndex((earlier) => contradicts(condition, earlier))
    if (contradicted >= 0) {
      const detail = `It cannot hold together with claimFilter.${contradicted}: every login is refused.`
      return [settingsWarning(path, 'condition_never_holds', detail)]
    }
    const repeated = before.findIndex((earlier) =>
      equalValues(condition as unknown as JsonValue, earlier as unknown as JsonValue),
    )
    return repeated < 0
      ? []
      : [settingsWarning(path, 'condition_repeated', `It is the same as claimFilter.${repeated}.`)]
  })
}

export function lintMatching(stored: StoredJitSettings, settings: JitSettings): readonly SettingsWarning[] {
  const rules = stored.matching ?? []
  const repeated = rules.flatMap((rule, index) => {
    const first = rules.findIndex(({ claim, attribute }) => claim === rule.claim && attribute === rule.attribute)
    const detail = `It looks for the same as matching.${first}, which decides before it.`
    return first < index ? [settingsWarning(`matching.${index}`, 'rule_repeated', detail)] : []
  })
  const isClosed = settings.mode === 'link' && settings.matching.length === 0
  const detail = 'In mode "link" nobody is created, and without a rule nobody is linked: only linked people get in.'
  return [...repeated, ...(isClosed ? [settingsWarning('matching', 'nobody_can_link', detail)] : [])]
}
