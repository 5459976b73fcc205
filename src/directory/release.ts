/** What becomes of a connection's users when the connection goes. Users with another source are only unlinked. */
import type { RequestContext } from '../context.ts'
import type { UserDocument } from '../store/documents.ts'
import { repeatOnConflict } from './apply.ts'
import { commit } from './commit.ts'
import { recordDepartures } from './departures.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { writeHolds } from './hold-user.ts'
import { place } from './holds.ts'
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
  for (const { _id, user } of identities) {
    await repeatOnConflict(async () => {
      const document = await store.users.findOne(org, { _id: user })
      const workspace = new Workspace(context)
      if (document !== null && choice !== 'keep' && !hasOtherSource(document, connection)) {
        if (choice === 'delete') await removeUser(environment, workspace, document)
        else {
          const hold = { kind: 'deactivated' as const, source: context.source, at: context.now }
          await writeHolds(environment, workspace, document, place(document.holds, hold), 'deactivate')
        }
        await recordDepartures(environment, workspace)
        if (!workspace.isEmpty) {
          await guardLastHolders(environment, workspace)
          await commit(environment, workspace, null)
        }
      }
      await store.identities.deleteOne(org, { _id })
    })
  }
  return store.identities.count(org, { connection })
}

/** Whether anybody but this connection (and the invitation that let the person in) gave the user something. */
function hasOtherSource(user: UserDocument, connection: string): boolean {
  return user.managedBy.some((source) => source !== `login:${connection}` && !source.startsWith('invitation:'))
}
