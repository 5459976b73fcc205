/** A connection that is deleted admits nobody from that moment; what becomes of its users is left to a job. */
import type { OrganizationRef } from '../context.ts'
import { findConnection } from './connections.ts'
import type { OrganizationContext, OrganizationsEnvironment } from './environment.ts'
import { type JobWork, startJob } from './jobs.ts'
import { notFound } from './refusals.ts'

/** What becomes of the users of a connection that is deleted. */
export type UserChoice = 'keep' | 'deactivate' | 'delete'

/** Releases up to `limit` users of a connection and gives how many are left: the directory's part of the deletion. */
export type ReleaseUsers = (
  organization: OrganizationRef,
  work: { readonly job: string; readonly connection: string; readonly choice: UserChoice; readonly limit: number },
) => Promise<number>

const batch = 100

/**
 * Marks a connection as being deleted, which ends its logins at once, and leaves the rest to a job.
 * @throws UsherError `not_found`
 */
export async function deleteConnection(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  id: string,
  choice: UserChoice,
): Promise<{ readonly job: string }> {
  const { store } = environment
  const org = context.organization.id
  const connection = await findConnection(environment, org, id)
  const total = await store.identities.count(org, { connection: id })
  return store.transaction(async (session) => {
    // The name is free from now on.
    const fields = { deleting: true, enabled: false, name: `${connection.name} (deleted ${id})` }
    const marked = await store.connections.updateOne(
      org,
      { _id: id, deleting: false },
      { $set: fields, $inc: { version: 1 } },
      session,
    )
    if (!marked) throw notFound('connection')
    return startJob(
      environment,
      context,
      { kind: 'delete-connection', input: { connection: id, choice }, total },
      session,
    )
  })
}

/** The steps of the deletion: users first, and the connection itself in the last one. */
export function connectionDeletion(environment: OrganizationsEnvironment, release: ReleaseUsers): JobWork {
  return async (organization, { id: job, input, progress }) => {
    const connection = String(input.connection)
    const left = await release(organization, { job, connection, choice: input.choice as UserChoice, limit: batch })
    if (left === 0) await removeConnection(environment, organization.id, connection)
    return { finished: left === 0, done: Math.max(0, progress.total - left) }
  }
}

async function removeConnection({ store }: OrganizationsEnvironment, org: string, id: string): Promise<void> {
  await store.loginTransactions.deleteMany(org, { connection: id })
  await store.jitVersions.deleteMany(org, { connection: id })
  await store.inbox.deleteMany(org, { connection: id })
  await store.connections.deleteOne(org, { _id: id })
}
