/** What is remembered of a deleted user, so that the next login does not quietly make the person anew. */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { foldUserName } from '../schema/fold.ts'
import type { JsonObject } from '../schema/types.ts'
import type { TombstoneDocument, UserDocument } from '../store/documents.ts'
import { type DirectoryEnvironment, isId, newId } from './environment.ts'
import { asciiKey } from './keys.ts'
import type { Workspace } from './workspace.ts'

/** Days that a removal sticks. */
const retention = 400

export async function buryUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  user: UserDocument,
): Promise<void> {
  const { context } = workspace
  const identities = await environment.store.identities.find(context.organization.id, { user: user._id })
  const userName = String(user.resource.userName)
  workspace.tombstones.push({
    _id: newId(context.now),
    org: context.organization.id,
    user: user._id,
    userName,
    userNameKey: foldUserName(userName),
    externalIds: user.externalIds,
    emailKeys: emailsOf(user).map(asciiKey),
    identityKeys: identities.map((identity) => identityKey(identity.connection, identity.issuer, identity.subject)),
    deletedAt: context.now,
    actor: context.source,
    expiresAt: new Date(context.now.getTime() + retention * 86_400_000),
  })
}

export function identityKey(connection: string, issuer: string, subject: string): string {
  return `${connection}|${issuer}|${subject}`
}

export function emailsOf(user: UserDocument): readonly string[] {
  const emails = user.resource.emails
  if (!Array.isArray(emails)) return []
  return (emails as readonly JsonObject[]).map(({ value }) => value).filter((value) => typeof value === 'string')
}

/** Newest last. */
export async function listTombstones(
  environment: DirectoryEnvironment,
  context: RequestContext,
  page: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ readonly items: readonly JsonObject[]; readonly nextCursor: string | null }> {
  const found = await environment.store.tombstones.find(
    context.organization.id,
    { expiresAt: { $gt: context.now }, ...(page.cursor === undefined ? {} : { _id: { $gt: page.cursor } }) },
    { sort: { _id: 1 }, limit: page.limit + 1 },
  )
  const items = found.slice(0, page.limit)
  return { items: items.map(tombstoneView), nextCursor: found.length > page.limit ? items.at(-1)!._id : null }
}

/** Lifts a tombstone: the person may be made anew. @throws UsherError `not_found` */
export async function removeTombstone(
  environment: DirectoryEnvironment,
  context: RequestContext,
  id: string,
): Promise<void> {
  const removed = isId(id) && (await environment.store.tombstones.deleteOne(context.organization.id, { _id: id }))
  if (!removed) throw new UsherError('not_found', 'There is no such tombstone.')
}

function tombstoneView(tombstone: TombstoneDocument): JsonObject {
  return {
    id: tombstone._id,
    user: tombstone.user,
    userName: tombstone.userName,
    externalIds: tombstone.externalIds.map(({ client, value }) => ({ client, value })),
    identities: tombstone.identityKeys.map((key) => {
      const [connection = '', ...rest] = key.split('|')
      return { connection, subject: rest.at(-1) ?? '' }
    }),
    deletedAt: tombstone.deletedAt.toISOString(),
    actor: tombstone.actor,
    expiresAt: tombstone.expiresAt.toISOString(),
  }
}
