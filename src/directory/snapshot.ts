/** Everything that a decision may look at, read at one moment. */
import type { RequestContext } from '../context.ts'
import type { ConnectionState, GroupState, Lookups, Snapshot } from '../provisioning/types.ts'
import type { GroupDocument, RoleDocument, UserDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { creationApproved, type PersonInbox, readPersonInbox } from './inbox-reports.ts'
import { asciiKey } from './keys.ts'
import { hasEnded } from './links.ts'
import { readNewcomer } from './newcomer.ts'
import { hasOtherHolder } from './privilege.ts'
import type { RemovalReading } from './removal-windows.ts'
import { type DirectGroups, groupsAbove, roleCatalogue } from './roles.ts'
import { countSeats } from './seats.ts'
import { linkedState, type UserReading } from './user-state.ts'

export interface SnapshotReading {
  readonly snapshot: Snapshot
  /** What administrators are to decide about the person, or have decided. */
  readonly inbox: PersonInbox
  /** What the connection took from groups within the hour; read only when a decision takes something. */
  readonly removals: readonly RemovalReading[]
  /** The documents behind the users of the snapshot. */
  readonly documents: ReadonlyMap<string, UserDocument>
  /** The documents behind its groups, and the groups that those are in directly. */
  readonly groups: ReadonlyMap<string, GroupDocument>
  readonly parents: DirectGroups
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
  const { id, issuer } = connection
  const [catalogue, invitation, reading] = await Promise.all([
    roleCatalogue(environment, context),
    readInvitation(environment, context, lookups.email),
    lookups.subject === null
      ? null
      : environment.reads.link(context.organization.id, { connection: id, issuer, subject: lookups.subject }),
  ])
  const ended = reading !== null && hasEnded(reading.identity, context.now) ? reading.identity : null
  const linked = reading === null || ended !== null ? null : await linkedState(environment, context, catalogue, reading)
  const unlinked = linked === null ? await readNewcomer(environment, context, connection, lookups, catalogue) : null
  const inbox =
    unlinked?.inbox ?? (await readPersonInbox(environment, context, connection, lookups, reading?.identity ?? null))
  const readings = [...(linked === null ? [] : [linked]), ...(unlinked?.readings ?? [])]
  const [groups, holders, seatsUsed] = await Promise.all([
    readGroups(environment, context, catalogue, lookups.groups, readings),
    readHolders(environment, context, catalogue, readings),
    context.organization.seatLimit === null ? 0 : countSeats(environment, context.organization.id),
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
      groups: groups.states,
      linked: linked?.state ?? null,
      candidates: unlinked?.candidates ?? [],
      tombstones: unlinked?.tombstones ?? [],
      barred: [...(unlinked?.barred ?? []), ...(ended === null ? [] : [ended.user])],
      invitation,
      takenUserNames: unlinked?.takenUserNames ?? [],
      creationApproved: creationApproved(inbox, context.now),
      createdWithinHour: unlinked?.createdWithinHour ?? 0,
      removals: [],
      privilegedHolders: holders,
    },
    inbox,
    removals: [],
    documents: new Map(readings.map(({ document }) => [document._id, document])),
    groups: groups.documents,
    parents: groups.parents,
    catalogue,
  }
}

async function readInvitation(
  environment: DirectoryEnvironment,
  context: RequestContext,
  email: string | null,
): Promise<Snapshot['invitation']> {
  if (email === null) return null
  const open = await environment.reads.openInvitations(context.organization.id, asciiKey(email))
  const invitation = open.find(({ expiresAt }) => expiresAt > context.now)
  return invitation === undefined ? null : { id: invitation._id, email: invitation.email, roles: invitation.roles }
}

interface GroupReadings {
  readonly states: readonly GroupState[]
  readonly documents: ReadonlyMap<string, GroupDocument>
  readonly parents: DirectGroups
}

/** The groups that the settings name and those that the users are in, with the privileged roles that they carry. */
async function readGroups(
  environment: DirectoryEnvironment,
  context: RequestContext,
  catalogue: readonly RoleDocument[],
  named: readonly string[],
  readings: readonly UserReading[],
): Promise<GroupReadings> {
  const own = readings.flatMap(({ state }) => state.memberships.map(({ group }) => group))
  const ids = [...new Set([...named, ...own])]
  if (ids.length === 0) return { states: [], documents: new Map(), parents: new Map() }
  const org = context.organization.id
  const found = await environment.reads.groups(org, ids)
  const documents = new Map([...found].map(([id, { document }]) => [id, document]))
  const parents = new Map([...found].map(([id, group]) => [id, group.parents]))
  const privileged = catalogue.filter((role) => role.privileged && role.groups.length > 0)
  const around =
    privileged.length === 0 ? null : await groupsAbove(environment, org, [...parents.keys()], parents, parents)
  const states = ids.flatMap((id) => {
    const group = documents.get(id)
    if (group === undefined) return []
    const reached = new Set([id, ...(around?.byMember.get(id)?.keys() ?? [])])
    const carried = privileged.filter(({ groups }) => groups.some((each) => reached.has(each)))
    return [{ id, display: String(group.resource.displayName), privilegedRoles: carried.map(({ name }) => name) }]
  })
  return { states, documents, parents }
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
