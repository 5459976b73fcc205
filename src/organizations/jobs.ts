/**
 * Work that is too long for one request. A job is done in steps, and any process can take up any step: what a step has
 * done and where the next one goes on is written down after it, so a step that was cut off is done once more.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { OrganizationRef } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { JsonObject } from '../schema/types.ts'
import type { JobDocument } from '../store/documents.ts'
import { holdLease, type Renew } from '../store/leases.ts'
import { type Session, StoreConflict } from '../store/store.ts'
import { newId, type OrganizationContext, type OrganizationsEnvironment } from './environment.ts'
import { organizationRef } from './organizations.ts'
import { notFound } from './refusals.ts'

export interface JobView {
  readonly id: string
  readonly kind: string
  readonly state: JobDocument['state']
  readonly progress: { readonly done: number; readonly total: number }
  /** What the work came to, for kinds that come to something. */
  readonly result: JsonObject | null
  readonly error: string | null
  readonly createdAt: string
  readonly finishedAt: string | null
}

/** What a step has come to. */
export interface JobStep {
  readonly finished: boolean
  readonly done: number
  /** Undefined: as it was. */
  readonly total?: number
  /** Where the next step goes on. */
  readonly cursor?: JsonObject | null
  readonly result?: JsonObject
  /** When the next step is due, if not at once. */
  readonly notBefore?: Date
}

/** What a step gets to know of its job. */
export interface JobTask {
  readonly id: string
  readonly input: JsonObject
  /** What the step before left; null for the first one. */
  readonly cursor: JsonObject | null
  readonly progress: JobDocument['progress']
}

/** One step of the jobs of a kind. It may be done twice. */
export type JobWork = (organization: OrganizationRef, task: JobTask, now: Date) => Promise<JobStep>
export type JobKinds = Readonly<Record<string, JobWork>>

/** The kind of job that is done when its organization is gone; every other one ends with it. */
export const afterwards = 'delete-organization'

/** Milliseconds after which the next job has its turn. */
const turn = 1_000
/** Jobs that are looked at in one round. */
const roundLimit = 50
/** Days that a job can be read after its end. */
const retention = 30

/** Writes a job down; whoever does it has to be woken. `total` is what is known of its size. */
export async function startJob(
  { store }: Pick<OrganizationsEnvironment, 'store'>,
  { organization, now }: Pick<OrganizationContext, 'organization' | 'now'>,
  job: { readonly kind: string; readonly input: JsonObject; readonly total: number },
  session?: Session,
): Promise<{ readonly job: string }> {
  const document: JobDocument = {
    _id: newId(now),
    org: organization.id,
    kind: job.kind,
    state: 'pending',
    input: job.input,
    cursor: null,
    progress: { done: 0, total: job.total },
    result: null,
    error: null,
    created: now,
    finishedAt: null,
  }
  await store.jobs.insertOne(organization.id, document, session)
  return { job: document._id }
}

/** A job of any organization, with the organization's id for the check of who asks. @throws UsherError `not_found` */
export async function getJob(
  { store }: OrganizationsEnvironment,
  id: string,
  now: Date,
): Promise<{ readonly org: string; readonly job: JobView }> {
  const found = await store.jobs.everywhere.findOne({ _id: id })
  // The database removes what has expired when it comes to it.
  if (found === null || (found.expiresAt !== undefined && found.expiresAt <= now)) throw notFound('job')
  const { kind, state, progress, result = null, error, created, finishedAt } = found
  const job = { id, kind, state, progress, result, error, createdAt: created.toISOString() }
  return { org: found.org, job: { ...job, finishedAt: finishedAt?.toISOString() ?? null } }
}

/**
 * Does the work that waits, each job for a while in turn, but for jobs that another process is at, and for those of other
 * kinds: they belong to processes of a newer release. Ends when nothing is left for this process, or soon after it is told
 * to stop; one that dies in the middle leaves its lease to run out.
 */
export async function runJobs(
  environment: OrganizationsEnvironment,
  kinds: JobKinds,
  clock: () => Date,
  stopping?: AbortSignal,
): Promise<void> {
  for (let advanced = true; advanced; ) {
    advanced = false
    for (const { _id, kind } of await openJobs(environment, kinds, clock())) {
      if (stopping?.aborted) return
      const work = kinds[kind]
      if (work === undefined) continue
      await holdLease(environment, `job:${_id}`, clock, async (renew) => {
        const job = await environment.store.jobs.everywhere.findOne({ _id })
        if (job === null || isOver(job) || !isDue(job, clock())) return
        advanced = (await advance(environment, work, clock, renew, job)) || advanced
      })
    }
  }
}

function isOver({ state }: JobDocument): boolean {
  return state === 'done' || state === 'failed'
}

function isDue({ notBefore }: JobDocument, now: Date): boolean {
  return notBefore === undefined || notBefore <= now
}

function openJobs(
  { store }: OrganizationsEnvironment,
  kinds: JobKinds,
  now: Date,
): Promise<readonly Pick<JobDocument, '_id' | 'kind'>[]> {
  return store.jobs.everywhere.find(
    { state: { $in: ['pending', 'running'] }, kind: { $in: Object.keys(kinds) }, notBefore: { $not: { $gt: now } } },
    { sort: { created: 1 }, limit: roundLimit, projection: { _id: 1, kind: 1 } },
  )
}

/** Does steps of a job until its turn is over. False when there is nothing that this process could do for it now. */
async function advance(
  environment: OrganizationsEnvironment,
  work: JobWork,
  clock: () => Date,
  renew: Renew,
  job: JobDocument,
): Promise<boolean> {
  const { store } = environment
  const found = await store.organizations.findOne({ _id: job.org })
  if (found === null && job.kind !== afterwards) {
    await store.jobs.deleteOne(job.org, { _id: job._id })
    return true
  }
  const organization = found === null ? formerOrganization(job.org) : organizationRef(found)
  try {
    let { cursor = null, progress } = job
    for (const begin = performance.now(); performance.now() - begin < turn; ) {
      if (!(await renew())) return false
      const task = { id: job._id, input: job.input, cursor, progress }
      const step = await work(organization, task, clock())
      progress = { done: step.done, total: step.total ?? progress.total }
      cursor = step.cursor ?? null
      await save(environment, job, step, { cursor, progress }, clock())
      if (step.finished || step.notBefore !== undefined) return true
      await yieldToOthers()
    }
  } catch (error) {
    // The database being away ends this run, not the job: it is taken up again.
    if (error instanceof UsherError && error.code === 'unavailable') throw error
    if (error instanceof StoreConflict) return false
    await fail(environment, job, error instanceof UsherError ? error.detail : 'It failed unexpectedly.', clock())
  }
  return true
}

/** What is known of an organization that is gone. */
function formerOrganization(id: string): OrganizationRef {
  return { id, slug: '', displayName: '', defaultRole: null, seatLimit: null }
}

async function save(
  { store }: OrganizationsEnvironment,
  { org, _id }: JobDocument,
  { finished, result, notBefore }: JobStep,
  fields: Pick<JobDocument, 'cursor' | 'progress'>,
  now: Date,
): Promise<void> {
  const end = finished ? ending('done', now) : { state: 'running' as const }
  const known = { ...(result === undefined ? {} : { result }), ...(notBefore === undefined ? {} : { notBefore }) }
  await store.jobs.updateOne(
    org,
    { _id },
    { $set: { ...fields, ...known, ...end, ...(finished ? { cursor: null } : {}) } },
  )
}

async function fail(
  { store }: OrganizationsEnvironment,
  { org, _id }: JobDocument,
  error: string,
  now: Date,
): Promise<void> {
  await store.jobs.updateOne(org, { _id }, { $set: { error, cursor: null, ...ending('failed', now) } })
}

function ending<State extends 'done' | 'failed'>(state: State, now: Date) {
  return { state, finishedAt: now, expiresAt: new Date(now.getTime() + retention * 86_400_000) }
}
