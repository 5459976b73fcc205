/** Everything that a decision may look at, read at one moment. */
import type { RequestContext } from '../context.ts'
import type {
  ConnectionState,
  GroupState,
  Lookups,
  MatchLookup,
  Snapshot,
  TombstoneState,
} from '../provisioning/types.ts'
import { fold, foldUserName } from '../schema/fold.ts'
import type { RoleDocument, TombstoneDocument, UserDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { asciiKey } from './keys.ts'
import { hasOtherHolder } from './privilege.ts'
import { groupsOf, roleCatalogue } from './roles.ts'
import { countSeats } from './seats.ts'
import { groupDisplays } from './show.ts'
import { identityKey } from './tombstones.ts'
import { readUserState, type UserReading } from './user-state.ts'

/** More hits than this are as ambiguous as two. */
const candidateLimit = 3
const hour = 3_600_000

export interface SnapshotReading {
  readonly snapshot: Snapshot
  /** The documents behind the users of the snapshot. */
  readonly documents: ReadonlyMap<string, UserDocument>
  readonly catalogue: readonly RoleDocument[]
}

export type SnapshotDomains = Snapshot['domains']

export async function readDomains(
  environment: DirectoryEnvironment,
  context: RequestContext,
): Promise<SnapshotDomains> {
  const domains = await environment.store.domains.remembered(context.organization.id, {})
  return domains.map(({ domain, status }) => ({ domain, status }))
}

export async function readSnapshot(
  environment: DirectoryEnvironment,
  context: RequestContext,
  connection: ConnectionState,
  lookups: Lookups,
  domains: SnapshotDomains,
): Promise<SnapshotReading> {
  const { store } = environment
  const org = context.organization.id
  const [catalogue, invitation, identity] = await Promise.all([
    roleCatalogue(environment, context),
    readInvitation(environment, context, lookups.email),
    lookups.subject === null
      ? null
      : store.identities.findOne(org, {
          connection: connection.id,
          issuer: connection.issuer,
          subject: lookups.subject,
        }),
  ])
  const linked = identity === null ? null : await readUserState(environment, context, catalogue, identity.user)
  const unlinked = linked === null ? await readUnlinked(environment, context, connection, lookups, catalogue) : null
  const readings = [...(linked === null ? [] : [linked]), ...(unlinked?.readings ?? [])]
  const [groups, holders, seatsUsed] = await Promise.all([
    readGroups(environment, context, catalogue, lookups.groups, readings),
    readHolders(environment, context, catalogue, readings),
    context.organization.seatLimit === null ? 0 : countSeats(environment, org),
  ])
  return {
    snapshot: {
      organization: { ...context.organization, seatsUsed },
      domains,
      roles: catalogue.map(({ name, displayName, privileged, groups: ids }) => ({
        name,
        displayName,
        privileged,
        groups: ids,
      })),
      groups,
      linked: linked?.state ?? null,
      candidates: unlinked?.candidates ?? [],
      tombstones: unlinked?.tombstones ?? [],
      invitation,
      takenUserNames: unlinked?.takenUserNames ?? [],
      createdWithinHour: unlinked?.createdWithinHour ?? 0,
      removals: [],
      privilegedHolders: holders,
    },
    documents: new Map(readings.map(({ document }) => [document._id, document])),
    catalogue,
  }
}

/**
 * How much of each group this connection has taken away within the hour; read only when a decision takes something,
 * because counting costs.
 */
export async function readRemovals(
  environment: DirectoryEnvironment,
  context: RequestContext,
  groups: readonly string[],
): Promise<Snapshot['removals']> {
  const org = context.organization.id
  const since = new Date(context.now.getTime() - hour)
  return Promise.all(
    groups.map(async (group) => {
      const [left, removals] = await Promise.all([
        environment.store.memberships.count(org, { group, 'sources.source': context.source }),
        environment.store.changes.aggregate<{ removed: number }>(
          org,
          { 'resource.id': group, actor: context.source, at: { $gt: since } },
          [
            { $unwind: '$operations' },
            { $unwind: '$operations.data.Operations' },
            { $match: { 'operations.data.Operations.op': 'remove' } },
            { $count: 'removed' },
          ],
        ),
      ])
      const removed = removals[0]?.removed ?? 0
      return { group, given: left + removed, removed }
    }),
  )
}

interface Unlinked {
  readonly readings: readonly UserReading[]
  readonly candidates: Snapshot['candidates']
  readonly tombstones: Snapshot['tombstones']
  readonly takenUserNames: readonly string[]
  readonly createdWithinHour: number
}

async function readUnlinked(
  environment: DirectoryEnvironment,
  context: RequestContext,
  connection: ConnectionState,
  lookups: Lookups,
  catalogue: readonly RoleDocument[],
): Promise<Unlinked> {
  const [{ hits, takenUserNames }, createdWithinHour, tombstones] = await Promise.all([
    readNamesakes(environment, context, catalogue, lookups),
    countCreated(environment, context, connection),
    findTombstones(environment, context, connection, lookups),
  ])
  const candidates = lookups.rules.map((rule, position) => ({
    index: rule.index,
    users: hits[position]!.map(({ state }) => state),
  }))
  const readings = hits.flat()
  return { readings, candidates, tombstones, takenUserNames, createdWithinHour }
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
  const living = { expiresAt: { $gt: context.now } }
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

async function readInvitation(
  environment: DirectoryEnvironment,
  context: RequestContext,
  email: string | null,
): Promise<Snapshot['invitation']> {
  if (email === null) return null
  const invitation = await environment.store.invitations.findOne(context.organization.id, {
    emailKey: asciiKey(email),
    acceptedBy: null,
    expiresAt: { $gt: context.now },
  })
  return invitation === null ? null : { id: invitation._id, email: invitation.email, roles: invitation.roles }
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

/** The groups that the settings name and those that the users are in, with the privileged roles that they carry. */
async function readGroups(
  environment: DirectoryEnvironment,
  context: RequestContext,
  catalogue: readonly RoleDocument[],
  named: readonly string[],
  readings: readonly UserReading[],
): Promise<readonly GroupState[]> {
  const known = readings.flatMap(({ state }) => state.memberships.map(({ group }) => group))
  const ids = [...new Set([...named, ...known])]
  if (ids.length === 0) return []
  const org = context.organization.id
  const privileged = catalogue.filter((role) => role.privileged && role.groups.length > 0)
  const [displays, around] = await Promise.all([
    groupDisplays(environment, org, ids),
    privileged.length === 0 ? null : groupsOf(environment, org, ids),
  ])
  return ids
    .filter((id) => displays.has(id))
    .map((id) => {
      const reached = new Set([id, ...(around?.get(id)?.keys() ?? [])])
      return {
        id,
        display: displays.get(id)!,
        privilegedRoles: privileged
          .filter(({ groups }) => groups.some((group) => reached.has(group)))
          .map(({ name }) => name),
      }
    })
}

async function readHolders(
  environment: DirectoryEnvironment,
  context: RequestContext,
  catalogue: readonly RoleDocument[],
  readings: readonly UserReading[],
): Promise<Snapshot['privilegedHolders']> {
  const reading = readings[0]
  if (reading === undefined || readings.length > 1) return []
  const { state, document } = reading
  return Promise.all(
    catalogue
      .filter(({ name }) => state.privilegedRoles.includes(name))
      .map(async (role) => {
        const others = await hasOtherHolder(environment, context, role, state.id)
        return { role: role.name, active: (document.state === 'active' ? 1 : 0) + (others ? 1 : 0) }
      }),
  )
}
