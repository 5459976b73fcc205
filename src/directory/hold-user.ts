/** Writes of users that no SCIM operation expresses: holds, and links that change nothing anybody sees. */
import type { HoldDocument, UserDocument } from '../store/documents.ts'
import { composeUser } from './compose.ts'
import type { LoginEffects } from './effects.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { isActive } from './holds.ts'
import { patchBody } from './record-form.ts'
import { shadowValues } from './sources.ts'
import { mergeProven, partsOf, union, writerOf } from './user-parts.ts'
import type { Workspace } from './workspace.ts'

/**
 * Plans the user with other holds: for the life cycle by hand and for jobs. Gives whether anything changes.
 */
export async function writeHolds(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  before: UserDocument,
  holds: readonly HoldDocument[],
  action: string,
): Promise<boolean> {
  if (holds === before.holds) return false
  const after = composeUser(environment.userType, {
    ...partsOf(environment, before),
    holds,
    version: before.version + 1,
    lastModified: workspace.context.now,
  })
  workspace.users.set(before._id, { before: workspace.users.get(before._id)?.before ?? before, after })
  workspace.record('User', before._id, after.version, action, [
    {
      method: 'PATCH',
      path: `/Users/${before._id}`,
      data: patchBody([{ op: 'replace', path: 'active', value: isActive(holds) }]),
    },
  ])
  return true
}

/**
 * Plans a link to a user about whom nothing changes that anybody sees. The user is written all the same, by version: a
 * link must not slip past somebody who deactivates the user at the same moment.
 */
export function linkUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  before: UserDocument,
  effects: LoginEffects,
): void {
  const parts = partsOf(environment, before)
  const after = composeUser(environment.userType, {
    ...parts,
    sources: shadowValues(parts.sources, effects.shadowed, writerOf(workspace)),
    provenEmails: mergeProven(parts.provenEmails, effects.provenEmails),
    links: union(parts.links, effects.linked ? [workspace.source] : []),
  })
  workspace.users.set(before._id, { before, after })
}
