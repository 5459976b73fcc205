/**
 * The links between users and the subjects of connections. A link that is closed is not forgotten: it stays in the
 * user's history, and where it was closed with a bar no rule leads its subject to that user again.
 */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { ConnectionState } from '../provisioning/types.ts'
import type { JsonObject } from '../schema/types.ts'
import type { IdentityDocument, PastLinkDocument } from '../store/documents.ts'
import type { Query } from '../store/store.ts'
import { repeatOnConflict } from './apply.ts'
import { commit } from './commit.ts'
import { type DirectoryEnvironment, isId } from './environment.ts'
import { unlinkUser } from './hold-user.ts'
import { guardLastHolders } from './privilege.ts'
import { Workspace } from './workspace.ts'

/** Links of one user that are shown at most, open and closed ones each. */
const shownLinks = 200

/** Whether a link admits its subject no more, though nobody has put it away yet. */
export function hasEnded({ ending }: Pick<IdentityDocument, 'ending'>, now: Date): boolean {
  return ending !== undefined && ending.until.getTime() <= now.getTime()
}

/** Plans that a link is no more, and that its user's history says so. @param barred no rule is to make it again */
export function closeLink(
  workspace: Workspace,
  identity: IdentityDocument,
  reason: PastLinkDocument['reason'],
  barred: boolean,
): void {
  const { now, source } = workspace.context
  const { _id, user } = identity
  workspace.severed.push(_id)
  workspace.pastLinks.push({ ...identity, closedAt: now, closedBy: source, reason, barred })
  workspace.record('User', user, null, 'unlink', [{ method: 'DELETE', path: `/Users/${user}/identities/${_id}` }])
}

/** Users to whom no rule may lead this subject, because a link between the two was closed. */
export async function readBarred(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  connection: Pick<ConnectionState, 'id' | 'issuer'>,
  subject: string | null,
): Promise<readonly string[]> {
  if (subject === null) return []
  const query = barredQuery(connection, subject)
  const found = await store.pastLinks.find(organization.id, query, { projection: { user: 1 }, limit: shownLinks })
  return found.map(({ user }) => user)
}

export function barredQuery(
  { id: connection, issuer }: Pick<ConnectionState, 'id' | 'issuer'>,
  subject: string,
): Query {
  return { connection, issuer, subject, barred: true }
}

/** The links of a user, those first that are open. @throws UsherError `not_found` */
export async function listLinks(
  { store }: DirectoryEnvironment,
  context: RequestContext,
  user: string,
): Promise<readonly JsonObject[]> {
  const org = context.organization.id
  const known = isId(user) && (await store.users.findOne(org, { _id: user }, { projection: { _id: 1 } })) !== null
  if (!known) throw new UsherError('not_found', 'There is no such user.')
  const page = { sort: { _id: 1 }, limit: shownLinks } as const
  const [open, closed] = await Promise.all([
    store.identities.find(org, { user }, page),
    store.pastLinks.find(org, { user }, { ...page, sort: { _id: -1 } }),
  ])
  return [
    ...open.map((link) => ({ ...linkView(link), closedAt: null, closedBy: null, reason: null, barred: false })),
    ...closed.map(({ closedAt, closedBy, reason, barred, ...link }) => ({
      ...linkView(link),
      closedAt: closedAt.toISOString(),
      closedBy,
      reason,
      barred,
    })),
  ]
}

function linkView({ _id, connection, issuer, subject, linkedAt, lastLogin, ending, origin }: IdentityDocument) {
  return {
    id: _id,
    connection,
    issuer,
    subject,
    linkedAt: linkedAt.toISOString(),
    lastLogin: lastLogin?.toISOString() ?? null,
    until: ending?.until.toISOString() ?? null,
    follows: origin?.link ?? null,
  }
}

/** Lets the rules lead the subject of a closed link to its user again. @throws UsherError `not_found` */
export async function liftBar(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: string,
  link: string,
): Promise<void> {
  const org = context.organization.id
  const { store } = environment
  const query = { _id: link, user, barred: true }
  const found = isId(user) && isId(link) ? await store.pastLinks.findOne(org, query) : null
  if (found === null) throw new UsherError('not_found', 'There is no closed link that keeps rules away.')
  const workspace = new Workspace(context)
  workspace.record('User', user, null, 'lift-bar', [
    { method: 'DELETE', path: `/Users/${user}/identities/${link}/bar` },
  ])
  await store.transaction(async (session) => {
    const lifted = await store.pastLinks.updateOne(org, query, { $set: { barred: false } }, session)
    if (lifted) await store.changes.insertMany(org, workspace.changes, session)
  })
}

/** Closes a link whose time is over, in the name of whoever set the time. */
export async function closeEnded(
  environment: DirectoryEnvironment,
  context: RequestContext,
  link: string,
): Promise<void> {
  const { store } = environment
  const org = context.organization.id
  await repeatOnConflict(environment, async () => {
    const identity = await store.identities.findOne(org, { _id: link })
    if (identity?.ending === undefined || !hasEnded(identity, context.now)) return
    const { actor, job } = identity.ending
    const workspace = new Workspace({ ...context, source: actor, requestId: `job-${job}` })
    closeLink(workspace, identity, 'relinked', true)
    const user = await store.users.findOne(org, { _id: identity.user })
    if (user !== null) unlinkUser(environment, workspace, user, identity.connection)
    await guardLastHolders(environment, workspace)
    await commit(environment, workspace, null)
  })
}
