/** Writes of users that no SCIM operation expresses: holds, and what a login brings besides its operations. */
import type { HoldDocument, UserDocument } from '../store/documents.ts'
import { composeUser } from './compose.ts'
import type { LoginEffects } from './effects.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { isActive } from './holds.ts'
import { patchBody } from './record-form.ts'
import { attributesOf, partsOf, union } from './user-parts.ts'
import type { Workspace } from './workspace.ts'
import { writeUser } from './write-user.ts'

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
 * Plans what a login means for its user beyond operations: a link, a proof, a shadow, the roles of an invitation. The
 * user is written even if nothing of it changes: a link must not slip past somebody who deactivates the user at the
 * same moment.
 */
export async function linkUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  before: UserDocument,
  effects: LoginEffects,
): Promise<void> {
  const attributes = attributesOf(environment, before)
  const written = { attributes, externalId: undefined, roles: undefined, active: undefined }
  const intent = { action: 'patch' as const, named: () => false, namedRoles: new Set<string>() }
  await writeUser(environment, workspace, before, written, intent, effects)
  if (!workspace.users.has(before._id)) workspace.users.set(before._id, { before, after: before })
}

/** Plans that a connection has no say any more about a user whose link to it is cut. What it gave stays. */
export function unlinkUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  user: UserDocument,
  connection: string,
): void {
  const draft = workspace.users.get(user._id)
  const present = draft === undefined ? user : draft.after
  if (present === null) return
  const parts = partsOf(environment, present)
  const links = parts.links.filter((source) => source !== `login:${connection}`)
  const after = composeUser(environment.userType, { ...parts, links })
  workspace.users.set(user._id, { before: draft === undefined ? user : draft.before, after })
}

/** Plans that a connection has a say about a user from now on, because an administrator links the user to a subject of it. */
export function linkConnection(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  user: UserDocument,
  connection: string,
): void {
  const parts = partsOf(environment, user)
  const links = union(parts.links, [`login:${connection}` as const])
  const after = composeUser(environment.userType, { ...parts, links })
  workspace.users.set(user._id, { before: workspace.users.get(user._id)?.before ?? user, after })
}
