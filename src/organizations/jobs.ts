/** Work that is too long for one request. A job can be taken up again by any process at any step. */
import type { OrganizationRef } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { JobDocument } from '../store/documents.ts'
import { StoreConflict } from '../store/store.ts'
import { findConnection } from './connections.ts'
import { newId, type OrganizationContext, type OrganizationsEnvironment } from './environment.ts'
import { holdLease, type Renew } from './leases.ts'
import { notFound } from './refusals.ts'

/** What becomes of the users of a connection that is deleted. */
export type UserChoice = 'keep' | 'deactivate' | 'delete'

export interface JobView {
  readonly id: string
  readonly kind: string
  readonly state: JobDocument['state']
  readonly progress: { readonly done: number; readonly total: number }
  readonly error: string | null
  readonly createdAt: string
  readonly finishedAt: string | null
}

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
  { organization, now }: OrganizationContext,
  id: string,
  choice: UserChoice,
): Promise<{ readonly job: string }> {
  const { store } = environment
  const org = organization.id
  const connection = await findConnection(environment, org, id)
  const job: JobDocument = {
    _id: newId(now),
    org,
    kind: 'delete-connection',
    state: 'pending',
    input: { connection: id, choice },
    progress: { done: 0, total: await store.identities.count(org, { connection: id }) },
    error: null,
    created: now,
    finishedAt: null,
  }
  await store.transaction(async (session) => {
    // The name is free from now on.
    const fields = { deleting: true, enabled: false, name: `${connection.name} (deleted ${id})` }
    const marked = await store.connections.updateOne(
      org,
      { _id: id, deleting: false },
      { $set: fields, $inc: { version: 1 } },
      session,
    )
    if (!marked) throw notFound('connection')
    await store.jobs.insertOne(org, job, session)
  })
  return { job: job._id }
}

/** A job of any organization, with the organization's id for the check of who asks. @throws UsherError `not_found` */
export async function getJob(
  { store }: OrganizationsEnvironment,
  id: string,
): Promise<{ readonly org: string; readonly job: JobView }> {
  const found = await store.jobs.everywhere.findOne({ _id: id })
  if (found === null) throw notFound('job')
  const { kind, state, progress, error, created, finishedAt } = found
  const job = { id, kind, state, progress, error, createdAt: created.toISOString() }
  return { org: found.org, job: { ...job, finishedAt: finishedAt?.toISOString() ?? null } }
}

/**
 * Does the work that waits, unless another process is at it. Ends when nothing waits any more; a process that dies in
 * the middle leaves its lease to run out.
 */
export async function runJobs(
  environment: OrganizationsEnvironment,
  release: ReleaseUsers,
  clock: () => Date,
): Promise<void> {
  await holdLease(environment, 'jobs', clock, async (renew) => {
    for (;;) {
      const job = await nextJob(environment)
      if (job === null || !(await runJob(environment, release, clock, renew, job))) return
    }
  })
}

function nextJob({ store }: OrganizationsEnvironment): Promise<JobDocument | null> {
  return store.jobs.everywhere.findOne({ state: { $in: ['pending', 'running'] } }, { sort: { created: 1 } })
}

/** False when the lease was lost: somebody else goes on. */
async function runJob(
  environment: OrganizationsEnvironment,
  release: ReleaseUsers,
  clock: () => Date,
  renew: Renew,
  job: JobDocument,
): Promise<boolean> {
  const { store } = environment
  const connection = String(job.input.connection)
  const choice = job.input.choice as UserChoice
  const organization = await store.organizations.findOne({ _id: job.org })
  if (organization === null) {
    await store.jobs.deleteOne(job.org, { _id: job._id })
    return true
  }
  const { _id: id, slug, displayName, defaultRole, seatLimit } = organization
  await store.jobs.updateOne(job.org, { _id: job._id }, { $set: { state: 'running' } })
  try {
    for (let left = 1; left > 0; ) {
      if (!(await renew())) return false
      const work = { job: job._id, connection, choice, limit: batch }
      left = await release({ id, slug, displayName, defaultRole, seatLimit }, work)
      const done = Math.max(0, job.progress.total - left)
      await store.jobs.updateOne(job.org, { _id: job._id }, { $set: { 'progress.done': done } })
    }
    await removeConnection(environment, job.org, connection)
    await finish(environment, job, 'done', null, clock())
  } catch (error) {
    // The database being away ends this run, not the job: it is taken up again.
    if (error instanceof UsherError && error.code === 'unavailable') throw error
    if (error instanceof StoreConflict) return true
    await finish(
      environment,
      job,
      'failed',
      error instanceof UsherError ? error.detail : 'It failed unexpectedly.',
      clock(),
    )
  }
  return true
}

async function removeConnection({ store }: OrganizationsEnvironment, org: string, id: string): Promise<void> {
  await store.loginTransactions.deleteMany(org, { connection: id })
  await store.jitVersions.deleteMany(org, { connection: id })
  await store.connections.deleteOne(org, { _id: id })
}

async function finish(
  { store }: OrganizationsEnvironment,
  job: JobDocument,
  state: 'done' | 'failed',
  error: string | null,
  finishedAt: Date,
): Promise<void> {
  await store.jobs.updateOne(job.org, { _id: job._id }, { $set: { state, error, finishedAt } })
}
