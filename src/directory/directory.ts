/** The directory: one place through which every change goes, whoever asks for it. */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { SchemaRegistry } from '../schema/registry.ts'
import type { ResourceType } from '../schema/types.ts'
import type { Store } from '../store/store.ts'
import { applyOperations } from './apply.ts'
import { applyEach } from './apply-each.ts'
import { arrive, simulate } from './arrive.ts'
import { readClaimsSeen } from './claims-seen.ts'
import { versionTag } from './compose.ts'
import { compileFilter } from './computed-filters.ts'
import { createCare } from './create-care.ts'
import { CreationCounts } from './creation-counts.ts'
import { listDecisions, readDecision } from './decisions.ts'
import { type DirectoryEnvironment, type DirectoryObserver, isId } from './environment.ts'
import { listChanges } from './feed.ts'
import { Gathering } from './gathering.ts'
import { groupVersion } from './group-version.ts'
import { listInbox, readInboxItem } from './inbox.ts'
import { answerInboxItem } from './inbox-answers.ts'
import { changeHold, grantRole, revokeRole, unlinkIdentity } from './life-cycle.ts'
import { closeEnded, liftBar, listLinks } from './links.ts'
import { listResources } from './list.ts'
import { streamMembers } from './members.ts'
import { PointReads } from './point-reads.ts'
import { guardRoleGroups } from './privilege.ts'
import { readProvenance } from './provenance.ts'
import { KeyedQueue } from './queue.ts'
import { reapply } from './reapply.ts'
import { countPeople, listLastLogins, listLinkedLogins } from './recorded-logins.ts'
import { readDeletionImpact, releaseConnection } from './release.ts'
import { relink } from './relink.ts'
import { readShownUser, showCustom, showGroup } from './show.ts'
import { listTombstones, removeTombstone } from './tombstones.ts'
import { Totals } from './totals.ts'
import type { Directory, Shown, Wants } from './types.ts'
import { withdrawRole } from './withdraw-role.ts'

export interface DirectoryOptions {
  readonly store: Store
  readonly registry: SchemaRegistry
  /** Takes a failure of ours that a login met, for the log. */
  readonly reportFailure: (context: RequestContext, error: unknown) => void
  /** Told when a deletion has left more memberships than go at once: it is time for `sweepMemberships`. */
  readonly onLeftover?: () => void
  readonly observer?: DirectoryObserver
}

export function createDirectory(options: DirectoryOptions): Directory {
  const environment: DirectoryEnvironment = {
    ...options,
    userType: options.registry.resourceType('User'),
    groupType: options.registry.resourceType('Group'),
    queue: new KeyedQueue(),
    reads: new PointReads(options.store),
    commits: new Gathering(),
    records: new Gathering(),
    creationCounts: new CreationCounts(),
    totals: new Totals(),
  }
  return {
    apply: (context, operations) => applyOperations(environment, context, operations),
    applyEach: (context, operations, now) => applyEach(environment, context, operations, now),
    read: (context, type, id, wants) => read(environment, context, type, id, wants),
    version: (context, type, id) => readVersion(environment, context, type, id),
    list: (context, sources, page) => listResources(environment, context, sources, page),
    members: (context, groups) => streamMembers(environment, context, groups),
    compile: (context, type, filter) => compileFilter(environment, context, type, filter),
    arrive: (context, input) => arrive(environment, context, input),
    simulate: (context, input) => simulate(environment, context, input),
    reapply: (context, input) => reapply(environment, context, input),
    provenance: (context, user) => readProvenance(environment, context, user),
    changes: (context, query) => listChanges(environment, context, query),
    decisions: (context, query) => listDecisions(environment, context, query),
    lastLogins: (context, page) => listLastLogins(environment, context, page),
    linkedLogins: (context, page) => listLinkedLogins(environment, context, page),
    countLinks: ({ organization }, connection) => options.store.identities.count(organization.id, { connection }),
    countPeople: (context, query) => countPeople(environment, context, query),
    decision: (context, idOrReference) => readDecision(environment, context, idOrReference),
    claimsSeen: (context, connection) => readClaimsSeen(environment, context, connection),
    hold: (context, user, action, reason) => changeHold(environment, context, user, action, reason),
    grant: (context, user, role) => grantRole(environment, context, user, role),
    revoke: (context, user, role) => revokeRole(environment, context, user, role),
    guardRoleGroups: (context, role, groups) => guardRoleGroups(environment, context, role, groups),
    withdrawRole: (context, role) => withdrawRole(environment, context, role),
    unlink: (context, user, identity, barred) => unlinkIdentity(environment, context, user, identity, barred),
    links: (context, user) => listLinks(environment, context, user),
    relink: (context, order, place) => relink(environment, context, order, place),
    closeEndedLink: (context, link) => closeEnded(environment, context, link),
    liftBar: (context, user, link) => liftBar(environment, context, user, link),
    tombstones: (context, page) => listTombstones(environment, context, page),
    removeTombstone: (context, id) => removeTombstone(environment, context, id),
    inbox: (context, query) => listInbox(environment, context, query),
    inboxItem: (context, id) => readInboxItem(environment, context, id),
    answerInboxItem: (context, id, answer, ifMatch) => answerInboxItem(environment, context, id, answer, ifMatch),
    deletionImpact: (context, connection) => readDeletionImpact(environment, context, connection),
    releaseConnection: (context, connection, choice, limit) =>
      releaseConnection(environment, context, connection, choice, limit),
    ...createCare(environment),
  }
}

async function read(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  id: string,
  wants: Wants,
): Promise<Shown> {
  const resource = isId(id) ? await show(environment, context, type, id, wants) : null
  if (resource === null) throw missing(type, id)
  return { id, version: String((resource.meta as { version: string }).version), resource }
}

async function show(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  id: string,
  wants: Wants,
) {
  const { store } = environment
  const org = context.organization.id
  if (type.name === 'User') return readShownUser(environment, context, '_id', id, wants)
  if (type.name === 'Group') {
    const group = await environment.reads.group(org, id)
    return group && showGroup(environment, context, group)
  }
  const resource = await store.resources.findOne(org, { _id: id, type: type.name })
  return resource && showCustom(type, context, resource)
}

async function readVersion(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  id: string,
): Promise<string> {
  const { store } = environment
  const org = context.organization.id
  if (!isId(id)) throw missing(type, id)
  if (type.name === 'Group') {
    const group = await environment.reads.group(org, id)
    if (group === null) throw missing(type, id)
    return (await groupVersion(environment, org, group)).version
  }
  const projection = { version: 1 } as const
  const found =
    type.name === 'User'
      ? await store.users.findOne(org, { _id: id }, { projection })
      : await store.resources.findOne(org, { _id: id, type: type.name }, { projection })
  if (found === null) throw missing(type, id)
  return versionTag(found.version)
}

function missing(type: ResourceType, id: string): UsherError {
  return new UsherError('not_found', `There is no ${type.name} ${JSON.stringify(id.slice(0, 64))}.`)
}
