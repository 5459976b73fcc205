/**
 * What a login gives and takes of groups and roles. Both follow the same rules: this connection's own set, plus and
 * minus only what it gave itself; what a target means (privileged or not, there or not) is told by the caller.
 */
import type { ValuesReading } from './claims.ts'
import type { GrantRules, MappingRule } from './grant-rules.ts'
import { compilePattern, matchesCompiled } from './pattern.ts'

export interface GrantTarget {
  readonly id: string
  /** A claim value may say either, where the settings allow the target. */
  readonly name: string
  readonly privileged: boolean
}

export interface GrantWish {
  /** What the connection gives by this login. */
  readonly give: readonly string[]
  /** Whether everything else that this connection gave is taken. */
  readonly takes: boolean
  /** Targets that the login named and the connection may not give. */
  readonly blocked: readonly string[]
  /** Values of the claim, and targets of the settings, that lead nowhere. */
  readonly unmapped: readonly string[]
  /** Which rule led each value to which target that exists, in words. */
  readonly matched: readonly string[]
}

interface Named {
  readonly id: string
  readonly allowPrivileged: boolean
  /** The rule in words. */
  readonly because: string
}

/** What a value leads to, by whichever rule. */
type Naming = (value: string) => readonly Named[]

/** Whether a mapping is for a value: exactly, by how it begins, or by the whole of it matching a pattern. */
export function selectorOf({ by, text }: Pick<MappingRule, 'by' | 'text'>): (value: string) => boolean {
  if (by === 'value') return (value) => value === text
  if (by === 'prefix') return (value) => value.startsWith(text)
  const pattern = compilePattern(text)
  return 'problem' in pattern ? () => false : (value) => matchesCompiled(pattern, value)
}

/** Prepares the rules for any number of values: patterns are read once, and equal values are found at once. */
function namingBy(rules: GrantRules, targets: readonly GrantTarget[]): Naming {
  const exact = Map.groupBy(
    rules.mapping.filter(({ by }) => by === 'value'),
    ({ text }) => text,
  )
  const broad = rules.mapping.filter(({ by }) => by !== 'value').map((rule) => ({ rule, selects: selectorOf(rule) }))
  const allowed = targets.filter(({ id }) => rules.allow.includes(id))
  return (value) => [
    ...[...(exact.get(value) ?? []), ...broad.flatMap(({ rule, selects }) => (selects(value) ? rule : []))].map(
      ({ target, allowPrivileged, by, text }) => ({
        id: target,
        allowPrivileged,
        because: `${by} ${JSON.stringify(text)}`,
      }),
    ),
    ...allowed
      .filter(({ id, name }) => id === value || name === value)
      .map(({ id }) => ({ id, allowPrivileged: false, because: 'allow' })),
  ]
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
  if (rules.mode === 'none') return { give: [], takes: false, blocked: [], unmapped: [], matched: [] }
  const known = new Map(targets.map((target) => [target.id, target]))
  const followed = rules.mode === 'assign' ? [] : followedValues(values, rules)
  const unmapped: string[] = []
  const matched: string[] = []
  const named: Pick<Named, 'id' | 'allowPrivileged'>[] = rules.assign.map(({ target, allowPrivileged }) => ({
    id: target,
    allowPrivileged,
  }))
  const naming = namingBy(rules, targets)
  for (const value of followed ?? []) {
    const found = naming(value)
    if (found.length === 0) unmapped.push(value)
    named.push(...found)
    for (const { id, because } of found) {
      const target = known.get(id)
      if (target !== undefined) matched.push(`${value.slice(0, 100)} → ${target.name} (${because})`)
    }
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
    matched,
  }
}

/**
 * The difference to what this connection gave before, by whichever version of its settings: a target that a mapping has
 * led to once and does not any more is taken as well.
 */
export function diffGrants(
  wish: GrantWish,
  given: readonly string[],
): { readonly add: readonly string[]; readonly remove: readonly string[] } {
  const remove = wish.takes ? given.filter((id) => !wish.give.includes(id)) : []
  return { add: wish.give.filter((id) => !given.includes(id)), remove: remove.toSorted() }
}

const MAX_LISTED = 20

/** A list of names within a sentence, of bounded length. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).map((name) => JSON.stringify(name.slice(0, 100)))
  return names.length > MAX_LISTED ? `${shown.join(', ')} and ${names.length - MAX_LISTED} more` : shown.join(', ')
}

/** For the record: every rule that a value met, and where it led. */
export function describeMatches({ matched }: GrantWish): readonly string[] {
  if (matched.length === 0) return []
  const shown = matched.slice(0, MAX_LISTED).join('; ')
  return [matched.length > MAX_LISTED ? `${shown} and ${matched.length - MAX_LISTED} more.` : `${shown}.`]
}
