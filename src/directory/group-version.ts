/**
 * The version of a group covers its members without a write to the group: it is derived from the group's own version
 * and the ids of its newest change records. A popular group would otherwise be one document that everybody writes.
 */
import { createHash } from 'node:crypto'
import type { GroupDocument, Showable } from '../store/documents.ts'
import type { Session } from '../store/store.ts'
import { type DirectoryEnvironment, timeOfId } from './environment.ts'

/** Enough that transactions which commit out of order are seen, few enough for one covered index read. */
export const versionDepth = 64

export interface DerivedVersion {
  readonly version: string
  readonly lastModified: Date
}

export async function groupVersion(
  environment: DirectoryEnvironment,
  org: string,
  group: Showable<GroupDocument>,
  session?: Session,
): Promise<DerivedVersion> {
  const changes = await environment.store.changes.find(
    org,
    { 'resource.id': group._id },
    { sort: { _id: -1 }, limit: versionDepth, projection: { _id: 1 }, session },
  )
  return derive(
    group,
    changes.map(({ _id }) => _id),
  )
}

/** The same for a page of groups, in one round trip. */
export async function groupVersions(
  environment: DirectoryEnvironment,
  org: string,
  groups: readonly Showable<GroupDocument>[],
): Promise<ReadonlyMap<string, DerivedVersion>> {
  const recent = await environment.store.groups.aggregate<{ _id: string; recent: { _id: string }[] }>(
    org,
    { _id: { $in: groups.map(({ _id }) => _id) } },
    [
      { $project: { _id: 1 } },
      {
        $lookup: {
          from: 'changes',
          localField: '_id',
          foreignField: 'resource.id',
          pipeline: [{ $match: { org } }, { $sort: { _id: -1 } }, { $limit: versionDepth }, { $project: { _id: 1 } }],
          as: 'recent',
        },
      },
    ],
  )
  const ids = new Map(recent.map((row) => [row._id, row.recent.map(({ _id }) => _id)]))
  return new Map(groups.map((group) => [group._id, derive(group, ids.get(group._id) ?? [])]))
}

/** The group that is in this version, by its text; null when none is. */
export async function groupInVersion(
  environment: DirectoryEnvironment,
  org: string,
  version: string,
): Promise<string | null> {
  const id = idIn(version)
  const group = id === null ? null : await environment.store.groups.findOne(org, { _id: id })
  if (group === null) return null
  return (await groupVersion(environment, org, group)).version === version ? group._id : null
}

/** A version says of which group it is: that is how it can be looked for, although it is stored nowhere. */
function shortId(id: string): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')
}

function idIn(version: string): string | null {
  const short = /^W\/"\d+\.[\w-]{12}\.([\w-]{22})"$/.exec(version)?.[1]
  if (short === undefined) return null
  const digits = Buffer.from(short, 'base64url').toString('hex')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function derive(group: Showable<GroupDocument>, changes: readonly string[]): DerivedVersion {
  const hash = createHash('sha256').update(changes.join()).digest('base64url').slice(0, 12)
  const latest = changes[0] === undefined ? 0 : timeOfId(changes[0])
  return {
    version: `W/"${group.version}.${hash}.${shortId(group._id)}"`,
    lastModified: new Date(Math.max(group.lastModified.getTime(), latest)),
  }
}
