/** The members of a group in the order of their ids, in batches, joined with what they are called. */
import type { RequestContext } from '../context.ts'
import type { MembershipDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import type { MemberRow } from './types.ts'

const batchSize = 1_000

/** Reads as the consumer takes; a membership whose member is gone is not shown. */
export async function* readMemberRows(
  environment: DirectoryEnvironment,
  context: RequestContext,
  group: string,
): AsyncGenerator<readonly MemberRow[]> {
  const org = context.organization.id
  let after = ''
  for (;;) {
    const edges = await environment.store.memberships.find(
      org,
      { group, member: { $gt: after } },
      { sort: { member: 1 }, limit: batchSize, projection: { _id: 0, member: 1, kind: 1 } },
    )
    if (edges.length > 0) yield await joinNames(environment, org, edges)
    if (edges.length < batchSize) return
    after = edges.at(-1)!.member
  }
}

async function joinNames(
  environment: DirectoryEnvironment,
  org: string,
  edges: readonly Pick<MembershipDocument, 'member' | 'kind'>[],
): Promise<readonly MemberRow[]> {
  const ids = (kind: 'User' | 'Group') => edges.filter((edge) => edge.kind === kind).map(({ member }) => member)
  const projection = { 'resource.displayName': 1, 'resource.userName': 1 } as const
  const userIds = ids('User')
  const groupIds = ids('Group')
  const [users, groups] = await Promise.all([
    userIds.length === 0 ? [] : environment.store.users.find(org, { _id: { $in: userIds } }, { projection }),
    groupIds.length === 0 ? [] : environment.store.groups.find(org, { _id: { $in: groupIds } }, { projection }),
  ])
  const names = new Map<string, string>()
  for (const { _id, resource } of [...users, ...groups]) {
    names.set(_id, String(resource.displayName ?? resource.userName ?? ''))
  }
  return edges
    .filter(({ member }) => names.has(member))
    .map(({ member, kind }) => ({ value: member, type: kind, display: names.get(member) || undefined }))
}
