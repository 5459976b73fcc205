/** What the application is told at the end of a login, made from the plan without reading it again. */
import type { RequestContext } from '../context.ts'
import type { Decision } from '../provisioning/types.ts'
import type { JsonObject } from '../schema/types.ts'
import type { UserDocument } from '../store/documents.ts'
import type { DecisionName } from './decision-record.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { groupsAbove } from './roles.ts'
import { showUserWithin } from './show.ts'
import type { SnapshotReading } from './snapshot.ts'
import { readManagers } from './surroundings.ts'
import type { UserReading } from './user-state.ts'
import type { Workspace } from './workspace.ts'

/** Members of the answer that are there for every outcome. */
export function answerWithoutUser(context: RequestContext, decision: Decision, name: DecisionName): JsonObject {
  return {
    outcome: decision.outcome,
    decisionId: name.id,
    reference: name.reference,
    user: null,
    organization: context.organization.slug,
    roles: [],
    groups: [],
    profile: decision.profile,
    warnings: decision.warnings as unknown as readonly JsonObject[],
  }
}

export async function answerWithUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  { catalogue, snapshot, parents }: SnapshotReading,
  decision: Decision,
  name: DecisionName,
  user: UserDocument,
  before: UserReading['state'] | null,
): Promise<JsonObject> {
  const { context } = workspace
  const org = context.organization.id
  const direct = directGroups(workspace, user._id, before)
  const [{ byMember: groups, displays }, managers] = await Promise.all([
    groupsAbove(environment, org, [user._id], direct.length === 0 ? new Map() : new Map([[user._id, direct]]), parents),
    readManagers(environment, org, [user]),
  ])
  const shown = showUserWithin(
    environment,
    context,
    user,
    {
      groups,
      displays: new Map([...snapshot.groups.map(({ id, display }) => [id, display] as const), ...displays]),
      catalogue,
      identities: new Map([[user._id, identitiesOf(workspace, user._id, before)]]),
      managers,
    },
    () => true,
  )
  const values = (attribute: string) => (shown[attribute] ?? []) as readonly JsonObject[]
  return {
    ...answerWithoutUser(context, decision, name),
    user: shown,
    roles: values('roles').map(({ value }) => String(value)),
    groups: values('groups').map(({ value, display }) => ({ value, display })),
    profile: null,
  }
}

function directGroups(workspace: Workspace, user: string, before: UserReading['state'] | null): readonly string[] {
  const groups = new Set(before?.memberships.map(({ group }) => group))
  for (const edge of workspace.edges.values()) {
    if (edge.member !== user) continue
    if (edge.after.length > 0) groups.add(edge.group)
    else groups.delete(edge.group)
  }
  return [...groups]
}

function identitiesOf(workspace: Workspace, user: string, before: UserReading['state'] | null) {
  const { now, organization, principal } = workspace.context
  const current = principal.kind === 'login' ? principal.connection : undefined
  const known = (before?.identities ?? []).map(({ id, ...identity }) => ({
    _id: id,
    org: organization.id,
    user,
    ...identity,
    lastLogin: identity.connection === current ? now : identity.lastLogin,
  }))
  return [...known, ...workspace.identities]
}
