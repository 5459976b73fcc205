/**
 * Users whom only logins know and whom nobody has seen for long: found by the last use of their links, the oldest first,
 * so that people who come and go cost nothing.
 */
import type { RequestContext, Source } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { JsonObject } from '../schema/types.ts'
import type { HoldDocument, IdentityDocument, UserDocument } from '../store/documents.ts'
import { repeatOnConflict } from './apply.ts'
import type { CarePageRequest, Retired, StaleUsersSetting } from './care.ts'
import { commit } from './commit.ts'
import { recordDepartures } from './departures.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { writeHolds } from './hold-user.ts'
import { isActive, place } from './holds.ts'
import { removeUser } from './plan-user.ts'
import { guardLastHolders } from './privilege.ts'
import { type Survey, type SurveyPage, surveyPage } from './survey.ts'
import { Workspace } from './workspace.ts'

/** Who suspends and deletes stale users: one name for every run, so that a run knows what an earlier one has done. */
export const staleUsersJob: Source = 'job:stale-users'

const day = 86_400_000

type StaleAction = 'suspend' | 'delete'

interface StaleUser {
  readonly user: UserDocument
  readonly lastSeen: Date
}

/** See `Directory.staleUsers`. */
export function listStaleUsers(
  environment: DirectoryEnvironment,
  context: RequestContext,
  days: number,
  page: CarePageRequest,
): Promise<SurveyPage<JsonObject>> {
  const cutoff = daysBefore(context.now, days)
  const survey = staleSurvey(environment, context, cutoff, (stale) => [staleView(context, stale)])
  return surveyPage(survey, page)
}

/** See `Directory.staleActions`. */
export function listStaleActions(
  environment: DirectoryEnvironment,
  context: RequestContext,
  setting: StaleUsersSetting,
  page: CarePageRequest,
): Promise<SurveyPage<JsonObject>> {
  const survey = actionSurvey(environment, context, setting)
  return surveyPage(
    {
      ...survey,
      find: async (rows) =>
        (await survey.find(rows)).map((found) =>
          found.map(({ action, ...stale }) => ({ ...staleView(context, stale), action })),
        ),
    },
    page,
  )
}

/** See `Directory.retireStaleUsers`. Each user is a change of its own. */
export async function retireStaleUsers(
  environment: DirectoryEnvironment,
  given: RequestContext,
  setting: StaleUsersSetting,
  page: CarePageRequest,
): Promise<Retired> {
  const context = { ...given, source: staleUsersJob }
  const { items, nextCursor } = await surveyPage(actionSurvey(environment, context, setting), page)
  const done = { suspended: 0, deleted: 0, kept: 0 }
  for (const { user } of items) {
    const outcome = await retire(environment, context, setting, user._id)
    if (outcome !== null) done[outcome] += 1
  }
  return { ...done, nextCursor }
}

/** Looks at the user once more: somebody may have come, or may know the user by now. */
async function retire(
  environment: DirectoryEnvironment,
  context: RequestContext,
  setting: StaleUsersSetting,
  id: string,
): Promise<'suspended' | 'deleted' | 'kept' | null> {
  const { store, queue } = environment
  const org = context.organization.id
  const attempt = async () => {
    const [user, identities] = await Promise.all([
      store.users.findOne(org, { _id: id }),
      store.identities.find(org, { user: id }),
    ])
    const stale = user && staleFrom(user, identities)
    const action = stale && actionFor(setting, stale, context.now)
    if (!stale || action === null) return null
    const workspace = new Workspace(context)
    workspace.unseenSince.set(id, stale.lastSeen)
    if (action === 'delete') {
      await removeUser(environment, workspace, stale.user)
      await recordDepartures(environment, workspace)
    } else {
      const reason = `Nobody has signed in for ${setting.suspendAfterDays} days.`
      const hold = { kind: 'suspended', source: context.source, at: context.now, reason } as const
      await writeHolds(environment, workspace, stale.user, place(stale.user.holds, hold), 'suspend')
    }
    await guardLastHolders(environment, workspace)
    await commit(environment, workspace, null)
    return action === 'delete' ? 'deleted' : 'suspended'
  }
  try {
    return await queue.run([`${org}|${id}`], () => repeatOnConflict(environment, attempt))
  } catch (error) {
    if (error instanceof UsherError && error.code === 'last_admin_kept') return 'kept'
    throw error
  }
}

/**
 * What the setting asks for. A deletion always comes after a suspension that was as long as the setting promises, also
 * when both are switched on at once; whoever was changed lately, by whomever, is left alone for a whole period.
 */
function actionFor(
  { suspendAfterDays, deleteAfterDays }: StaleUsersSetting,
  { user, lastSeen }: StaleUser,
  now: Date,
): StaleAction | null {
  const hold = user.holds.find(isOurs)
  const isPast = (since: Date, days: number) => since <= daysBefore(now, days)
  if (hold !== undefined) {
    if (deleteAfterDays === null) return null
    const warned = deleteAfterDays - (suspendAfterDays ?? 0)
    return isPast(lastSeen, deleteAfterDays) && isPast(hold.at, warned) ? 'delete' : null
  }
  const touched = user.lastModified > lastSeen ? user.lastModified : lastSeen
  if (suspendAfterDays !== null) return isPast(touched, suspendAfterDays) ? 'suspend' : null
  return deleteAfterDays !== null && isPast(touched, deleteAfterDays) ? 'delete' : null
}

function actionSurvey(environment: DirectoryEnvironment, context: RequestContext, setting: StaleUsersSetting) {
  const days = Math.min(setting.suspendAfterDays ?? Infinity, setting.deleteAfterDays ?? Infinity)
  const cutoff = Number.isFinite(days) ? daysBefore(context.now, days) : new Date(0)
  return staleSurvey(environment, context, cutoff, (stale) => {
    const action = actionFor(setting, stale, context.now)
    return action === null ? [] : [{ ...stale, action }]
  })
}

/** Walks the links that nobody has used since the cutoff, in the order of their last use. */
function staleSurvey<Item>(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  cutoff: Date,
  show: (stale: StaleUser) => readonly Item[],
): Survey<IdentityDocument, Item> {
  const org = organization.id
  const unused = { $or: [{ lastLogin: null }, { lastLogin: { $lte: cutoff } }] }
  return {
    read: (from, limit) =>
      store.identities.find(org, from === null ? unused : { $and: [unused, behind(from)] }, {
        sort: { lastLogin: 1, _id: 1 },
        limit,
      }),
    keyOf: ({ lastLogin, _id }) => `${lastLogin === null ? '' : lastLogin.getTime()}:${_id}`,
    find: async (rows) => {
      const ids = { $in: [...new Set(rows.map(({ user }) => user))] }
      const [users, identities] = await Promise.all([
        store.users.find(org, { _id: ids }),
        store.identities.find(org, { user: ids }),
      ])
      const byId = new Map(users.map((user) => [user._id, user]))
      const byUser = Map.groupBy(identities, ({ user }) => user)
      return rows.map((row) => {
        const user = byId.get(row.user)
        const links = byUser.get(row.user) ?? []
        const stale = user === undefined ? null : staleFrom(user, links)
        // A user with several links is shown at the one that was used last.
        const isLast = links.reduce(later, row)._id === row._id
        return stale === null || !isLast || stale.lastSeen > cutoff ? [] : show(stale)
      })
    },
  }
}

/** The links from this place on; absent times come first, as in the index. */
function behind(key: string): Readonly<Record<string, unknown>> {
  const [, time, id] = /^(\d{0,15}):([\w-]+)$/.exec(key) ?? []
  if (id === undefined) throw new UsherError('invalid_cursor', 'The cursor is not one that this report has given.')
  const lastLogin = time === '' ? null : new Date(Number(time))
  const later = { lastLogin: { $gt: lastLogin ?? new Date(0) } }
  return { $or: [{ lastLogin, _id: { $gte: id } }, later] }
}

function later(a: IdentityDocument, b: IdentityDocument): IdentityDocument {
  const [x, y] = [a.lastLogin?.getTime() ?? -1, b.lastLogin?.getTime() ?? -1]
  return x === y ? (a._id > b._id ? a : b) : x > y ? a : b
}

/** Null for users whom anybody but logins knows: has given something, or holds them inactive. */
function staleFrom(user: UserDocument, identities: readonly IdentityDocument[]): StaleUser | null {
  const isLogin = (source: Source) => source.startsWith('login:') || source.startsWith('invitation:')
  if (identities.length === 0 || !user.managedBy.every(isLogin) || !user.holds.every(isOurs)) return null
  const times = identities.flatMap(({ linkedAt, lastLogin }) => [linkedAt.getTime(), lastLogin?.getTime() ?? 0])
  return { user, lastSeen: new Date(Math.max(...times)) }
}

function isOurs({ source }: HoldDocument): boolean {
  return source === staleUsersJob
}

function staleView({ now }: RequestContext, { user, lastSeen }: StaleUser): JsonObject {
  const hold = user.holds.find(isOurs)
  return {
    id: user._id,
    userName: user.resource.userName,
    active: isActive(user.holds),
    managedBy: user.managedBy,
    lastSeen: lastSeen.toISOString(),
    days: Math.floor((now.getTime() - lastSeen.getTime()) / day),
    suspendedAt: hold?.at.toISOString() ?? null,
  }
}

function daysBefore(now: Date, days: number): Date {
  return new Date(now.getTime() - days * day)
}
