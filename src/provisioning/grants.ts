/**
 * What a login gives and takes of groups and roles. Both follow the same rules: this connection's own set, plus and
 * minus only what it gave itself; what a target means (privileged or not, there or not) is told by the caller.
 */
import type { ValuesReading } from './claims.ts'
import type { GrantRules } from './grant-rules.ts'

export interface GrantTarget {
  readonly id: string
  /** A claim value may say either, where the settings allow the target. */
  readonly name: string
  readonly privileged: boolean
}

export interface GrantWish {
  /** What the connection gives by this login. */
  readonly give: readonly string[]
  /** Whether everything else of the settings' targets that this connection gave is taken. */
  readonly takes: boolean
  /** Targets that the login named and the connection may not give. */
  readonly blocked: readonly string[]
  /** Values of the claim, and targets of the settings, that lead nowhere. */
  readonly unmapped: readonly string[]
}

interface Named {
  readonly id: string
  readonly allowPrivileged: boolean
}

function namedBy(value: string, rules: GrantRules, targets: readonly GrantTarget[]): readonly Named[] {
  const mapped = rules.mapping
    .filter((rule) => rule.value === value)
    .map(({ target, allowPrivileged }) => ({ id: target, allowPrivileged }))
  const allowed = targets
    .filter(({ id, name }) => rules.allow.includes(id) && (id === value || name === value))
    .map(({ id }) => ({ id, allowPrivileged: false }))
  return [...mapped, ...allowed]
}

/** The values to follow: none where the claim says nothing that could be followed. */
function followedValues(values: ValuesReading | null, rules: GrantRules): readonly string[] | null {
  if (values === null) return []
  if (values.kind === 'values') return values.values
  return values.kind === 'absent' && rules.onMissing === 'clear' ? [] : null
}

/**
 * Works out what the settings and the claim name. All mappings that apply count, not the first; a value without a
 * mapping gives nothing. A privileged target needs a rule that says `allowPrivileged`. A claim that is missing (unless
 * `onMissing` is `clear`), cut off or malformed takes nothing away.
 */
export function wishGrants(
  rules: GrantRules,
  values: ValuesReading | null,
  targets: readonly GrantTarget[],
): GrantWish {
  if (rules.mode === 'none') return { give: [], takes: false, blocked: [], unmapped: [] }
  const known = new Map(targets.map((target) => [target.id, target]))
  const followed = rules.mode === 'assign' ? [] : followedValues(values, rules)
  const unmapped: string[] = []
  const named: Named[] = rules.assign.map(({ target, allowPrivileged }) => ({ id: target, allowPrivileged }))
  for (const value of followed ?? []) {
    const found = namedBy(value, rules, targets)
    if (found.length === 0) unmapped.push(value)
    named.push(...found)
  }
  const give = new Set<string>()
  const blocked = new Set<string>()
  for (const { id, allowPrivileged } of named) {
    const target = known.get(id)
    if (target === undefined) unmapped.push(id)
    else if (target.privileged && !allowPrivileged) blocked.add(id)
    else give.add(id)
  }
  return {
    give: [...give].sort(),
    takes: rules.mode === 'sync' && followed !== null,
    blocked: [...blocked].filter((id) => !give.has(id)).sort(),
    unmapped: [...new Set(unmapped)],
  }
}

/**
 * The difference to what this connection gave before. Only targets that the settings still name are taken: a
 * membership that was given by a mapping which is gone stays until somebody takes it by hand.
 */
export function diffGrants(
  wish: GrantWish,
  rules: GrantRules,
  given: readonly string[],
): { readonly add: readonly string[]; readonly remove: readonly string[] } {
  const remove = wish.takes ? given.filter((id) => rules.targets.includes(id) && !wish.give.includes(id)) : []
  return { add: wish.give.filter((id) => !given.includes(id)), remove: remove.toSorted() }
}

const MAX_LISTED = 20

/** A list of names within a sentence, of bounded length. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).map((name) => JSON.stringify(name.slice(0, 100)))
  return names.length > MAX_LISTED ? `${shown.join(', ')} and ${names.length - MAX_LISTED} more` : shown.join(', ')
}
