/** What is remembered of a deleted user, so that the next login does not quietly make the person anew. */
import { type RequestContext, retentionOf } from '../context.ts'
import { UsherError } from '../errors.ts'
import { foldUserName } from '../schema/fold.ts'
import type { JsonObject } from '../schema/types.ts'
import type { TombstoneDocument, UserDocument } from '../store/documents.ts'
import { type DirectoryEnvironment, isId, newId } from './environment.ts'
import { eraseRecords, hasDecisions } from './erasure.ts'
import { asciiKey, identityKey, readIdentityKey } from './keys.ts'
import { Workspace } from './workspace.ts'

/**
 * Plans what stays of a user who goes. Of one that becomes part of another nothing is remembered by which a login could
 * be recognised: that is the other's now.
 */
export async function buryUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  user: UserDocument,
  mergedInto?: string,
): Promise<void> {
  const { context } = workspace
  const org = context.organization.id
  const days = retentionOf(context.organization).tombstoneDays
  const userName = String(user.resource.userName)
  const stone = {
    _id: newId(context.now),
    org,
    user: user._id,
    userName,
    userNameKey: foldUserName(userName),
    deletedAt: context.now,
    actor: context.source,
    expiresAt: new Date(context.now.getTime() + days * 86_400_000),
  }
  if (mergedInto !== undefined) {
    workspace.tombstones.push({ ...stone, externalIds: [], emailKeys: [], identityKeys: [], mergedInto })
    return
  }
  const [identities, cut] = await Promise.all([
    environment.store.identities.find(org, { user: user._id }),
    environment.store.pastLinks.find(org, { user: user._id, barred: true }),
  ])
  const identityKeys = [...identities, ...cut].map(({ connection, issuer, subject }) =>
    identityKey(connection, issuer, subject),
  )
  const isRecorded = identityKeys.length > 0 || (await hasDecisions(environment, org, user._id))
  workspace.tombstones.push({
    ...stone,
    externalIds: user.externalIds,
    emailKeys: emailsOf(user).map(asciiKey),
    identityKeys,
    ...(isRecorded ? { unerased: true } : {}),
  })
}

export function emailsOf(user: UserDocument): readonly string[] {
  const emails = user.resource.emails
  if (!Array.isArray(emails)) return []
  return (emails as readonly JsonObject[]).map(({ value }) => value).filter((value) => typeof value === 'string')
}

export interface TombstoneQuery {
  /** The id that the user had. */
  readonly user?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

/** Newest last. */
export async function listTombstones(
  environment: DirectoryEnvironment,
  context: RequestContext,
  page: TombstoneQuery,
): Promise<{ readonly items: readonly JsonObject[]; readonly nextCursor: string | null }> {
  const found = await environment.store.tombstones.find(
    context.organization.id,
    {
      expiresAt: { $gt: context.now },
      ...(page.user === undefined ? {} : { user: page.user }),
      ...(page.cursor === undefined ? {} : { _id: { $gt: page.cursor } }),
    },
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
  const { store } = environment
  const org = context.organization.id
  const found = isId(id) ? await store.tombstones.findOne(org, { _id: id }) : null
  if (found === null) throw new UsherError('not_found', 'There is no such tombstone.')
  if (found.unerased === true) await eraseRecords(environment, org, [found], context.now)
  const workspace = new Workspace(context)
  workspace.record('User', found.user, null, 'lift-tombstone', [{ method: 'DELETE', path: `/tombstones/${id}` }])
  await store.transaction(async (session) => {
    const removed = await store.tombstones.deleteOne(org, { _id: id }, session)
    if (removed) await store.changes.insertMany(org, workspace.changes, session)
  })
}

function tombstoneView(tombstone: TombstoneDocument): JsonObject {
  return {
    id: tombstone._id,
    user: tombstone.user,
    userName: tombstone.userName,
    externalIds: tombstone.externalIds.map(({ client, value }) => ({ client, value })),
    identities: tombstone.identityKeys.map(readIdentityKey).map(({ connection, subject }) => ({ connection, subject })),
    ...(tombstone.mergedInto === undefined ? {} : { mergedInto: tombstone.mergedInto }),
    deletedAt: tombstone.deletedAt.toISOString(),
    actor: tombstone.actor,
    expiresAt: tombstone.expiresAt.toISOString(),
  }
}
