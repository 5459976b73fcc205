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
  { store }: DirectoryEnvironment,
  { organization: { id: org }, now }: RequestContext,
  connection: string,
  groups: readonly string[],
): Promise<readonly RemovalReading[]> {
  const ids = groups.map((group) => windowId(connection, group))
  const windows = await store.removalWindows.find(org, { _id: { $in: ids } })
  return Promise.all(
    groups.map(async (group) => {
      const window = windows.find((one) => one.group === group)
      if (window !== undefined && window.start.getTime() > now.getTime() - hour) {
        const { given, removed, start } = window
        return { group, given, removed, start, lasts: true }
      }
      const given = await store.memberships.count(org, { group, 'sources.source': `login:${connection}` })
      return { group, given, removed: 0, start: window?.start ?? null, lasts: false }
    }),
  )
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
