/** What is known of a person whom no link names: whoever the rules find, living or deleted, and how many came lately. */
import type { RequestContext } from '../context.ts'
import type { ConnectionState, Lookups, MatchLookup, Snapshot, TombstoneState } from '../provisioning/types.ts'
import { fold, foldUserName } from '../schema/fold.ts'
import type { RoleDocument, TombstoneDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { asciiKey, identityKey } from './keys.ts'
import { readBarred } from './links.ts'
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
}

export async function readNewcomer(
  environment: DirectoryEnvironment,
  context: RequestContext,
  connection: ConnectionState,
  lookups: Lookups,
  catalogue: readonly RoleDocument[],
): Promise<Newcomer> {
  const [{ hits, takenUserNames }, createdWithinHour, tombstones, barred] = await Promise.all([
    readNamesakes(environment, context, catalogue, lookups),
    countCreated(environment, context, connection),
    findTombstones(environment, context, connection, lookups),
    readBarred(environment, context, connection, lookups.subject),
  ])
  const candidates = lookups.rules.map((rule, position) => ({
    index: rule.index,
    users: hits[position]!.map(({ state }) => state),
  }))
  const readings = hits.flat()
  return { readings, candidates, tombstones, barred, takenUserNames, createdWithinHour }
}

/** The users that the rules find, and whose userName is one that would be taken. Of most new people there are none. */
async function readNamesakes(
  environment: DirectoryEnvironment,
  context: RequestContext,
  catalogue: readonly RoleDocument[],
  lookups: Lookups,
): Promise<{ readonly hits: readonly (readonly UserReading[])[]; readonly takenUserNames: readonly string[] }> {
  const queries = lookups.rules.map(candidateQuery)
  if (lookups.userNames.length > 0) queries.push(userNameQuery(lookups.userNames))
  const anybody =
    queries.length === 0
      ? null
      : await environment.store.users.findOne(context.organization.id, { $or: queries }, { projection: { _id: 1 } })
  if (anybody === null) return { hits: lookups.rules.map(() => []), takenUserNames: [] }
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

function candidateQuery(rule: MatchLookup): Readonly<Record<string, unknown>> {
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

function userNameQuery(userNames: readonly string[]): Readonly<Record<string, unknown>> {
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
  // Whoever became part of another user is found by that one.
  const living = { expiresAt: { $gt: context.now }, mergedInto: null }
  const byRule = lookups.rules.map((rule) => ({ index: rule.index as number | null, query: tombstoneQuery(rule) }))
  const byLink =
    lookups.subject === null
      ? []
      : [{ index: null, query: { identityKeys: identityKey(connection.id, connection.issuer, lookups.subject) } }]
  const wanted = [...byLink, ...byRule]
  // Almost nobody has been deleted before: one question, and only then which rule it is.
  const any = { ...living, $or: wanted.map(({ query }) => query) }
  if (wanted.length === 0 || (await tombstones.findOne(org, any, { projection: { _id: 1 } })) === null) return []
  const found = await Promise.all(
    wanted.map(async ({ index, query }) => {
      const documents = await tombstones.find(org, { ...query, ...living }, { limit: candidateLimit })
      return documents.map((document) => ({ index, tombstone: tombstoneState(document) }))
    }),
  )
  return found.flat()
}

function tombstoneQuery(rule: MatchLookup): Readonly<Record<string, unknown>> {
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
