/** The settings of groups and of roles have one shape; this is what both say once they are read. */
import type { GroupSettings, RoleSettings } from './settings.ts'

export interface GrantRule {
  readonly target: string
  readonly allowPrivileged: boolean
}

export interface GrantRules {
  readonly mode: 'none' | 'assign' | 'append' | 'sync'
  /** The claim to read; null when no rule depends on one. */
  readonly claim: string | null
  readonly assign: readonly GrantRule[]
  readonly mapping: readonly (GrantRule & { readonly value: string })[]
  readonly allow: readonly string[]
  readonly onMissing: 'keep' | 'clear'
  /** Everything that the settings name: what a sync may remove, and what must be looked up. */
  readonly targets: readonly string[]
}

type Entry = { readonly allowPrivileged?: boolean | undefined; readonly group?: string; readonly role?: string }

function ruleOf(entry: string | Entry): GrantRule {
  if (typeof entry === 'string') return { target: entry, allowPrivileged: false }
  return { target: entry.group ?? entry.role ?? '', allowPrivileged: entry.allowPrivileged === true }
}

/** Reads the settings of groups or roles. Without a claim of its own a mapping reads `groups`, or `roles`. */
export function grantRules(settings: GroupSettings | RoleSettings, kind: 'group' | 'role'): GrantRules {
  const assign = (settings.assign ?? []).map(ruleOf)
  const mapping = (settings.mapping ?? []).map((entry) => ({ ...ruleOf(entry), value: entry.value }))
  const allow = settings.allow ?? []
  const reads = settings.mode === 'append' || settings.mode === 'sync'
  const depends = settings.claim !== undefined || mapping.length > 0 || allow.length > 0
  return {
    mode: settings.mode,
    claim: reads && depends ? (settings.claim ?? `${kind}s`) : null,
    assign,
    mapping,
    allow,
    onMissing: settings.onMissing ?? 'keep',
    targets: [...new Set([...assign, ...mapping].map(({ target }) => target).concat(allow))],
  }
}
