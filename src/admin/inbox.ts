import { z } from 'zod'
import { inboxTag } from '../directory/inbox-answers.ts'
import type { IfMatch, InboxAction, InboxAnswer, InboxView } from '../directory/types.ts'
import { listing, toListing } from './listing.ts'
import { pageOf, pageQuery } from './reading.ts'
import { type Answer, organizationRoute, parameter, type Route } from './route.ts'
import { id, source, time } from './views.ts'

const inboxKind = z.enum([
  'removal_held',
  'match_ambiguous',
  'match_target_protected',
  'linked_to_other_subject',
  'link_removed',
  'username_taken',
  'user_deleted',
  'seat_limit_reached',
])

const named = z.object({ value: id, display: z.string().optional() })

const decisionName = z.object({ id, reference: z.string() })

const inboxView = z.object({
  id,
  version: z.int(),
  kind: inboxKind,
  status: z.enum(['open', 'answered']),
  person: z.object({
    connection: id,
    issuer: z.string(),
    subject: z.string(),
    user: id.nullable(),
    claims: z.record(z.string(), z.unknown()).describe('As the last login had them; mapped claims only.'),
  }),
  detail: z.string(),
  candidates: z.array(named).describe('The users whom a rule found.'),
  groups: z.array(named).describe('The groups whose removal is held.'),
  firstAt: time,
  lastAt: time,
  count: z.int().describe('Logins for the same reason.'),
  firstDecision: decisionName,
  lastDecision: decisionName,
  answers: z.array(z.string()).describe('What it can be answered with.'),
  answer: z
    .object({
      action: z.enum(['release', 'discard', 'link', 'create', 'dismiss', 'settled']),
      actor: source,
      at: time,
      decisionId: z.string().optional().describe('The login that settled the item, or that used the approval.'),
    })
    .nullable(),
})

const filter = z.string().min(1).max(256).optional()
const inboxQuery = pageQuery.extend({
  kind: inboxKind.optional(),
  status: z.enum(['open', 'answered']).optional(),
  connection: filter,
  user: filter.describe('The person’s own user, or one that a rule found.'),
})

const path = '/organizations/{org}/inbox'

const simpleAnswers: Readonly<Record<Exclude<InboxAction, 'link'>, readonly [summary: string, description: string]>> = {
  release: ['Carry a held removal out', 'Only what the connection gave is taken, in the name of the caller.'],
  discard: [
    'Keep the memberships of a held removal',
    'They count as given by hand from now on, so that later logins have nothing to take.',
  ],
  create: [
    'Let the next login of the person make a new user',
    'Whomever the rules find then. Everything else that a new user needs is asked as ever.',
  ],
  dismiss: [
    'Close an item without doing anything',
    'The next login that is refused for the same reason opens a new one.',
  ],
}

export const inboxRoutes: readonly Route[] = [
  organizationRoute(
    {
      method: 'get',
      path,
      access: 'read',
      summary: 'List what logins have left for an administrator to decide',
      description: 'Newest first.',
      query: inboxQuery,
      answers: { 200: listing(inboxView) },
    },
    async ({ directory }, { context, query }) => {
      const { kind, status, connection, user } = query
      const page = await directory.inbox(context, { kind, status, connection, user, ...pageOf(query) })
      return { status: 200, body: toListing(page) }
    },
  ),
  organizationRoute(
    {
      method: 'get',
      path: `${path}/{id}`,
      access: 'read',
      summary: 'Read one of these items',
      description: 'The ETag is its version: with If-Match, an answer counts only for what was read.',
      answers: { 200: inboxView },
    },
    async ({ directory }, call) => shown(await directory.inboxItem(call.context, parameter(call, 'id'))),
  ),
  ...Object.entries(simpleAnswers).map(([action, [summary, description]]) =>
    answerRoute(action as InboxAction, summary, description, z.strictObject({}), () => ({
      action: action as Exclude<InboxAction, 'link'>,
    })),
  ),
  answerRoute(
    'link',
    'Link the person to a user',
    'A user who holds a privileged role needs the operator or a key with `admin:privileged`.',
    z.strictObject({ user: z.string().min(1).max(256) }),
    ({ user }) => ({ action: 'link', user }),
  ),
]

function answerRoute<Body extends z.ZodType>(
  action: InboxAction,
  summary: string,
  description: string,
  body: Body,
  read: (body: z.output<Body>) => InboxAnswer,
): Route {
  return organizationRoute(
    {
      method: 'post',
      path: `${path}/{id}/${action}`,
      access: 'admin',
      summary,
      description,
      body,
      bodyOptional: action !== 'link',
      answers: { 200: inboxView },
    },
    async ({ directory }, call) => {
      const ifMatch = tagsOf(call.preconditions.ifMatch)
      return shown(await directory.answerInboxItem(call.context, parameter(call, 'id'), read(call.body), ifMatch))
    },
  )
}

/** RFC 9110 section 13.1.1; what is no entity tag is equal to none. */
function tagsOf(header: string | undefined): IfMatch | undefined {
  if (header === undefined) return undefined
  return header.trim() === '*' ? '*' : header.split(',').map((tag) => tag.trim())
}

function shown(item: InboxView): Answer {
  return { status: 200, body: item, headers: { ETag: inboxTag(item.version) } }
}
