/**
 * A membership and the deletion of one of its ends write different documents, so that both transactions may succeed.
 * Whichever commits last sees what the other has done, and removes the edge that leads nowhere. What is left over is
 * found by the sweep of departures.
 */
import { departuresOf } from './departures.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { sweepOnce } from './sweep.ts'
import type { Workspace } from './workspace.ts'

const lookupBatch = 1_000

/** Called after the commit: deletions are swept, and new edges are looked up at both ends. */
export async function removeStrayEdges(environment: DirectoryEnvironment, workspace: Workspace): Promise<void> {
  const { memberships } = environment.store
  const { context } = workspace
  const org = context.organization.id
  const departures = departuresOf(workspace)
  if (departures.length > 0 && !(await sweepOnce(environment, org, departures, context.now, async () => context))) {
    environment.onLeftover?.()
  }

  const users = new Set<string>()
  const groups = new Set<string>()
  for (const { group, member, kind, before, after } of workspace.edges.values()) {
    if (before.length > 0 || after.length === 0) continue
    groups.add(group)
    if (kind === 'User') users.add(member)
    else groups.add(member)
  }
  // What the same transaction wrote cannot have been deleted beside it.
  for (const id of workspace.users.keys()) users.delete(id)
  for (const id of workspace.groups.keys()) groups.delete(id)
  for (const member of await missing(environment.store.users, org, users)) {
    await memberships.deleteMany(org, { member })
  }
  for (const id of await missing(environment.store.groups, org, groups)) {
    await memberships.deleteMany(org, { $or: [{ member: id }, { group: id }] })
  }
}

interface Lookup {
  find(org: string, query: object, options: object): Promise<readonly { readonly _id: string }[]>
}

async function missing(collection: Lookup, org: string, ids: ReadonlySet<string>): Promise<readonly string[]> {
  const gone = new Set(ids)
  const all = [...ids]
  for (let index = 0; index < all.length; index += lookupBatch) {
    const batch = all.slice(index, index + lookupBatch)
    const query = { _id: batch.length === 1 ? batch[0] : { $in: batch } }
    for (const { _id } of await collection.find(org, query, { projection: { _id: 1 } })) gone.delete(_id)
  }
  return [...gone]
}
