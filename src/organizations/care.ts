/** What organizations have done every day: users whom nobody sees are looked for, and old change records removed. */
import type { OrganizationRef } from '../context.ts'
import type { OrganizationDocument } from '../store/documents.ts'
import { isStaleUsersOn, staleUsersOf } from './care-settings.ts'
import type { OrganizationsEnvironment } from './environment.ts'
import { type JobWork, startJob } from './jobs.ts'
import { organizationRef } from './organizations.ts'

const day = 86_400_000
/** Links of users, and change records, that one step looks through at most. */
const stepSize = 100

export interface StaleUsersSetting {
  readonly suspendAfterDays: number | null
  readonly deleteAfterDays: number | null
}

/** The directory's part: acts on some stale users, and says where the next step goes on. */
export type RetireStaleUsers = (
  organization: OrganizationRef,
  work: {
    readonly job: string
    readonly setting: StaleUsersSetting
    readonly cursor: string | undefined
    readonly limit: number
  },
) => Promise<{
  readonly suspended: number
  readonly deleted: number
  readonly kept: number
  readonly nextCursor: string | null
}>

/** The directory's part: removes change records from before a time, and says where the next step goes on. */
export type PruneChanges = (
  organization: OrganizationRef,
  work: { readonly job: string; readonly before: Date; readonly after: number; readonly limit: number },
) => Promise<{ readonly removed: number; readonly next: number | null }>

/**
 * Starts the jobs of every organization whose care is due, once a day each, whichever process comes first. Gives
 * whether there are any: whoever does jobs has to be woken.
 */
export async function startDueCare(environment: OrganizationsEnvironment, clock: () => Date): Promise<boolean> {
  const { store } = environment
  for (let started = false; ; started = true) {
    const now = clock()
    const [due] = await store.organizations.find({ careDueAt: { $lte: now } }, { sort: { careDueAt: 1 }, limit: 1 })
    if (due === undefined) return started
    const kinds = await unoccupied(environment, due)
    await store.transaction(async (session) => {
      const query = { _id: due._id, careDueAt: due.careDueAt }
      const next = { $set: { careDueAt: new Date(now.getTime() + day) } }
      if (!(await store.organizations.updateOne(query, next, session))) return
      for (const kind of kinds) {
        await startJob(environment, { organization: organizationRef(due), now }, { kind, input: {}, total: 0 }, session)
      }
    })
  }
}

/** The jobs that the settings ask for, but for those that are still at it. */
async function unoccupied({ store }: OrganizationsEnvironment, organization: OrganizationDocument) {
  const kinds = [
    ...(isStaleUsersOn(staleUsersOf(organization)) ? ['retire-stale-users'] : []),
    ...(organization.retention?.changeDays === undefined ? [] : ['prune-changes']),
  ]
  const open = await store.jobs.find(organization._id, {
    state: { $in: ['pending', 'running'] },
    kind: { $in: kinds },
  })
  return kinds.filter((kind) => !open.some((job) => job.kind === kind))
}

/** The steps of a daily look for stale users, by the setting as it is then. */
export function staleUsersWork({ store }: OrganizationsEnvironment, retire: RetireStaleUsers): JobWork {
  return async (organization, { id: job, cursor, progress }) => {
    const found = await store.organizations.findOne({ _id: organization.id })
    const setting = staleUsersOf(found ?? {})
    const so = { suspended: 0, deleted: 0, kept: 0, ...(cursor as Counts | null)?.counts }
    if (!isStaleUsersOn(setting)) return { finished: true, done: progress.done, result: so }
    const after = (cursor as Counts | null)?.after
    const step = await retire(organization, { job, setting, cursor: after, limit: stepSize })
    const counts = {
      suspended: so.suspended + step.suspended,
      deleted: so.deleted + step.deleted,
      kept: so.kept + step.kept,
    }
    const done = counts.suspended + counts.deleted + counts.kept
    return step.nextCursor === null
      ? { finished: true, done, total: done, result: counts }
      : { finished: false, done, total: done, cursor: { after: step.nextCursor, counts } }
  }
}

interface Counts {
  readonly after: string
  readonly counts: { readonly suspended: number; readonly deleted: number; readonly kept: number }
}

/** The steps of removing what the organization does not keep any longer. */
export function pruningWork({ store }: OrganizationsEnvironment, prune: PruneChanges): JobWork {
  return async (organization, { id: job, cursor, progress }, now) => {
    const found = await store.organizations.findOne({ _id: organization.id })
    const days = found?.retention?.changeDays
    if (days === undefined) return { finished: true, done: progress.done }
    const before = new Date(now.getTime() - days * day)
    const after = typeof cursor?.after === 'number' ? cursor.after : 0
    const { removed, next } = await prune(organization, { job, before, after, limit: stepSize * 5 })
    const done = progress.done + removed
    return next === null
      ? { finished: true, done, total: done, result: { removed: done } }
      : { finished: false, done, total: done, cursor: { after: next } }
  }
}
