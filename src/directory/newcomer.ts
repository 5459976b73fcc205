/** What is known of a person whom no link names: whoever the rules find, living or deleted, and how many came lately. */
import type { RequestContext } from '../context.ts'
import type { ConnectionState, Lookups, MatchLookup, Snapshot, TombstoneState } from '../provisioning/types.ts'
import { fold, foldUserName } from '../schema/fold.ts'
import type { RoleDocument, TombstoneDocument } from '../store/documents.ts'
import type { Query } from '../store/store.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { type PersonInbox, readPersonInbox } from './inbox-reports.ts'
import { asciiKey, identityKey } from './keys.ts'
import { barredQuery, readBarred } from './links.ts'
import { readUserState, type UserReading } from './user-state.ts'

/** More hits than this are as ambiguous as two. */
const candidateLimit = 3
const hour = 3_600_000

export interface Newcomer {
  readonly readings: readonly UserReading[]
  readonly candidates: Snapshot['candidates']
  readonly tombstones: Snapshot['tombstones']
  readonly barred: readonly string[]
  readonly takenUserNames: readonly string[]
  readonly createdWithinHour: number
  readonly inbox: PersonInbox
}

const noItems: PersonInbox = { items: [], marked: null }

/** Where there may be something about a person. */
type Trace = 'users' | 'tombstones' | 'pastLinks' | 'inbox'

export async function readNewcomer(
  environment: DirectoryEnvironment,
  context: RequestContext,
  connection: ConnectionState,
  lookups: Lookups,
  catalogue: readonly RoleDocument[],
): Promise<Newcomer> {
  const [traces, createdWithinHour] = await Promise.all([
    findTraces(environment, context, connection, lookups),
    countCreated(environment, context, connection),
  ])
  const [{ hits, takenUserNames }, tombstones, barred, inbox] = await Promise.all([
    traces.has('users') ? readNamesakes(environment, context, catalogue, lookups) : noNamesakes(lookups),
    traces.has('tombstones') ? findTombstones(environment, context, connection, lookups) : [],
    traces.has('pastLinks') ? readBarred(environment, context, connection, lookups.subject) : [],
    traces.has('inbox') ? readPersonInbox(environment, context, connection, lookups, null) : noItems,
  ])
  const candidates = lookups.rules.map((rule, position) => ({
    index: rule.index,
    users: hits[position]!.map(({ state }) => state),
  }))
  const readings = hits.flat()
  return { readings, candidates, tombstones, barred, takenUserNames, createdWithinHour, inbox }
}

/** Of most new people there is no trace, and nearly nobody has been deleted before: one question says so. */
function findTraces(
  { store }: DirectoryEnvironment,
  { organization, now }: RequestContext,
  connection: ConnectionState,
  lookups: Lookups,
): Promise<ReadonlySet<Trace>> {
  const { id, issuer } = connection
  const { subject } = lookups
  const namesakes = namesakeQueries(lookups)
  const deleted = tombstoneQueries(connection, lookups).map(({ query }) => query)
  const questions: { readonly collection: Trace; readonly query: Query }[] = []
  if (namesakes.length > 0) questions.push({ collection: 'users', query: { $or: namesakes } })
  if (deleted.length > 0) questions.push({ collection: 'tombstones', query: { ...buried(now), $or: deleted } })
  if (subject !== null) {
    questions.push({ collection: 'pastLinks', query: barredQuery(connection, subject) })
    questions.push({ collection: 'inbox', query: { person: identityKey(id, issuer, subject), live: true } })
  }
  return store.whichHold(organization.id, questions)
}

function namesakeQueries({ rules, userNames }: Lookups): readonly Query[] {
  return [...rules.map(candidateQuery), ...(userNames.length > 0 ? [userNameQuery(userNames)] : [])]
}

function noNamesakes({ rules }: Lookups) {
  return { hits: rules.map(() => []), takenUserNames: [] }
}

/** The users that the rules find, and whose userName is one that would be taken. */
async function readNamesakes(
  environment: DirectoryEnvironment,
  context: RequestContext,
  catalogue: readonly RoleDocument[],
  lookups: Lookups,
): Promise<{ readonly hits: readonly (readonly UserReading[])[]; readonly takenUserNames: readonly string[] }> {
  const [hits, takenUserNames] = await Promise.all([
    Promise.all(lookups.rules.map((rule) => findCandidates(environment, context, catalogue, rule))),
    readTakenUserNames(environment, context, lookups.userNames),
  ])
  return { hits, takenUserNames }
}

function countCreated(
  { store, creationCounts }: DirectoryEnvironment,
  { organization, now }: RequestContext,
  { id, settings }: ConnectionState,
): Promise<number> {
  const query = { connection: id, outcome: 'created', at: { $gt: new Date(now.getTime() - hour) } }
  const limit = settings.limits.createsPerHour + 1
  return creationCounts.read(id, now, () => store.decisions.count(organization.id, query, { limit }))
}

async function findCandidates(
  environment: DirectoryEnvironment,
  context: RequestContext,
  catalogue: readonly RoleDocument[],
  rule: MatchLookup,
): Promise<readonly UserReading[]> {
  const found = await environment.store.users.find(context.organization.id, candidateQuery(rule), {
    projection: { _id: 1 },
    limit: candidateLimit,
  })
  const readings = await Promise.all(found.map(({ _id }) => readUserState(environment, context, catalogue, _id)))
  return readings.filter((reading) => reading !== null)
}

function candidateQuery(rule: MatchLookup): Query {
  switch (rule.attribute) {
    case 'externalId':
      return {
        externalIds: { $elemMatch: { value: rule.value, client: { $in: rule.clients.map((id) => `scim:${id}`) } } },
      }
    case 'emails.value':
      return { 'search.emails.value': fold(rule.value) }
    case 'userName':
      return { 'search.userName': foldUserName(rule.value) }
  }
}

function userNameQuery(userNames: readonly string[]): Query {
  return { 'search.userName': { $in: userNames.map(foldUserName) } }
}

async function findTombstones(
  environment: DirectoryEnvironment,
  context: RequestContext,
  connection: ConnectionState,
  lookups: Lookups,
): Promise<Snapshot['tombstones']> {
  const { tombstones } = environment.store
  const org = context.organization.id
  const found = await Promise.all(
    tombstoneQueries(connection, lookups).map(async ({ index, query }) => {
      const documents = await tombstones.find(org, { ...query, ...buried(context.now) }, { limit: candidateLimit })
      return documents.map((document) => ({ index, tombstone: tombstoneState(document) }))
    }),
  )
  return found.flat()
}

/** Whoever became part of another user is found by that one. */
function buried(now: Date) {
  return { expiresAt: { $gt: now }, mergedInto: null }
}

/** Graves that a rule finds, by its index, and those of the link itself. */
function tombstoneQueries(
  { id, issuer }: ConnectionState,
  { rules, subject }: Lookups,
): readonly { readonly index: number | null; readonly query: Query }[] {
  const byLink = subject === null ? [] : [{ index: null, query: { identityKeys: identityKey(id, issuer, subject) } }]
  return [...byLink, ...rules.map((rule) => ({ index: rule.index, query: tombstoneQuery(rule) }))]
}

function tombstoneQuery(rule: MatchLookup): Query {
  switch (rule.attribute) {
    case 'externalId':
      return {
        externalIds: { $elemMatch: { value: rule.value, client: { $in: rule.clients.map((id) => `scim:${id}`) } } },
      }
    case 'emails.value':
      return { emailKeys: asciiKey(rule.value) }
    case 'userName':
      return { userNameKey: foldUserName(rule.value) }
  }
}

function tombstoneState({ _id, user, deletedAt }: TombstoneDocument): TombstoneState {
  return { id: _id, user, deletedAt }
}

async function readTakenUserNames(
  environment: DirectoryEnvironment,
  context: RequestContext,
  userNames: readonly string[],
): Promise<readonly string[]> {
  if (userNames.length === 0) return []
  const found = await environment.store.users.find(context.organization.id, userNameQuery(userNames), {
    projection: { 'search.userName': 1 },
  })
  const taken = new Set(found.map(({ search }) => search.userName))
  return userNames.filter((userName) => taken.has(foldUserName(userName)))
}
