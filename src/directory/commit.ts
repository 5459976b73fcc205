/**
 * Commits a plan. Plans that come at the same time and have nothing to do with each other share one transaction: most of
 * what a change costs is the way to the database and the flush of its journal, not its documents.
 */
import { UsherError } from '../errors.ts'
import { StoreConflict } from '../store/store.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { eraseRecords } from './erasure.ts'
import { countSeats, countsSeats } from './seats.ts'
import { removeStrayEdges } from './stray-edges.ts'
import type { Workspace } from './workspace.ts'
import { type LoginRecord, type Plan, writePlans } from './write-plans.ts'

/** Memberships of a plan that goes together with others, at most. */
const fewEdges = 100

/**
 * @throws StoreConflict when another writer won: read again and plan again; UsherError `seat_limit_reached`
 */
export async function commit(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  login: LoginRecord | null,
): Promise<void> {
  const { organization, now } = workspace.context
  const plan = { workspace, login }
  await ensureSeatCounter(environment, workspace)
  if (isPlain(plan)) await environment.commits.run(organization.id, plan, (plans) => writeTogether(environment, plans))
  else await environment.queue.run(countersOf(workspace), () => writePlans(environment, [plan]))
  // What is left over by these is found by the next look for it.
  await removeStrayEdges(environment, workspace).catch(() => undefined)
  const graves = workspace.tombstones.filter(({ unerased }) => unerased === true)
  if (graves.length > 0) await eraseRecords(environment, organization.id, graves, now).catch(() => undefined)
}

/** Whether a plan makes and changes single resources, memberships and links, and depends on nothing beside them. */
function isPlain({ workspace, login }: Plan): boolean {
  const { guardedGroups, roleGuards, removals, unseenSince, severed, pastLinks, endings, heirs } = workspace
  const { tombstones, inbox, report, mark, dissolved, departed, leaving, users, groups, resources } = workspace
  const conditions = [guardedGroups, roleGuards, removals, unseenSince]
  const departures = [endings, heirs, dissolved, departed, leaving]
  return (
    [...conditions, ...departures].every(({ size }) => size === 0) &&
    [severed, pastLinks, tombstones, inbox].every(({ length }) => length === 0) &&
    report === null &&
    mark === null &&
    (login === null || login.invitation === null) &&
    !countsSeats(workspace) &&
    workspace.edges.size <= fewEdges &&
    [...users.values(), ...groups.values(), ...resources.values()].every(({ after }) => after !== null)
  )
}

/** Writes the plans in one transaction or, if one of them is in its way, each in its own. */
async function writeTogether(
  environment: DirectoryEnvironment,
  plans: readonly Plan[],
): Promise<readonly PromiseSettledResult<void>[]> {
  if (plans.length > 1) {
    try {
      await writePlans(environment, plans)
      return plans.map(() => ({ status: 'fulfilled', value: undefined }))
    } catch (error) {
      // Whether they were written is not known: to try again could do it twice.
      if (error instanceof UsherError && error.code === 'unavailable') throw error
    }
  }
  return Promise.allSettled(plans.map((plan) => writePlans(environment, [plan])))
}

/**
 * All who take or give back a seat write one counter, and so do all who take members from one group: in this process
 * they queue up for it instead of losing races.
 */
function countersOf(workspace: Workspace): readonly string[] {
  const seats = countsSeats(workspace) ? ['seats'] : []
  return [...workspace.removals.keys(), ...seats]
    .sort()
    .map((counter) => `${workspace.context.organization.id}|${counter}`)
}

/** The counter of an organization with a limit is made from a count when it is first needed. */
async function ensureSeatCounter(environment: DirectoryEnvironment, workspace: Workspace): Promise<void> {
  const { organization } = workspace.context
  if (!countsSeats(workspace)) return
  const counter = await environment.store.seats.findOne(organization.id, { _id: organization.id })
  if (counter !== null) return
  const used = await countSeats(environment, organization.id)
  await environment.store.seats
    .insertOne(organization.id, { _id: organization.id, org: organization.id, used })
    .catch((error: unknown) => {
      if (!(error instanceof StoreConflict)) throw error
    })
}
