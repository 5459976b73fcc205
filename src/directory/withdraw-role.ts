/** What a role that is deleted leaves with users. */
import type { RequestContext } from '../context.ts'
import { repeatOnConflict } from './apply.ts'
import { commit } from './commit.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { writeGrants } from './life-cycle.ts'
import { Workspace } from './workspace.ts'

/** Users that are changed at the same time: each is a transaction of its own. */
const width = 16

/**
 * Takes the grants of a role from every user, whoever gave them, so that a role made anew under the name finds none.
 * Each user gets a version and a change record as from any other change. Done again it goes on where it was cut off.
 * The guard of last holders is not asked: there will be no role to hold.
 */
export async function withdrawRole(
  environment: DirectoryEnvironment,
  context: RequestContext,
  role: string,
): Promise<void> {
  const { store } = environment
  const holders = () =>
    store.users.find(
      context.organization.id,
      { 'grants.role': role },
      { sort: { _id: 1 }, limit: width, projection: { _id: 1 } },
    )
  for (let users = await holders(); users.length > 0; users = await holders()) {
    await Promise.all(users.map(({ _id }) => takeGrant(environment, context, _id, role)))
  }
}

async function takeGrant(
  environment: DirectoryEnvironment,
  context: RequestContext,
  id: string,
  role: string,
): Promise<void> {
  const org = context.organization.id
  await environment.queue.run([`${org}|${id}`], () =>
    repeatOnConflict(environment, async () => {
      const user = await environment.store.users.findOne(org, { _id: id })
      if (user === null) return
      const grants = user.grants.filter((grant) => grant.role !== role)
      if (grants.length === user.grants.length) return
      const workspace = new Workspace(context)
      await writeGrants(environment, workspace, user, grants)
      await commit(environment, workspace, null)
    }),
  )
}
