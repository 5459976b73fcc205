/**
 * An organization that is deleted is gone from that moment: nobody finds it. What belonged to it may be very much, so
 * that a job removes it, some at a time; whichever process does so may end in the middle.
 */
import { UsherError } from '../errors.ts'
import type { Query } from '../store/collection.ts'
import type { Store } from '../store/store.ts'
import type { OrganizationContext, OrganizationsEnvironment } from './environment.ts'
import { afterwards, type JobStep, type JobTask, type JobWork, startJob } from './jobs.ts'
import { notFound, whenTaken } from './refusals.ts'

/** Documents that are removed at a time. */
const batch = 1_000
/** Milliseconds until the next look: what was begun before the deletion has mostly been written then. */
const settled = 60_000
/** Milliseconds that a database which is too busy is left alone. */
const overload = 15_000

/**
 * Deletes the organization, and leaves what belongs to it to a job: whoever does jobs has to be woken.
 * @throws UsherError `not_found`; `conflict`
 */
export async function deleteOrganization(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
): Promise<void> {
  const { store, credentialCache } = environment
  const { id } = context.organization
  await whenTaken(
    () =>
      store.transaction(async (session) => {
        if (!(await store.organizations.deleteOne({ _id: id }, session))) throw notFound('organization')
        // From now on they may be verified by another one.
        await store.domains.deleteMany(id, {}, session)
        await startJob(environment, context, { kind: afterwards, input: {}, total: 0 }, session)
      }),
    () => new UsherError('conflict', 'Somebody else is changing the organization. Try again.'),
  )
  await removeSome(credentialsOf(store), id, {})
  credentialCache.clear()
}

/**
 * The steps of the job. After each look at everything comes another one, until there is nothing left: requests that were
 * under way may have written behind its back.
 */
export function organizationRemoval({ store }: Pick<OrganizationsEnvironment, 'store'>): JobWork {
  return async ({ id: org }, task, now) => {
    // The first look is never the last.
    const { place, hasFound } = (task.cursor as Look | null) ?? { place: 0, hasFound: true }
    const all = belongings(store, org, task)
    let at = place
    let removed = 0
    const goesOn = (look: Look, pause?: number): JobStep => {
      const done = task.progress.done + removed
      const notBefore = pause === undefined ? {} : { notBefore: new Date(now.getTime() + pause) }
      return { finished: false, done, total: done, cursor: { ...look }, ...notBefore }
    }
    try {
      while (at < all.length && removed < batch) {
        const [collection, query] = all[at]!
        const some = await removeSome(collection, org, query)
        removed += some
        if (some < batch) at += 1
      }
    } catch (error) {
      if (!(error instanceof UsherError) || error.code !== 'too_many') throw error
      return goesOn({ place: at, hasFound: hasFound || removed > 0 }, overload)
    }
    const look = { place: at, hasFound: hasFound || removed > 0 }
    if (at < all.length) return goesOn(look)
    return look.hasFound ? goesOn({ place: 0, hasFound: false }, settled) : { ...goesOn(look), finished: true }
  }
}

/** How far a look at everything has come, and whether there was something to remove. */
interface Look {
  readonly place: number
  readonly hasFound: boolean
}

/** What can be removed. */
interface Removable {
  readonly find: (
    org: string,
    query: Query,
    options: { readonly projection: { readonly _id: 1 }; readonly limit: number },
  ) => Promise<readonly object[]>
  readonly deleteMany: (org: string, query: Query) => Promise<number>
}

/** Gives how many: less than `batch` when nothing is left. */
async function removeSome(collection: Removable, org: string, query: Query): Promise<number> {
  const found = await collection.find(org, query, { projection: { _id: 1 }, limit: batch })
  const ids = found.map((document) => (document as { readonly _id: unknown })._id)
  if (ids.length > 0) await collection.deleteMany(org, { _id: { $in: ids } })
  return ids.length
}

/**
 * Everything that belongs to an organization, what lets somebody in first. Not here is what the database removes by
 * itself within the hour, and what the sweep of memberships does.
 */
function belongings(store: Store, org: string, { id: job }: JobTask): readonly (readonly [Removable, Query])[] {
  const whole = [
    credentialsOf(store),
    store.scimClients,
    store.connections,
    store.invitations,
    store.domains,
    store.roles,
    store.jitVersions,
    store.identities,
    store.pastLinks,
    store.relinkRows,
    store.memberships,
    store.users,
    store.groups,
    store.resources,
    store.tombstones,
    store.decisions,
    store.inbox,
    store.asyncResults,
    store.changes,
  ]
  return [
    ...whole.map((collection) => [collection, {}] as const),
    [store.jobs, { _id: { $ne: job } }],
    // There is one at most, under the id of the organization.
    [store.seats, { _id: org }],
    [store.feeds, { _id: org }],
  ]
}

/** The one collection in which not everything belongs to an organization. */
function credentialsOf({ credentials }: Store): Removable {
  return {
    find: (org, query, options) => credentials.find({ ...query, org }, options),
    deleteMany: (org, query) => credentials.deleteMany({ ...query, org }),
  }
}
