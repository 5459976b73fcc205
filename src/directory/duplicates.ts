/**
 * Users who are probably one person: for each user of a stretch of the directory, indexes say who shares an address, an
 * external id, a subject or a name, so that nobody is compared with everybody.
 */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { fold } from '../schema/fold.ts'
import type { JsonObject } from '../schema/types.ts'
import type { IdentityDocument, UserDocument } from '../store/documents.ts'
import type { DuplicateQuery } from './care.ts'
import { type DirectoryEnvironment, isId } from './environment.ts'
import { isActive } from './holds.ts'
import { type Likeable, type Likeness, likenesses, strengths } from './likeness.ts'
import { type Survey, type SurveyPage, surveyPage } from './survey.ts'

/** What more users than these have in common says nothing: a shared mailbox, a common name. */
const shareLimit = 20
const nameLimit = 50

const projection = {
  'search.userName': 1,
  'search.displayName': 1,
  'search.emails.value': 1,
  'resource.userName': 1,
  'resource.displayName': 1,
  provenEmails: 1,
  externalIds: 1,
  holds: 1,
  provisionedBy: 1,
  managedBy: 1,
} as const

type Row = Pick<
  UserDocument,
  '_id' | 'search' | 'resource' | 'provenEmails' | 'externalIds' | 'holds' | 'provisionedBy' | 'managedBy'
>

/** See `Directory.duplicates`. @throws UsherError `not_found`, `invalid_cursor` */
export async function listDuplicates(
  environment: DirectoryEnvironment,
  context: RequestContext,
  { user, strength = 'possible', ...page }: DuplicateQuery,
): Promise<SurveyPage<JsonObject>> {
  const { users } = environment.store
  const org = context.organization.id
  if (user !== undefined && (!isId(user) || (await users.count(org, { _id: user })) === 0)) {
    throw new UsherError('not_found', 'There is no such user.')
  }
  const weakest = strengths.indexOf(strength)
  const survey: Survey<Row, JsonObject> = {
    read: (from, limit) => {
      const query = user !== undefined ? { _id: user } : from === null ? {} : { _id: { $gte: from } }
      return users.find(org, query, { sort: { _id: 1 }, limit, projection })
    },
    keyOf: ({ _id }) => _id,
    find: async (rows) => {
      // Of a walk over all, each pair is found twice and shown once.
      const partners = await findPartners(environment, org, rows, (id, other) => user !== undefined || id < other)
      const all = new Map([...rows, ...(await readUsers(environment, org, partners))].map((row) => [row._id, row]))
      const identities = await readIdentities(environment, org, [...all.keys()])
      return rows.map((row) =>
        [...(partners.get(row._id) ?? [])].sort().flatMap((id) => {
          const other = all.get(id)
          if (other === undefined) return []
          const reasons = likenesses(likeable(row, identities), likeable(other, identities)).filter(
            (likeness) => strengths.indexOf(likeness.strength) <= weakest,
          )
          return reasons.length === 0 ? [] : [pairView(row, other, reasons)]
        }),
      )
    },
  }
  return surveyPage(survey, page)
}

type Partners = ReadonlyMap<string, ReadonlySet<string>>
type Hit = { readonly _id: string; readonly found: readonly string[] }

async function findPartners(
  { store }: DirectoryEnvironment,
  org: string,
  rows: readonly Row[],
  counts: (id: string, other: string) => boolean,
): Promise<Partners> {
  const ids = rows.map(({ _id }) => _id)
  const ofUsers = (...steps: Steps) => store.users.aggregate<Hit>(org, { _id: { $in: ids } }, steps)
  const ofIdentities = (...steps: Steps) => store.identities.aggregate<Hit>(org, { user: { $in: ids } }, steps)
  const bySubject = { $project: { owner: '$user', values: '$subject' } }
  const byExternalId = [{ $project: { owner: '$_id', values: '$externalIds.value' } }, { $unwind: '$values' }]
  const addresses = { $setUnion: [{ $ifNull: ['$search.emails.value', []] }, ['$search.userName']] }
  const byAddress = [{ $project: { owner: '$_id', values: addresses } }, { $unwind: '$values' }]
  const byName = { $project: { owner: '$_id', values: '$search.displayName' } }
  const hasName = { $match: { 'search.displayName': { $exists: true } } }
  const hits = await Promise.all([
    ofUsers(...byAddress, ...sharers(org, 'users', 'search.emails.value', shareLimit)),
    ofUsers(...byAddress, ...sharers(org, 'users', 'search.userName', shareLimit)),
    ofUsers(hasName, byName, ...sharers(org, 'users', 'search.displayName', nameLimit)),
    ofUsers(...byExternalId, ...sharers(org, 'users', 'externalIds.value', shareLimit)),
    ofUsers(...byExternalId, ...sharers(org, 'identities', 'subject', shareLimit)),
    ofIdentities(bySubject, ...sharers(org, 'users', 'externalIds.value', shareLimit)),
    ofIdentities(bySubject, ...sharers(org, 'identities', 'subject', shareLimit)),
  ])
  const partners = new Map<string, Set<string>>(ids.map((id) => [id, new Set()]))
  for (const { _id, found } of hits.flat()) {
    for (const other of found) if (other !== _id && counts(_id, other)) partners.get(_id)!.add(other)
  }
  return partners
}

type Steps = readonly Readonly<Record<string, unknown>>[]

/** Joins each value with the users that have it too; a value that too many have is dropped. */
function sharers(org: string, from: 'users' | 'identities', foreignField: string, most: number): Steps {
  const owner = from === 'users' ? '$_id' : '$user'
  const pipeline = [{ $match: { org } }, { $limit: most + 1 }, { $project: { _id: 0, owner } }]
  return [
    { $lookup: { from, localField: 'values', foreignField, pipeline, as: 'found' } },
    { $project: { _id: '$owner', found: '$found.owner' } },
    { $match: { 'found.0': { $exists: true }, [`found.${most}`]: { $exists: false } } },
  ]
}

async function readUsers({ store }: DirectoryEnvironment, org: string, partners: Partners): Promise<readonly Row[]> {
  const ids = [...new Set([...partners.values()].flatMap((found) => [...found]))].filter((id) => !partners.has(id))
  return ids.length === 0 ? [] : store.users.find(org, { _id: { $in: ids } }, { projection })
}

type IdentitiesByUser = ReadonlyMap<string, readonly IdentityDocument[]>

async function readIdentities(
  { store }: DirectoryEnvironment,
  org: string,
  users: readonly string[],
): Promise<IdentitiesByUser> {
  return Map.groupBy(await store.identities.find(org, { user: { $in: users } }), ({ user }) => user)
}

function likeable(row: Row, identities: IdentitiesByUser): Likeable {
  const {
    userName,
    displayName,
    emails = [],
  } = row.search as {
    readonly userName: string
    readonly displayName?: string
    readonly emails?: readonly { readonly value?: string }[]
  }
  return {
    userName,
    displayName,
    emails: emails.flatMap(({ value }) => value ?? []),
    proven: row.provenEmails.map(fold),
    externalIds: row.externalIds,
    identities: identities.get(row._id) ?? [],
  }
}

function pairView(a: Row, b: Row, reasons: readonly Likeness[]): JsonObject {
  return {
    users: [a, b].map((row) => ({
      id: row._id,
      userName: row.resource.userName,
      ...(row.resource.displayName === undefined ? {} : { displayName: row.resource.displayName }),
      active: isActive(row.holds),
      provisionedBy: row.provisionedBy,
      managedBy: row.managedBy,
    })),
    strength: reasons[0]!.strength,
    reasons: reasons.map((likeness) => ({ ...likeness })),
  }
}
