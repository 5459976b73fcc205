/** What becomes of a connection's users when the connection goes. Users with another source are only unlinked. */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { IdentityDocument, UserDocument } from '../store/documents.ts'
import { repeatOnConflict } from './apply.ts'
import { commit } from './commit.ts'
import { recordDepartures } from './departures.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { unlinkUser, writeHolds } from './hold-user.ts'
import { place } from './holds.ts'
import { closeLink } from './links.ts'
import { removeUser } from './plan-user.ts'
import { guardLastHolders } from './privilege.ts'
import { Workspace } from './workspace.ts'

export interface DeletionImpact {
  /** Users that would stay as they are, be deactivated, or be deleted, by choice. */
  readonly keep: number
  readonly deactivate: number
  readonly delete: number
  /** Users with another source, which are only unlinked whatever the choice. */
  readonly unlinked: number
}

export async function readDeletionImpact(
  environment: DirectoryEnvironment,
  context: RequestContext,
  connection: string,
): Promise<DeletionImpact> {
  let sole = 0
  let total = 0
  for await (const { user } of environment.store.identities.stream(context.organization.id, { connection })) {
    const document = await environment.store.users.findOne(context.organization.id, { _id: user })
    if (document === null) continue
    total += 1
    if (!hasOtherSource(document, connection)) sole += 1
  }
  return { keep: total, deactivate: sole, delete: sole, unlinked: total - sole }
}

export async function releaseConnection(
  environment: DirectoryEnvironment,
  context: RequestContext,
  connection: string,
  choice: 'keep' | 'deactivate' | 'delete',
  limit: number,
): Promise<number> {
  const { store } = environment
  const org = context.organization.id
  const identities = await store.identities.find(org, { connection }, { sort: { _id: 1 }, limit })
  for (const identity of identities) {
    try {
      await releaseOne(environment, context, identity, choice)
    } catch (error) {
      if (!(error instanceof UsherError) || error.code !== 'last_admin_kept') throw error
      // Nobody is left without the last holder of a privileged role: such a user is only unlinked.
      await releaseOne(environment, context, identity, 'keep')
    }
  }
  return store.identities.count(org, { connection })
}

async function releaseOne(
  environment: DirectoryEnvironment,
  context: RequestContext,
  identity: IdentityDocument,
  choice: 'keep' | 'deactivate' | 'delete',
): Promise<void> {
  await repeatOnConflict(environment, async () => {
    const { user, connection } = identity
    const document = await environment.store.users.findOne(context.organization.id, { _id: user })
    const workspace = new Workspace(context)
    if (document !== null) await releaseUser(environment, workspace, document, connection, choice)
    if (document === null || workspace.departed.has(user)) workspace.severed.push(identity._id)
    else closeLink(workspace, identity, 'connection_deleted', false)
    await guardLastHolders(environment, workspace)
    await commit(environment, workspace, null)
  })
}

async function releaseUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  user: UserDocument,
  connection: string,
  choice: 'keep' | 'deactivate' | 'delete',
): Promise<void> {
  const sole = !hasOtherSource(user, connection)
  if (sole && choice === 'delete') {
    await removeUser(environment, workspace, user)
    return recordDepartures(environment, workspace)
  }
  if (sole && choice === 'deactivate') {
    const { source, now: at } = workspace.context
    const holds = place(user.holds, { kind: 'deactivated', source, at })
    await writeHolds(environment, workspace, user, holds, 'deactivate')
  }
  unlinkUser(environment, workspace, user, connection)
}

/** Whether anybody but this connection (and the invitation that let the person in) gave the user something. */
function hasOtherSource(user: UserDocument, connection: string): boolean {
  return user.managedBy.some((source) => source !== `login:${connection}` && !source.startsWith('invitation:'))
}
