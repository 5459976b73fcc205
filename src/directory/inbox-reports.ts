/**
 * What a login leaves in the inbox, written in one transaction with its decision: a refusal or a held removal that an
 * administrator should decide opens an item or counts on the one that is open, and a login that succeeds settles what is
 * open about its person.
 */
import { type RequestContext, retentionOf } from '../context.ts'
import type { Decision, Lookups } from '../provisioning/types.ts'
import type {
  DecisionDocument,
  IdentityDocument,
  InboxAnswerDocument,
  InboxDocument,
  InboxKind,
} from '../store/documents.ts'
import type { Update } from '../store/store.ts'
import type { DecisionName } from './decision-record.ts'
import { type DirectoryEnvironment, newId } from './environment.ts'
import { answersByKind } from './inbox.ts'
import { identityKey } from './keys.ts'
import type { ArrivalInput } from './types.ts'
import type { Workspace } from './workspace.ts'

/** What the inbox holds about a person: open items, and approvals that nobody has used. */
export interface PersonInbox {
  readonly items: readonly InboxDocument[]
  /** The identity of the person, if it says that there may be items. */
  readonly marked: string | null
}

/** Reads it for people without a link, and for those whose link says that there is something. */
export async function readPersonInbox(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  connection: ArrivalInput['connection'],
  { subject }: Lookups,
  identity: IdentityDocument | null,
): Promise<PersonInbox> {
  const marked = identity?.pending === true ? identity._id : null
  if (subject === null || (identity !== null && marked === null)) return { items: [], marked }
  const person = identityKey(connection.id, connection.issuer, subject)
  return { items: await store.inbox.find(organization.id, { person, live: true }), marked }
}

/** Whether an administrator has approved that the person becomes a new user. */
export function creationApproved({ items }: PersonInbox, now: Date): boolean {
  return items.some((item) => isApproval(item) && item.expiresAt > now)
}

/**
 * Plans the writes. `user` is the person's own after the login, `identity` the link by which it came, if there was one.
 * Gives whether something about the person stays open.
 */
export function reportLogin(
  workspace: Workspace,
  input: ArrivalInput,
  decision: Decision,
  name: DecisionName,
  inbox: PersonInbox,
  { user, identity }: { readonly user: string | null; readonly identity: string | null },
): boolean {
  if (decision.outcome === 'observed' || decision.subject === null) return false
  const kind = kindOf(decision)
  const settled = decision.code === null ? inbox.items.filter((item) => settles(decision, kind, item)) : []
  const person = identityKey(input.connection.id, input.connection.issuer, decision.subject)
  if (kind !== null) {
    workspace.report = {
      query: { person, kind, status: 'open', live: true },
      update: repeat(workspace, decision, name, kind, user),
      insert: openItem(workspace, input, decision, name, kind, user),
    }
  }
  for (const item of settled) workspace.inbox.push(settle(workspace, name, item, user))
  const pending = kind !== null || inbox.items.length > settled.length
  if (identity !== null && pending !== (inbox.marked !== null)) workspace.mark = { identity, person }
  return pending
}

/** The reason for which an administrator is asked; null for a login that needs nobody. */
function kindOf({ outcome, code, effects }: Decision): InboxKind | null {
  if (outcome === 'refused') return code !== null && Object.hasOwn(answersByKind, code) ? (code as InboxKind) : null
  return (effects?.heldRemovals.length ?? 0) > 0 ? 'removal_held' : null
}

/** A held removal waits for a login that tells which groups it gives: a missing claim says nothing about it. */
function settles({ effects }: Decision, kind: InboxKind | null, item: InboxDocument): boolean {
  if (item.kind !== 'removal_held') return true
  return kind !== 'removal_held' && effects?.groupsTold === true
}

function isApproval({ status, live }: InboxDocument): boolean {
  return status === 'answered' && live === true
}

function openItem(
  workspace: Workspace,
  { connection: { id: connection, issuer } }: ArrivalInput,
  decision: Decision,
  name: DecisionName,
  kind: InboxKind,
  user: string | null,
): InboxDocument {
  const { now, organization } = workspace.context
  const subject = decision.subject!
  const occurrence = { at: now, decision: name.id, reference: name.reference }
  return {
    _id: newId(now),
    org: organization.id,
    kind,
    status: 'open',
    live: true,
    version: 1,
    person: identityKey(connection, issuer, subject),
    connection,
    issuer,
    subject,
    ...latest(workspace, decision, kind, user),
    count: 1,
    first: occurrence,
    last: occurrence,
    answer: null,
  }
}

function repeat(
  workspace: Workspace,
  decision: Decision,
  name: DecisionName,
  kind: InboxKind,
  user: string | null,
): Update {
  const occurrence = { at: workspace.context.now, decision: name.id, reference: name.reference }
  return {
    $set: latest(workspace, decision, kind, user),
    // Logins at the same moment are not committed in the order of their times.
    $min: { first: occurrence },
    $max: { last: occurrence },
    $inc: { version: 1, count: 1 },
  }
}

/** What the last login says. */
function latest({ context }: Workspace, decision: Decision, kind: InboxKind, user: string | null) {
  const held = decision.effects?.heldRemovals ?? []
  const warning = decision.warnings.find(({ code }) => code === kind)
  const claims: DecisionDocument['claims'] = Object.entries(decision.claims).flatMap(([name, { type, value }]) =>
    value === undefined ? [] : [{ name, type, value }],
  )
  return {
    user,
    users: [...(user === null ? [] : [user]), ...(decision.found ?? [])],
    groups: kind === 'removal_held' ? held.map(({ group }) => group) : [],
    detail: warning?.detail ?? decision.steps.at(-1)?.detail ?? '',
    claims,
    expiresAt: expiry(context, context.now),
  }
}

/** An open item is answered by the login itself; an approval is used up. From now on it belongs to the person's user. */
function settle(workspace: Workspace, name: DecisionName, item: InboxDocument, user: string | null) {
  const { now: at, source: actor } = workspace.context
  const answer: InboxAnswerDocument = isApproval(item)
    ? { ...item.answer!, decision: name.id }
    : { action: 'settled', actor, at, decision: name.id }
  return closing(workspace, item, answer, user)
}

/** The write by which an item is answered, on the condition that nobody else was faster. */
export function closing(
  { context }: Workspace,
  item: InboxDocument,
  answer: InboxAnswerDocument,
  user: string | null,
  live = false,
) {
  const { _id, status, version, users } = item
  const fields = {
    status: 'answered' as const,
    answer,
    user,
    users: user === null || users.includes(user) ? users : [user, ...users],
    expiresAt: expiry(context, answer.at),
  }
  return {
    query: { _id, status, version },
    update: { $set: fields, $inc: { version: 1 }, ...(live ? {} : { $unset: { live: '' } }) },
  }
}

/** An item is kept after the last login about it, or after its answer, as long as the decisions that it names. */
function expiry({ organization }: RequestContext, from: Date): Date {
  return new Date(from.getTime() + retentionOf(organization).decisionDays * 86_400_000)
}
