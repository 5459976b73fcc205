/** What a write means for the grants of a user: a source gives and takes away only its own. */
import type { Source } from '../context.ts'
import type { JsonObject } from '../schema/types.ts'
import type { GrantDocument, UserDocument } from '../store/documents.ts'
import type { LoginEffects } from './effects.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { effectiveRoles } from './roles.ts'
import { addGrant, entryOf, removeGrant } from './sources.ts'
import { writerOf } from './user-parts.ts'
import type { Workspace } from './workspace.ts'

/**
 * The grants after a write. Values that are there by others become the writer's only if it named them; values that the
 * writer gave and no longer lists go.
 */
export async function nextGrants(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  stored: UserDocument | null,
  grants: readonly GrantDocument[],
  roles: readonly JsonObject[] | undefined,
  named: ReadonlySet<string>,
  effects: LoginEffects | null,
): Promise<readonly GrantDocument[]> {
  const writer = writerOf(workspace)
  let next = grants
  if (roles !== undefined) {
    const wanted = roleValues(roles)
    for (const { role } of grants) if (!wanted.has(role)) next = removeGrant(next, role, writer.source)
    const fresh = roles.filter((role) => !isOwn(grants, role, writer.source))
    const shown =
      stored === null || fresh.length === 0
        ? new Set<string>()
        : roleValues(await effectiveRoles(environment, workspace.context, stored))
    for (const role of fresh) {
      const value = String(role.value)
      if (shown.has(value) && !named.has(value) && !hasOwn(grants, value, writer.source)) continue
      next = addGrant(next, value, { ...entryOf(writer), ...roleDetails(role) })
    }
  }
  for (const grant of effects?.invitationRoles ?? []) {
    next = addGrant(next, grant.role, { ...entryOf(writer), source: grant.source })
  }
  return next
}

/** Whether this source gave the role already, with these details. A display that was filled in by us is no detail. */
function isOwn(grants: readonly GrantDocument[], role: JsonObject, source: Source): boolean {
  const own = grants.find((grant) => grant.role === role.value)?.sources.find((entry) => entry.source === source)
  if (own === undefined) return false
  const details = roleDetails(role)
  return (
    own.type === details.type &&
    own.primary === details.primary &&
    (own.display === undefined || own.display === details.display)
  )
}

function hasOwn(grants: readonly GrantDocument[], role: string, source: Source): boolean {
  return grants.some((grant) => grant.role === role && grant.sources.some((entry) => entry.source === source))
}

export function roleValues(roles: readonly JsonObject[]): ReadonlySet<string> {
  return new Set(roles.map((role) => String(role.value)))
}

function roleDetails(role: JsonObject): { display?: string; type?: string; primary?: boolean } {
  return {
    ...(typeof role.display === 'string' ? { display: role.display } : {}),
    ...(typeof role.type === 'string' ? { type: role.type } : {}),
    ...(typeof role.primary === 'boolean' ? { primary: role.primary } : {}),
  }
}
