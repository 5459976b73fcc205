/** What settings say that is allowed and has no effect, or another one than is probably meant. */
export type SettingsWarningCode =
  | 'condition_never_holds'
  | 'condition_repeated'
  | 'rule_repeated'
  | 'nobody_can_link'
  | 'targets_overlap'
  | 'sync_without_effect'
  | 'authority_without_effect'
  | 'on_missing_without_effect'
  | 'never_written'
  | 'locked_by_others_authority'
  | 'constant_expression'
  | 'user_name_constant'
  | 'required_never_given'
  | 'mapping_covered'
  | 'mapping_without_effect'
  | 'values_lead_nowhere'
  | 'privileged_target_blocked'
  | 'privileged_by_pattern'
  | 'target_missing'

export interface SettingsWarning {
  /** Within the settings, as in the errors of a save: `groups.mapping.2`. */
  readonly path: string
  readonly code: SettingsWarningCode
  readonly detail: string
}

export function settingsWarning(path: string, code: SettingsWarningCode, detail: string): SettingsWarning {
  return { path, code, detail }
}
