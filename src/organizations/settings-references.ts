import type { StoredJitSettings } from '../provisioning/settings.ts'
import type { SettingsReferences } from '../provisioning/settings-check.ts'
import type { RoleState } from '../provisioning/types.ts'
import { fold } from '../schema/fold.ts'
import type { Store } from '../store/store.ts'
import { readRoles } from './roles.ts'

/** What the organization has of that which these settings name: its roles, and groups by id or display name. */
export async function readReferences(
  store: Store,
  org: string,
  settings: StoredJitSettings,
): Promise<Pick<SettingsReferences, 'groups' | 'roles'>> {
  const roles = await readRoles(store, org)
  return { roles, groups: await readGroups(store, org, groupNames(settings), roles) }
}

function groupNames({ groups, neverLink }: StoredJitSettings): readonly string[] {
  const entries = [...(groups?.assign ?? []), ...(groups?.mapping ?? [])]
  const named = entries.map((entry) => (typeof entry === 'string' ? entry : entry.group))
  return [...new Set([...named, ...(groups?.allow ?? []), ...(neverLink?.groups ?? [])])]
}

async function readGroups(
  store: Store,
  org: string,
  names: readonly string[],
  roles: readonly RoleState[],
): Promise<SettingsReferences['groups']> {
  if (names.length === 0) return []
  const found = await store.groups.find(
    org,
    { $or: [{ _id: { $in: names } }, { 'search.displayName': { $in: names.map(fold) } }] },
    { projection: { 'resource.displayName': 1 } },
  )
  return found.map(({ _id: id, resource }) => ({
    id,
    displayName: String(resource.displayName ?? ''),
    privileged: roles.some((role) => role.privileged && role.groups.includes(id)),
  }))
}
