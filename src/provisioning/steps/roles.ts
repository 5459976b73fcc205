import { existingUser, type Facts, isCreation, provisions, type Step } from '../facts.ts'
import { grantRules } from '../grant-rules.ts'
import { describeMatches, diffGrants, listNames, wishGrants } from '../grants.ts'
import { roleWithoutHolder } from '../last-holder.ts'
import type { Warning } from '../types.ts'

/** Removals that leave every privileged role an active holder, and those that would not. */
function guardRemovals(
  facts: Facts,
  wanted: readonly string[],
): { remove: readonly string[]; kept: readonly string[] } {
  const { groups, snapshot, source } = facts
  const user = existingUser(facts)
  const remove: string[] = []
  const kept: string[] = []
  for (const role of wanted) {
    const taken = { source, groups: groups.remove, roles: [...remove, role] }
    if (user !== null && roleWithoutHolder(user, snapshot, taken) !== undefined) kept.push(role)
    else remove.push(role)
  }
  return { remove, kept }
}

/**
 * The organization's default role is what everybody has; that there is none concerns a new user, and every login of a
 * user who has no other role.
 */
function lacksDefaultRole(facts: Facts, added: readonly string[]): boolean {
  if (facts.snapshot.organization.defaultRole !== null) return false
  const user = existingUser(facts)
  if (user === null) return isCreation(facts)
  const carried = facts.snapshot.roles.some(({ groups }) => groups.some((group) => user.allGroups.includes(group)))
  return added.length === 0 && user.grants.length === 0 && !carried
}

function warning(code: Warning['code'], names: readonly string[], sentence: string): readonly Warning[] {
  return names.length === 0 ? [] : [{ code, detail: `${sentence}: ${listNames(names)}.` }]
}

function invitationRoles({ invitation, snapshot }: Facts): { known: readonly string[]; unknown: readonly string[] } {
  const names = invitation?.roles ?? []
  const exists = (name: string) => snapshot.roles.some((role) => role.name === name)
  return { known: names.filter(exists), unknown: names.filter((name) => !exists(name)) }
}

/** Roles: this connection's own, as the settings and the claim have them; nobody else's are touched. */
export const rolesStep: Step = {
  name: 'roles',
  run(facts) {
    const { roleValues, settings, snapshot, source } = facts
    if (!provisions(facts)) return { result: 'skip', detail: 'The connection writes nothing.' }
    const rules = grantRules(settings.roles, 'role')
    const targets = snapshot.roles.map(({ name, displayName, privileged }) => ({
      id: name,
      name: displayName,
      privileged,
    }))
    const wish = wishGrants(rules, roleValues, targets)
    const given = (existingUser(facts)?.grants ?? [])
      .filter(({ sources }) => sources.some((entry) => entry.source === source))
      .map(({ role }) => role)
    const { add, remove: wanted } = diffGrants(wish, given)
    const { remove, kept } = guardRemovals(facts, wanted)
    const invited = invitationRoles(facts)
    const warnings: Warning[] = [
      ...warning('role_unmapped', [...wish.unmapped, ...invited.unknown], 'Values that lead to no role'),
      ...warning('role_grant_blocked', wish.blocked, 'Privileged roles that this connection may not give'),
      ...warning('last_admin_kept', kept, 'Roles whose last active holder this is'),
    ]
    if (lacksDefaultRole(facts, [...add, ...invited.known])) {
      warnings.push({ code: 'default_role_missing', detail: 'The organization has no default role.' })
    }
    const sentence =
      rules.mode === 'none'
        ? 'The connection gives no roles.'
        : `Mode ${rules.mode}: ${add.length} roles are given, ${remove.length} are taken.`
    return {
      result: rules.mode === 'none' ? 'skip' : 'pass',
      detail: [sentence, ...describeMatches(wish), ...warnings.map(({ detail }) => detail)].join(' '),
      facts: {
        roles: { add, remove, held: [], told: true },
        ...(facts.invitation === null ? {} : { invitation: { id: facts.invitation.id, roles: invited.known } }),
      },
      warnings,
    }
  },
}
