import { isActive } from './facts.ts'
import type { Snapshot, UserState } from './types.ts'

/** What is taken from a user: values of this connection's source. */
export interface Taken {
  readonly source: string
  readonly groups: readonly string[]
  readonly roles: readonly string[]
}

function keeps(holding: { readonly sources: readonly { readonly source: string }[] }, taken: boolean, source: string) {
  return !taken || holding.sources.some((entry) => entry.source !== source)
}

/** The privileged roles that a user still has when values of one source are taken: by grants or through groups. */
function rolesAfter(user: UserState, snapshot: Snapshot, taken: Taken): ReadonlySet<string> {
  const grants = user.grants
    .filter((grant) => keeps(grant, taken.roles.includes(grant.role), taken.source))
    .map(({ role }) => role)
  const memberships = user.memberships.filter((membership) =>
    keeps(membership, taken.groups.includes(membership.group), taken.source),
  )
  const carried = memberships.flatMap(
    ({ group }) => snapshot.groups.find(({ id }) => id === group)?.privilegedRoles ?? [],
  )
  return new Set([...grants, ...carried])
}

/**
 * The privileged role that would lose its last active holder; undefined if none would. A user who is made active by
 * this very login is not among the holders that were counted.
 */
export function roleWithoutHolder(user: UserState, snapshot: Snapshot, taken: Taken): string | undefined {
  const before = rolesAfter(user, snapshot, { source: taken.source, groups: [], roles: [] })
  const after = rolesAfter(user, snapshot, taken)
  const counted = isActive(user) ? 1 : 0
  return user.privilegedRoles.find((role) => {
    if (!before.has(role) || after.has(role)) return false
    const holders = snapshot.privilegedHolders.find((entry) => entry.role === role)?.active ?? counted
    return holders - counted <= 0
  })
}
