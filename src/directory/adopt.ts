/** A SCIM POST that meets a user whom only logins have made so far. */
import { equalIgnoringAsciiCase, foldUserName } from '../schema/fold.ts'
import type { Resource } from '../schema/types.ts'
import type { UserDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { asciiKey } from './keys.ts'
import type { Workspace } from './workspace.ts'

/**
 * The user that this POST becomes an update of: the client adopts, no SCIM client has written the user, and either the
 * externalId equals the subject of one of the user's identities or the userName is an address that a login proved.
 * An unproven address alone never suffices. Null: a new user is made, or the unique index refuses.
 */
export async function findAdoptable(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  body: Resource,
): Promise<UserDocument | null> {
  const { context } = workspace
  if (context.principal.kind !== 'scim' || context.principal.onExisting !== 'adopt') return null
  const org = context.organization.id
  const candidates: UserDocument[] = []

  if (typeof body.externalId === 'string') {
    const identities = await environment.store.identities.find(org, { subject: body.externalId }, { limit: 10 })
    const ids = [...new Set(identities.map(({ user }) => user))]
    if (ids.length === 1) candidates.push(...(await environment.store.users.find(org, { _id: ids[0] })))
  }
  if (candidates.length === 0 && typeof body.userName === 'string') {
    const { userName } = body
    const user = await environment.store.users.findOne(org, { 'search.userName': foldUserName(userName) })
    const proven = user?.provenEmails.includes(asciiKey(userName)) ?? false
    if (user !== null && proven && equalIgnoringAsciiCase(String(user.resource.userName), userName)) {
      candidates.push(user)
    }
  }
  const found = candidates[0]
  return found === undefined || found.managedBy.some((source) => source.startsWith('scim:')) ? null : found
}
