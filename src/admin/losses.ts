import type { Decision, RoleState } from '../provisioning/types.ts'

export interface Losses {
  /** People who would lose a role, directly. */
  readonly losingRoles: number
  readonly losingGroups: number
  /** People who would lose a privileged role, or a group that carries one. */
  readonly privilegedLosses: number
}

/** Counts the people from whom decisions would take something. */
export function countLosses(decisions: readonly Decision[], roles: readonly RoleState[]): Losses {
  const privileged = roles.filter((role) => role.privileged)
  const privilegedNames = new Set(privileged.map(({ name }) => name))
  const privilegedGroups = new Set(privileged.flatMap(({ groups }) => groups))
  const losses = decisions.map((decision) => ({
    roles: taken(decision, 'roles'),
    groups: taken(decision, 'groups'),
  }))
  return {
    losingRoles: losses.filter((loss) => loss.roles.length > 0).length,
    losingGroups: losses.filter((loss) => loss.groups.length > 0).length,
    privilegedLosses: losses.filter(
      (loss) =>
        loss.roles.some((role) => privilegedNames.has(role)) ||
        loss.groups.some((group) => privilegedGroups.has(group)),
    ).length,
  }
}

function taken({ changes }: Decision, attribute: 'roles' | 'groups'): readonly string[] {
  return changes.flatMap(({ path, before, after }) => {
    if (!path.startsWith(`${attribute}[`) || after !== null || typeof before !== 'object') return []
    const value = before !== null && 'value' in before ? before.value : undefined
    return typeof value === 'string' ? [value] : []
  })
}
