/** Mappings of groups and roles that never decide anything, or whose target is never given. */
import { type GrantRule, grantRules, type MappingRule } from '../grant-rules.ts'
import type { GroupSettings, RoleSettings } from '../settings.ts'
import { covers } from './cover.ts'
import { type SettingsWarning, settingsWarning } from './warning.ts'

/** A group or role that the organization has. */
export interface KnownTarget {
  readonly id: string
  readonly name: string
  readonly privileged: boolean
}

type Kind = 'group' | 'role'

export function lintGrants(
  block: GroupSettings | RoleSettings,
  kind: Kind,
  known: readonly KnownTarget[],
): readonly SettingsWarning[] {
  const targets = new Map(known.map((target) => [target.id, target]))
  const { assign, mapping } = grantRules(block, kind)
  const name = `${kind}s`
  return [
    ...lintMode(block, name),
    ...assign.flatMap((rule, index) => lintTarget(rule, `${name}.assign.${index}`, targets)),
    ...mapping.flatMap((rule, index) => [
      ...lintTarget(rule, `${name}.mapping.${index}`, targets),
      ...lintBreadth(rule, `${name}.mapping.${index}`, targets),
      ...lintCover(rule, index, mapping, name),
    ]),
    ...(block.allow ?? []).flatMap((target, index) =>
      lintTarget({ target, allowPrivileged: false }, `${name}.allow.${index}`, targets),
    ),
  ]
}

/** Members that the mode does not look at. */
function lintMode(block: GroupSettings | RoleSettings, name: string): readonly SettingsWarning[] {
  const { mode } = block
  const given = (['claim', 'expression', 'assign', 'mapping', 'allow', 'onMissing'] as const).filter((member) => {
    const value = block[member]
    return value !== undefined && !(Array.isArray(value) && value.length === 0) && value !== 'keep'
  })
  const unused = given.filter((member) => {
    if (mode === 'none') return true
    if (mode === 'assign') return member !== 'assign'
    return mode === 'append' && member === 'onMissing'
  })
  const warnings = unused.map((member) =>
    settingsWarning(`${name}.${member}`, 'mapping_without_effect', `The mode "${mode}" does not look at it.`),
  )
  const reads = mode === 'append' || mode === 'sync'
  const leads = given.includes('mapping') || given.includes('allow')
  if (!reads || leads) return warnings
  const detail = 'Without "mapping" and "allow" no value of the claim gives anything.'
  return [...warnings, settingsWarning(`${name}.mode`, 'values_lead_nowhere', detail)]
}

function lintTarget(
  { target, allowPrivileged }: GrantRule,
  path: string,
  targets: ReadonlyMap<string, KnownTarget>,
): readonly SettingsWarning[] {
  const found = targets.get(target)
  if (found === undefined) {
    return [settingsWarning(path, 'target_missing', `"${target}" is not there any more: nothing is given.`)]
  }
  if (!found.privileged || allowPrivileged) return []
  const detail = `"${found.name}" is privileged and the entry does not say "allowPrivileged": it is never given.`
  return [settingsWarning(path, 'privileged_target_blocked', detail)]
}

/** Whoever may choose names at the provider may choose one that a prefix or a pattern takes in. */
function lintBreadth(
  { by, target, allowPrivileged }: MappingRule,
  path: string,
  targets: ReadonlyMap<string, KnownTarget>,
): readonly SettingsWarning[] {
  if (by === 'value' || !allowPrivileged || targets.get(target)?.privileged !== true) return []
  const detail = 'Everybody who may name a group at the provider can choose a name that leads to privileged roles.'
  return [settingsWarning(path, 'privileged_by_pattern', detail)]
}

/** All mappings that fit apply, so one with the target of another is only of use for other values. */
function lintCover(
  rule: MappingRule,
  index: number,
  mapping: readonly MappingRule[],
  name: string,
): readonly SettingsWarning[] {
  const by = mapping.findIndex((other, at) => at !== index && covers(other, rule, at < index))
  if (by < 0) return []
  const detail = `Every value that it takes in leads there by ${name}.mapping.${by} already.`
  return [settingsWarning(`${name}.mapping.${index}`, 'mapping_covered', detail)]
}
