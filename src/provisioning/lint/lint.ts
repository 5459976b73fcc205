import type { ResourceType } from '../../schema/types.ts'
import { effectiveSettings, type JitDefaults, type StoredJitSettings } from '../settings.ts'
import type { RoleState } from '../types.ts'
import { lintAttributes } from './attributes.ts'
import { lintConditions, lintMatching } from './conditions.ts'
import { lintGrants } from './grants.ts'
import type { SettingsWarning } from './warning.ts'

export type { SettingsWarning, SettingsWarningCode } from './warning.ts'

export interface LintReferences {
  /** The resource type of users. */
  readonly type: ResourceType
  /** Those that the settings name. */
  readonly groups: readonly { readonly id: string; readonly displayName: string; readonly privileged: boolean }[]
  readonly roles: readonly RoleState[]
}

/**
 * What settings that may be saved say without effect, or with one that nobody can mean: each with the path of the member
 * and a sentence. Takes what was set explicitly, with groups by id. The defaults are free of warnings; never throws.
 */
export function lintSettings(
  stored: StoredJitSettings,
  defaults: JitDefaults,
  { type, groups, roles }: LintReferences,
): readonly SettingsWarning[] {
  const settings = effectiveSettings(stored, defaults)
  const knownGroups = groups.map(({ id, displayName, privileged }) => ({ id, name: displayName, privileged }))
  const knownRoles = roles.map(({ name, privileged }) => ({ id: name, name, privileged }))
  return [
    ...lintConditions(settings.claimFilter),
    ...lintMatching(stored, settings),
    ...lintAttributes(type, settings),
    ...lintGrants(settings.groups, 'group', knownGroups),
    ...lintGrants(settings.roles, 'role', knownRoles),
  ]
}
