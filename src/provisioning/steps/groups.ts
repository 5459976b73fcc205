import { existingUser, type Facts, provisions, type Step } from '../facts.ts'
import { grantRules } from '../grant-rules.ts'
import { describeMatches, diffGrants, listNames, wishGrants } from '../grants.ts'
import { roleWithoutHolder } from '../last-holder.ts'
import { allowedRemovals } from '../removal-share.ts'
import type { Snapshot, Warning } from '../types.ts'

/**
 * Whether one more removal would go beyond the share of the members that this connection had given when the hour
 * began. A share of zero holds every removal.
 */
function isHeld(group: string, share: number, removals: Snapshot['removals']): boolean {
  const { given, removed } = removals.find((entry) => entry.group === group) ?? { given: 0, removed: 0 }
  return removed >= allowedRemovals(given, share)
}

interface Removals {
  readonly remove: readonly string[]
  readonly held: readonly string[]
  readonly kept: readonly string[]
}

function guardRemovals(facts: Facts, wanted: readonly string[]): Removals {
  const { settings, snapshot, source } = facts
  const user = existingUser(facts)
  const remove: string[] = []
  const held: string[] = []
  const kept: string[] = []
  for (const group of wanted) {
    const groups = [...remove, group]
    if (user !== null && roleWithoutHolder(user, snapshot, { source, groups, roles: [] }) !== undefined)
      kept.push(group)
    else if (isHeld(group, settings.limits.removalShare, snapshot.removals)) held.push(group)
    else remove.push(group)
  }
  return { remove, held, kept }
}

function warning(code: Warning['code'], names: readonly string[], sentence: string): readonly Warning[] {
  return names.length === 0 ? [] : [{ code, detail: `${sentence}: ${listNames(names)}.` }]
}

/** Memberships: this connection's own, as the settings and the claim have them; nobody else's are touched. */
export const groupsStep: Step = {
  name: 'groups',
  run(facts) {
    const { groupValues, settings, snapshot, source } = facts
    if (!provisions(facts)) return { result: 'skip', detail: 'The connection writes nothing.' }
    const rules = grantRules(settings.groups, 'group')
    if (rules.mode === 'none') return { result: 'skip', detail: 'The connection gives no groups.' }
    const targets = snapshot.groups.map(({ id, display, privilegedRoles }) => ({
      id,
      name: display,
      privileged: privilegedRoles.length > 0,
    }))
    const wish = wishGrants(rules, groupValues, targets)
    const given = (existingUser(facts)?.memberships ?? [])
      .filter(({ sources }) => sources.some((entry) => entry.source === source))
      .map(({ group }) => group)
    const { add, remove: wanted } = diffGrants(wish, given)
    const { remove, held, kept } = guardRemovals(facts, wanted)
    const warnings = [
      ...warning('group_unmapped', wish.unmapped, 'Values that lead to no group'),
      ...warning('role_grant_blocked', wish.blocked, 'Groups with a privileged role that this connection may not give'),
      ...warning('last_admin_kept', kept, 'Memberships of the last active holder of a privileged role'),
      ...warning('removal_held', held, 'Removals beyond the share of this hour'),
    ]
    return {
      result: 'pass',
      detail: [
        `Mode ${rules.mode}: ${add.length} memberships are given, ${remove.length} are taken.`,
        ...describeMatches(wish),
        ...warnings.map(({ detail }) => detail),
      ].join(' '),
      facts: { groups: { add, remove, held, told: rules.mode !== 'sync' || wish.takes } },
      warnings,
    }
  },
}
