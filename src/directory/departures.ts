/**
 * What goes away leaves memberships behind: those in it, if it was a group, and its own in the groups around it, each of
 * which changes by that and gets a change record.
 */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { ChangeDocument, DepartureDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { memberOperations } from './member-changes.ts'
import { patchBody } from './record-form.ts'
import type { Workspace } from './workspace.ts'

/** Memberships that go in the transaction of the deletion. With more of them all are removed after it. */
const together = 10_000

/**
 * Records that members leave the groups they are in.
 * @throws UsherError `payload_too_large` where several go at once and are in too many groups together
 */
export async function recordDepartures(environment: DirectoryEnvironment, workspace: Workspace): Promise<void> {
  const gone = [...workspace.departed, ...workspace.dissolved]
  if (gone.length === 0) return
  const edges = await environment.store.memberships.find(
    workspace.context.organization.id,
    { member: gone.length === 1 ? gone[0] : { $in: gone } },
    { projection: { _id: 0, group: 1, member: 1 }, limit: together + 1 },
  )
  if (edges.length > together) {
    if (gone.length === 1) return
    throw new UsherError('payload_too_large', `What is deleted at once may be in ${together} groups at most.`)
  }
  for (const [member, left] of Map.groupBy(edges, (edge) => edge.member)) {
    const groups = left.map(({ group }) => group)
    workspace.leaving.set(member, groups)
    for (const group of groups) {
      if (!workspace.dissolved.has(group)) workspace.record('Group', group, null, 'patch', [leaving(group, member)])
    }
  }
}

/** That a member is gone, as the operation that a client would have sent. */
export function leaving(group: string, member: string): ChangeDocument['operations'][number] {
  return {
    method: 'PATCH',
    path: `/Groups/${group}`,
    data: patchBody(memberOperations({ added: [], removed: [member] })),
  }
}

/** What says, until nothing is left, that references to these are to be removed. Committed with the deletion. */
export function departuresOf({ context, departed, dissolved, heirs }: Workspace): readonly DepartureDocument[] {
  return [...departed, ...dissolved].map((id) => departureOf(context, id, heirs.get(id)))
}

function departureOf(
  { organization, now, actor, source, requestId }: RequestContext,
  id: string,
  heir: string | undefined,
): DepartureDocument {
  const departure = { _id: id, org: organization.id, at: now, due: now, actor: actor ?? source, request: requestId }
  return heir === undefined ? departure : { ...departure, heir }
}
