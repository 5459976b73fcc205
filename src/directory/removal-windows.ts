/**
 * How much of each group a connection has taken away within the hour. The hour begins with the first removal that it
 * counts; the members that the connection had given by then are its measure until it ends, whoever comes and goes.
 * The counter is written in the transaction of the removal, so that logins at the same moment cannot exceed the share
 * together.
 */
import type { RequestContext } from '../context.ts'
import { allowedRemovals } from '../provisioning/removal-share.ts'
import type { Decision } from '../provisioning/types.ts'
import type { JsonObject } from '../schema/types.ts'
import type { RemovalWindowDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import type { ArrivalInput } from './types.ts'
import type { Workspace } from './workspace.ts'

const hour = 3_600_000

export interface RemovalReading {
  readonly group: string
  /** Members that the connection had given when the hour began; now, if none has begun. */
  readonly given: number
  readonly removed: number
  /** When the hour of the stored counter began; null without one. */
  readonly start: Date | null
  /** Whether that hour still lasts. */
  readonly lasts: boolean
}

export async function readRemovals(
  environment: DirectoryEnvironment,
  context: RequestContext,
  connection: string,
  groups: readonly string[],
): Promise<readonly RemovalReading[]> {
  const windows = await readWindows(environment, context, connection, groups)
  const unmeasured = groups.filter((group) => {
    const window = windows.get(group)
    return window === undefined || !lastsAt(window, context.now)
  })
  if (unmeasured.length === 0) return [...windows.values()].map(readingOf)
  const counted = await Promise.all(unmeasured.map((group) => countGiven(environment, context, connection, group)))
  const given = new Map(unmeasured.map((group, index) => [group, counted[index]!]))
  // Whoever has begun the hour in between has also made the count smaller than its measure.
  const present = new Map([...windows, ...(await readWindows(environment, context, connection, unmeasured))])
  return groups.map((group) => {
    const window = present.get(group)
    if (window !== undefined && lastsAt(window, context.now)) return readingOf(window)
    return { group, given: given.get(group)!, removed: 0, start: window?.start ?? null, lasts: false }
  })
}

async function readWindows(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  connection: string,
  groups: readonly string[],
): Promise<ReadonlyMap<string, RemovalWindowDocument>> {
  const ids = groups.map((group) => windowId(connection, group))
  const windows = await store.removalWindows.find(organization.id, { _id: { $in: ids } })
  return new Map(windows.map((window) => [window.group, window]))
}

function countGiven(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  connection: string,
  group: string,
): Promise<number> {
  return store.memberships.count(organization.id, { group, 'sources.source': `login:${connection}` })
}

function lastsAt(window: RemovalWindowDocument, now: Date): boolean {
  return window.start.getTime() > now.getTime() - hour
}

function readingOf({ group, given, removed, start }: RemovalWindowDocument): RemovalReading {
  return { group, given, removed, start, lasts: true }
}

/** Groups from which the operations of a login take a member. */
export function groupsLosing(operations: Decision['operations']): readonly string[] {
  return operations
    .filter(({ path, data }) => {
      const steps = (data.Operations ?? []) as readonly JsonObject[]
      return path.startsWith('/Groups/') && steps.some(({ op }) => op === 'remove')
    })
    .map(({ path }) => path.slice('/Groups/'.length))
}

/** Plans that the removals of a login are counted, on the condition under which they were decided. */
export function countRemovals(
  workspace: Workspace,
  { connection }: ArrivalInput,
  { operations }: Decision,
  readings: readonly RemovalReading[],
): void {
  const { now, organization } = workspace.context
  for (const group of groupsLosing(operations)) {
    const reading = readings.find((one) => one.group === group)
    if (reading === undefined) continue
    const { given, start, lasts } = reading
    const allowed = allowedRemovals(given, connection.settings.limits.removalShare)
    if (!Number.isFinite(allowed)) continue
    const _id = windowId(connection.id, group)
    const begun = { start: now, given, removed: 1, expiresAt: new Date(now.getTime() + hour) }
    if (start === null) {
      workspace.removals.set(_id, {
        insert: { _id, org: organization.id, connection: connection.id, group, ...begun },
      })
    } else if (lasts) {
      const query = { _id, start, removed: { $lt: allowed } }
      workspace.removals.set(_id, { query, update: { $inc: { removed: 1 } } })
    } else workspace.removals.set(_id, { query: { _id, start }, update: { $set: begun } })
  }
}

function windowId(connection: string, group: string): string {
  return `${connection}|${group}`
}
