/** What logins have left for an administrator to decide: found, listed and shown. */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../schema/types.ts'
import type { InboxDocument, InboxKind } from '../store/documents.ts'
import { type DirectoryEnvironment, isId } from './environment.ts'
import { groupDisplays } from './surroundings.ts'
import type { InboxAction, InboxPage, InboxQuery, InboxView } from './types.ts'

/** Which answers make sense for what. */
export const answersByKind: Readonly<Record<InboxKind, readonly InboxAction[]>> = {
  removal_held: ['release', 'discard'],
  match_ambiguous: ['link', 'create', 'dismiss'],
  match_target_protected: ['link', 'create', 'dismiss'],
  linked_to_other_subject: ['link', 'create', 'dismiss'],
  link_removed: ['link', 'create', 'dismiss'],
  username_taken: ['link', 'dismiss'],
  user_deleted: ['link', 'create', 'dismiss'],
  seat_limit_reached: ['dismiss'],
}

/** Newest first. */
export async function listInbox(
  environment: DirectoryEnvironment,
  context: RequestContext,
  query: InboxQuery,
): Promise<InboxPage> {
  const { kind, status, connection, user, cursor, limit } = query
  const found = await environment.store.inbox.find(
    context.organization.id,
    {
      expiresAt: { $gt: context.now },
      ...(kind === undefined ? {} : { kind }),
      ...(status === undefined ? {} : { status }),
      ...(connection === undefined ? {} : { connection }),
      ...(user === undefined ? {} : { users: user }),
      ...(cursor === undefined ? {} : { _id: { $lt: cursor } }),
    },
    { sort: { _id: -1 }, limit: limit + 1 },
  )
  const items = found.slice(0, limit)
  return {
    items: await showItems(environment, context, items),
    nextCursor: found.length > limit ? items.at(-1)!._id : null,
  }
}

/** @throws UsherError `not_found` */
export async function readInboxItem(
  environment: DirectoryEnvironment,
  context: RequestContext,
  id: string,
): Promise<InboxView> {
  return showItem(environment, context, await findItem(environment, context, id))
}

/** @throws UsherError `not_found` */
export async function findItem(
  { store }: DirectoryEnvironment,
  { organization, now }: RequestContext,
  id: string,
): Promise<InboxDocument> {
  const item = isId(id) ? await store.inbox.findOne(organization.id, { _id: id, expiresAt: { $gt: now } }) : null
  if (item === null) throw new UsherError('not_found', 'There is no such item.')
  return item
}

export async function showItem(
  environment: DirectoryEnvironment,
  context: RequestContext,
  item: InboxDocument,
): Promise<InboxView> {
  const [shown] = await showItems(environment, context, [item])
  return shown!
}

/** Users and groups are called by their names of today; those that are gone have none. */
async function showItems(
  environment: DirectoryEnvironment,
  context: RequestContext,
  items: readonly InboxDocument[],
): Promise<readonly InboxView[]> {
  const org = context.organization.id
  const unique = (ids: readonly string[]) => [...new Set(ids)]
  const [groups, users] = await Promise.all([
    groupDisplays(environment, org, unique(items.flatMap((item) => item.groups))),
    userNames(environment, org, unique(items.flatMap(foundUsers))),
  ])
  return items.map((item) => itemView(item, groups, users))
}

function foundUsers({ user, users }: InboxDocument): readonly string[] {
  return users.filter((id) => id !== user)
}

async function userNames(
  { store }: DirectoryEnvironment,
  org: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const found = await store.users.find(org, { _id: { $in: ids } }, { projection: { 'resource.userName': 1 } })
  return new Map(found.map(({ _id, resource }) => [_id, String(resource.userName)]))
}

function itemView(
  item: InboxDocument,
  groups: ReadonlyMap<string, string>,
  users: ReadonlyMap<string, string>,
): InboxView {
  const named = (ids: readonly string[], names: ReadonlyMap<string, string>) =>
    ids.map((value) => (names.has(value) ? { value, display: names.get(value)! } : { value }))
  const { connection, issuer, subject, user, answer } = item
  return {
    id: item._id,
    version: item.version,
    kind: item.kind,
    status: item.status,
    person: { connection, issuer, subject, user, claims: claimValues(item) },
    detail: item.detail,
    candidates: named(foundUsers(item), users),
    groups: named(item.groups, groups),
    firstAt: item.first.at.toISOString(),
    lastAt: item.last.at.toISOString(),
    count: item.count,
    firstDecision: { id: item.first.decision, reference: item.first.reference },
    lastDecision: { id: item.last.decision, reference: item.last.reference },
    answers: item.status === 'open' ? answersByKind[item.kind] : [],
    answer:
      answer === null
        ? null
        : {
            action: answer.action,
            actor: answer.actor,
            at: answer.at.toISOString(),
            ...(answer.decision === undefined ? {} : { decisionId: answer.decision }),
          },
  }
}

/** Claims by name. Names are a stranger's: no prototype may be in reach. */
function claimValues({ claims }: InboxDocument): JsonObject {
  const values: Record<string, JsonValue> = Object.create(null)
  for (const { name, value } of claims) if (value !== undefined) values[name] = value
  return values
}
