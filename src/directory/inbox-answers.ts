/** What administrators answer: each answer is one transaction with what it means for the directory, and one change. */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { JsonObject } from '../schema/types.ts'
import type { InboxAnswerDocument, InboxDocument } from '../store/documents.ts'
import { repeatOnConflict } from './apply.ts'
import { commit } from './commit.ts'
import { edgesTo, withSource } from './edges.ts'
import { type DirectoryEnvironment, newId } from './environment.ts'
import { linkConnection } from './hold-user.ts'
import { answersByKind, findItem, showItem } from './inbox.ts'
import { closing } from './inbox-reports.ts'
import { memberOperations } from './member-changes.ts'
import { loadUser } from './plan-user.ts'
import { checkPrecondition } from './precondition.ts'
import { guardLastHolders, guardPrivilegedMembership, guardPrivilegedUser } from './privilege.ts'
import { patchBody } from './record-form.ts'
import type { IfMatch, InboxAnswer, InboxView } from './types.ts'
import type { EdgeDraft } from './workspace.ts'
import { Workspace } from './workspace.ts'

/** What an answer means. */
interface Outcome {
  /** The user that the person has from now on; null for none. */
  readonly user: string | null
  /** What was answered, for the record. */
  readonly data: JsonObject
}

/** See `Directory.answerInboxItem`. */
export async function answerInboxItem(
  environment: DirectoryEnvironment,
  context: RequestContext,
  id: string,
  answer: InboxAnswer,
  ifMatch: IfMatch | undefined,
): Promise<InboxView> {
  return environment.queue.run([`${context.organization.id}|${id}`], () =>
    repeatOnConflict(environment, async () => {
      const item = await findItem(environment, context, id)
      checkAnswer(item, answer, ifMatch)
      const workspace = new Workspace(context)
      const { user, data } = await planAnswer(environment, workspace, item, answer)
      const { action } = answer
      const given: InboxAnswerDocument = { action, actor: context.source, at: context.now }
      const write = closing(workspace, item, given, user, action === 'create')
      workspace.inbox.push(write)
      workspace.record('InboxItem', id, null, action, [{ method: 'POST', path: `/inbox/${id}/${action}`, data }])
      await guardLastHolders(environment, workspace)
      await commit(environment, workspace, null)
      return showItem(environment, context, { ...item, ...write.update.$set, version: item.version + 1 })
    }),
  )
}

/** The version of an item as an entity tag. */
export function inboxTag(version: number): string {
  return `"${version}"`
}

function checkAnswer(item: InboxDocument, { action }: InboxAnswer, ifMatch: IfMatch | undefined): void {
  checkPrecondition(ifMatch, inboxTag(item.version))
  if (item.status !== 'open') {
    throw new UsherError('already_answered', `The item was answered with "${item.answer?.action}".`)
  }
  const possible = answersByKind[item.kind]
  if (!possible.includes(action)) {
    throw new UsherError(
      'invalid_request',
      `An item of the kind "${item.kind}" is answered with ${possible.join(', ')}.`,
    )
  }
}

async function planAnswer(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  item: InboxDocument,
  answer: InboxAnswer,
): Promise<Outcome> {
  switch (answer.action) {
    case 'release':
    case 'discard':
      return planHeld(environment, workspace, item, answer.action)
    case 'link':
      return planLink(environment, workspace, item, answer.user)
    case 'create':
    case 'dismiss':
      return { user: item.user, data: {} }
  }
}

/**
 * A release takes what the connection gave and nothing else. A discard makes the membership one by hand, so that later
 * logins have nothing to take.
 */
async function planHeld(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  item: InboxDocument,
  action: 'release' | 'discard',
): Promise<Outcome> {
  const giver = `login:${item.connection}`
  const member = item.user ?? ''
  const touched: string[] = []
  for (const group of item.groups) {
    const edge = (await edgesTo(environment, workspace, group, [member])).get(member)!
    const after = edge.after.filter(({ source }) => source !== giver)
    if (after.length === edge.after.length) continue
    touched.push(group)
    const without: EdgeDraft = { ...edge, after }
    if (action === 'discard') {
      await guardPrivilegedMembership(environment, workspace, group)
      workspace.setEdge(withSource(workspace, without, edge.kind))
      continue
    }
    workspace.setEdge(without)
    if (after.length > 0) continue
    const data = patchBody(memberOperations({ added: [], removed: [member] }))
    workspace.record('Group', group, null, 'patch', [{ method: 'PATCH', path: `/Groups/${group}`, data }])
  }
  return { user: item.user, data: { user: member, groups: touched } }
}

/** The person signs in as this user from now on. */
async function planLink(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  item: InboxDocument,
  id: string,
): Promise<Outcome> {
  const { store } = environment
  const { organization, now } = workspace.context
  const { connection, issuer, subject } = item
  const user = await loadUser(environment, workspace, id)
  const [owner, others] = await Promise.all([
    store.connections.findOne(organization.id, { _id: connection, deleting: false }),
    store.identities.find(organization.id, { connection, $or: [{ issuer, subject }, { user: id }] }, { limit: 2 }),
  ])
  if (owner === null) throw new UsherError('not_found', 'The connection of this item is gone.')
  const linked = others.find((other) => other.subject === subject && other.issuer === issuer)
  if (linked !== undefined)
    throw new UsherError('already_linked', `The person is linked to the user ${linked.user} already.`)
  if (others.length > 0) {
    throw new UsherError(
      'already_linked',
      `The user ${id} is linked to another subject of this connection. Cut that link first.`,
    )
  }
  await guardPrivilegedUser(environment, workspace, user)
  const link = { connection, issuer, subject }
  workspace.identities.push({
    _id: newId(now),
    org: organization.id,
    ...link,
    user: id,
    linkedAt: now,
    lastLogin: null,
    pending: true,
  })
  linkConnection(environment, workspace, user, connection)
  workspace.record('User', id, null, 'link', [{ method: 'POST', path: `/Users/${id}/identities`, data: link }])
  return { user: id, data: { user: id } }
}
