/** The settings of groups and of roles have one shape; this is what both say once they are read. */
import type { GroupSettings, RoleSettings } from './settings.ts'

export interface GrantRule {
  readonly target: string
  readonly allowPrivileged: boolean
}

/** How a mapping tells the values that it is for. */
export type SelectorKind = 'value' | 'prefix' | 'pattern'

export interface MappingRule extends GrantRule {
  readonly by: SelectorKind
  readonly text: string
}

export interface GrantRules {
  readonly mode: 'none' | 'assign' | 'append' | 'sync'
  /** The claim to read, or an expression of claims; null when no rule depends on one. */
  readonly reads: { readonly claim: string } | { readonly expression: string } | null
  readonly assign: readonly GrantRule[]
  readonly mapping: readonly MappingRule[]
  readonly allow: readonly string[]
  readonly onMissing: 'keep' | 'clear'
  /** Everything that the settings name, which must be looked up. */
  readonly targets: readonly string[]
}

type Entry = { readonly allowPrivileged?: boolean | undefined; readonly group?: string; readonly role?: string }
type MappingEntry = Entry & { readonly [By in SelectorKind]?: string | undefined }

function ruleOf(entry: string | Entry): GrantRule {
  if (typeof entry === 'string') return { target: entry, allowPrivileged: false }
  return { target: entry.group ?? entry.role ?? '', allowPrivileged: entry.allowPrivileged === true }
}

/** An entry of `mapping` as a rule: the schema saw to it that it has one of the three selectors. */
export function mappingRuleOf(entry: MappingEntry): MappingRule {
  const { value, prefix, pattern } = entry
  if (prefix !== undefined) return { ...ruleOf(entry), by: 'prefix', text: prefix }
  if (pattern !== undefined) return { ...ruleOf(entry), by: 'pattern', text: pattern }
  return { ...ruleOf(entry), by: 'value', text: value ?? '' }
}

/** Reads the settings of groups or roles. Without a claim of its own a mapping reads `groups`, or `roles`. */
export function grantRules(settings: GroupSettings | RoleSettings, kind: 'group' | 'role'): GrantRules {
  const assign = (settings.assign ?? []).map(ruleOf)
  const mapping = (settings.mapping ?? []).map(mappingRuleOf)
  const allow = settings.allow ?? []
  const reads = settings.mode === 'append' || settings.mode === 'sync'
  const { claim = `${kind}s`, expression } = settings
  const depends = settings.claim !== undefined || expression !== undefined || mapping.length > 0 || allow.length > 0
  return {
    mode: settings.mode,
    reads: !reads || !depends ? null : expression === undefined ? { claim } : { expression },
    assign,
    mapping,
    allow,
    onMissing: settings.onMissing ?? 'keep',
    targets: [...new Set([...assign, ...mapping].map(({ target }) => target).concat(allow))],
  }
}
