/** Whoever is merged into another is nobody's manager any more: those who name the one name the other. */
import type { RequestContext } from '../context.ts'
import { diffOperations } from '../patch/diff.ts'
import type { UserDocument } from '../store/documents.ts'
import { StoreConflict } from '../store/store.ts'
import { composeUser, managerKey } from './compose.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { withManager, withoutManager } from './managers.ts'
import { patchBody } from './record-form.ts'
import { partsOf } from './user-parts.ts'
import { Workspace } from './workspace.ts'
import { writePlans } from './write-plans.ts'
import { writtenFormOf } from './write-user.ts'

/** Users who get another manager in one transaction. */
const batch = 100

/** How many users name this one as their manager, themselves and `except` left out. */
export function countReports(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  manager: string,
  except: string,
): Promise<number> {
  return store.users.count(organization.id, { [managerKey]: manager, _id: { $nin: [manager, except] } })
}

/**
 * Gives some of those who name a user that is gone as their manager the heir instead, each with a change record. Who said
 * it stays its source: it is the same person. Gives whether none is left; a lost race leaves some.
 */
export async function inheritReports(
  environment: DirectoryEnvironment,
  context: RequestContext,
  gone: string,
  heir: string,
): Promise<boolean> {
  const found = await environment.store.users.find(context.organization.id, { [managerKey]: gone }, { limit: batch })
  if (found.length === 0) return true
  const workspace = new Workspace(context)
  for (const user of found) planReport(environment, workspace, user, gone, heir)
  try {
    await writePlans(environment, [{ workspace, login: null }])
    return found.length < batch
  } catch (error) {
    if (error instanceof StoreConflict) return false
    throw error
  }
}

function planReport(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  user: UserDocument,
  gone: string,
  heir: string,
): void {
  const { now } = workspace.context
  const type = environment.userType
  const parts = partsOf(environment, user)
  const next = user._id === heir ? withoutManager(parts, [gone]) : withManager(parts, heir)
  const version = parts.version + 1
  workspace.users.set(user._id, { before: user, after: composeUser(type, { ...next, version, lastModified: now }) })
  const operations = diffOperations(type, writtenFormOf(parts), writtenFormOf(next))
  const patch = { method: 'PATCH', path: `/Users/${user._id}`, data: patchBody(operations) }
  workspace.record('User', user._id, version, 'patch', [patch])
}
