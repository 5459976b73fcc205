/**
 * Moving people from one connection to another: each gets a link to the new one beside the old one, which ends at a
 * time that was set. Every link is a change of its own, with the rights of whoever asked for the relink.
 */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { JsonObject } from '../schema/types.ts'
import type { IdentityDocument, RelinkRowDocument, RelinkVerdict, UserDocument } from '../store/documents.ts'
import { repeatOnConflict } from './apply.ts'
import { commit } from './commit.ts'
import { type DirectoryEnvironment, newId } from './environment.ts'
import { linkConnection, unlinkUser } from './hold-user.ts'
import { closeLink, readBarred } from './links.ts'
import { guardLastHolders, guardPrivilegedUser } from './privilege.ts'
import type { RelinkOrder, RelinkPlace, RelinkProgress } from './relink-order.ts'
import { planRelink } from './relink-plan.ts'
import { groupsOf } from './roles.ts'
import { Workspace } from './workspace.ts'

/** People that are planned, or moved, in one step. */
const planned = 200
const moved = 50
const samplesOfEach = 5

/** See `Directory.relink`. */
export async function relink(
  environment: DirectoryEnvironment,
  context: RequestContext,
  order: RelinkOrder,
  place: RelinkPlace | null,
): Promise<RelinkProgress> {
  const { relinkRows } = environment.store
  const org = context.organization.id
  const { phase, after } = place ?? { phase: 'plan', after: '' }
  if (phase === 'plan') {
    const next = await planRelink(environment, context, order, after, planned)
    return { place: next === null ? { phase: 'move', after: '' } : { phase, after: next }, judged: 0, result: null }
  }
  const rows = await relinkRows.find(org, { job: order.job, verdict: null }, { sort: { _id: 1 }, limit: moved })
  for (const row of rows) {
    const verdict = await moveOne(environment, context, order, row)
    await relinkRows.updateOne(org, { _id: row._id }, { $set: { verdict } })
  }
  const result = rows.length < moved ? await report(environment, org, order) : null
  return { place: { phase, after }, judged: rows.length, result }
}

async function report({ store }: DirectoryEnvironment, org: string, order: RelinkOrder): Promise<JsonObject> {
  const verdicts = ['moved', 'alreadyLinked', 'ambiguous', 'protected', 'missing'] as const
  const parts = await Promise.all(
    verdicts.map(async (verdict) => {
      const query = { job: order.job, verdict }
      const [count, rows] = await Promise.all([
        store.relinkRows.count(org, query),
        store.relinkRows.find(org, query, { sort: { _id: 1 }, limit: samplesOfEach }),
      ])
      const samples = rows.map(({ user, subject, newSubject }) => ({ verdict, user, subject, newSubject }))
      return { verdict, count, samples }
    }),
  )
  return {
    people: parts.reduce((sum, { count }) => sum + count, 0),
    ...Object.fromEntries(parts.map(({ verdict, count }) => [verdict, count])),
    until: order.until?.toISOString() ?? null,
    dryRun: order.dryRun,
    samples: parts.flatMap(({ samples }) => samples),
  }
}

/** What becomes of one person; written unless it is only tried. */
async function moveOne(
  environment: DirectoryEnvironment,
  context: RequestContext,
  order: RelinkOrder,
  row: RelinkRowDocument,
): Promise<RelinkVerdict> {
  const { link, user, newSubject } = row
  if (link === null || user === null || newSubject === null) return 'missing'
  if (await isAmbiguous(environment, row)) return 'ambiguous'
  return environment.queue.run([`${context.organization.id}|${user}`], () =>
    repeatOnConflict(environment, () => attempt(environment, context, order, { link, user, newSubject })),
  )
}

/** Two rows that name one person, or one new subject, cannot both be meant, and none of them is the first. */
async function isAmbiguous({ store }: DirectoryEnvironment, { org, job, user, newSubject }: RelinkRowDocument) {
  const [ofUser, ofSubject] = await Promise.all([
    store.relinkRows.count(org, { job, user }, { limit: 2 }),
    store.relinkRows.count(org, { job, newSubject }, { limit: 2 }),
  ])
  return ofUser > 1 || ofSubject > 1
}

interface Move {
  readonly link: string
  readonly user: string
  readonly newSubject: string
}

async function attempt(
  environment: DirectoryEnvironment,
  context: RequestContext,
  order: RelinkOrder,
  { link, user: id, newSubject }: Move,
): Promise<RelinkVerdict> {
  const { store } = environment
  const org = context.organization.id
  const { to } = order
  const [old, user, own, taken, barred] = await Promise.all([
    store.identities.findOne(org, { _id: link }),
    store.users.findOne(org, { _id: id }),
    store.identities.findOne(org, { connection: to.id, user: id }),
    store.identities.findOne(org, { connection: to.id, issuer: to.issuer, subject: newSubject }),
    readBarred(environment, context, to, newSubject),
  ])
  if (user === null) return 'missing'
  const made = own !== null && own.origin?.job === order.job
  if (old === null) return made ? 'moved' : 'missing'
  if (own === null ? taken !== null : own.subject !== newSubject || own.issuer !== to.issuer) return 'ambiguous'
  const workspace = new Workspace(context)
  if (own === null) {
    if (barred.includes(id) || (await isProtected(environment, workspace, order, user))) return 'protected'
    planLink(environment, workspace, order, user, { link, newSubject })
  }
  endOldLink(environment, workspace, order, old, user)
  if (!order.dryRun && !workspace.isEmpty) {
    await guardLastHolders(environment, workspace)
    await commit(environment, workspace, null)
  }
  return own === null || made ? 'moved' : 'alreadyLinked'
}

/**
 * Whether the user is kept out of a bulk relink: by a privileged role that the caller may not deal with, or by the
 * settings of the new connection. Whoever names somebody by name means them.
 */
async function isProtected(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  { by, to }: RelinkOrder,
  user: UserDocument,
): Promise<boolean> {
  try {
    await guardPrivilegedUser(environment, workspace, user)
  } catch (error) {
    if (error instanceof UsherError && error.code === 'privileged_grant_refused') return true
    throw error
  }
  if ('pairs' in by) return false
  const { users, groups } = to.neverLink
  if (users.includes(user._id)) return true
  if (groups.length === 0) return false
  const within = (await groupsOf(environment, workspace.context.organization.id, [user._id])).get(user._id)
  return groups.some((group) => within?.has(group))
}

function planLink(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  { job, to }: RelinkOrder,
  user: UserDocument,
  { link, newSubject }: Pick<Move, 'link' | 'newSubject'>,
): void {
  const { now, organization } = workspace.context
  const { id: connection, issuer } = to
  workspace.identities.push({
    _id: newId(now),
    org: organization.id,
    connection,
    issuer,
    subject: newSubject,
    user: user._id,
    linkedAt: now,
    lastLogin: null,
    origin: { job, link },
    // The person may have been turned away here before: the next login looks into the inbox.
    pending: true,
  })
  linkConnection(environment, workspace, user, connection)
  const data = { connection, issuer, subject: newSubject }
  workspace.record('User', user._id, null, 'link', [{ method: 'POST', path: `/Users/${user._id}/identities`, data }])
}

/** The old link ends at the time that was set; at once without one. */
function endOldLink(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  { job, until }: RelinkOrder,
  old: IdentityDocument,
  user: UserDocument,
): void {
  const { source } = workspace.context
  if (until === null) {
    closeLink(workspace, old, 'relinked', true)
    unlinkUser(environment, workspace, user, old.connection)
  } else if (old.ending?.until.getTime() !== until.getTime()) {
    workspace.endings.set(old._id, { until, actor: source, job })
  }
}
