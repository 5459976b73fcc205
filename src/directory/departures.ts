/** A member that goes away changes every group it was in: each of them gets its change record. */
import type { DirectoryEnvironment } from './environment.ts'
import { memberOperations } from './member-changes.ts'
import type { Workspace } from './workspace.ts'

export async function recordDepartures(environment: DirectoryEnvironment, workspace: Workspace): Promise<void> {
  const gone = [...workspace.departed, ...workspace.dissolved]
  if (gone.length === 0) return
  const edges = await environment.store.memberships.find(
    workspace.context.organization.id,
    { member: { $in: gone } },
    { projection: { _id: 0, group: 1, member: 1 } },
  )
  for (const { group, member } of edges) {
    if (workspace.dissolved.has(group)) continue
    workspace.record('Group', group, null, 'patch', [
      {
        method: 'PATCH',
        path: `/Groups/${group}`,
        data: {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: memberOperations({ added: [], removed: [member] }),
        },
      },
    ])
  }
}
