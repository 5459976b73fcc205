/** What administrators do by hand: states, grants, links. The same plan, transaction and record as everything else. */
import { mayGrantPrivileged, type RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { HoldDocument, UserDocument } from '../store/documents.ts'
import { repeatOnConflict } from './apply.ts'
import { commit } from './commit.ts'
import { composeUser, grantsAsRoles, versionTag } from './compose.ts'
import { type DirectoryEnvironment, isId } from './environment.ts'
import { unlinkUser, writeHolds } from './hold-user.ts'
import { lift, place } from './holds.ts'
import { closeLink } from './links.ts'
import { loadUser } from './plan-user.ts'
import { guardLastHolders, guardPrivilegedGrants } from './privilege.ts'
import { presentRoles } from './roles.ts'
import { showUser } from './show.ts'
import { addGrant, removeGrant } from './sources.ts'
import type { HoldAction, Shown } from './types.ts'
import { partsOf } from './user-parts.ts'
import { Workspace } from './workspace.ts'

export async function changeHold(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: string,
  action: HoldAction,
  reason?: string,
): Promise<Shown> {
  return changeUser(environment, context, user, async (workspace, before) => {
    const holds = await nextHolds(environment, context, before.holds, action, reason)
    await writeHolds(environment, workspace, before, holds, action)
  })
}

export async function grantRole(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: string,
  role: string,
): Promise<Shown> {
  const known = (await presentRoles(environment, context)).find(({ name }) => name === role)
  if (known === undefined) throw new UsherError('not_found', `There is no role "${role.slice(0, 64)}".`)
  return changeUser(environment, context, user, (workspace, before) => {
    const entry = { source: context.source, at: context.now }
    return writeGrants(environment, workspace, before, addGrant(before.grants, role, entry))
  })
}

/** Takes what administrators gave by hand; a role that another source gives stays. */
export async function revokeRole(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: string,
  role: string,
): Promise<void> {
  const known = (await presentRoles(environment, context)).find(({ name }) => name === role)
  if (known?.privileged === true && !mayGrantPrivileged(context.principal)) {
    throw new UsherError('privileged_grant_refused', `This key may not take the privileged role "${role}".`)
  }
  await changeUser(environment, context, user, (workspace, before) => {
    const byHand = before.grants
      .find((grant) => grant.role === role)
      ?.sources.filter(({ source }) => source.startsWith('admin:'))
    let grants = before.grants
    for (const { source } of byHand ?? []) grants = removeGrant(grants, role, source)
    return writeGrants(environment, workspace, before, grants)
  })
}

/** Cuts one way in. The user, its attributes and its grants stay. @param barred no rule leads this subject here again */
export async function unlinkIdentity(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: string,
  identity: string,
  barred: boolean,
): Promise<void> {
  const { store } = environment
  const org = context.organization.id
  const found = isId(user) && isId(identity) ? await store.identities.findOne(org, { _id: identity, user }) : null
  if (found === null) throw new UsherError('not_found', 'There is no such identity.')
  await changeUser(environment, context, user, async (workspace, before) => {
    unlinkUser(environment, workspace, before, found.connection)
    closeLink(workspace, found, 'unlinked', barred)
  })
}

async function changeUser(
  environment: DirectoryEnvironment,
  context: RequestContext,
  id: string,
  plan: (workspace: Workspace, before: UserDocument) => Promise<void>,
): Promise<Shown> {
  if (!isId(id)) throw new UsherError('not_found', 'There is no such user.')
  return environment.queue.run([`${context.organization.id}|${id}`], () =>
    repeatOnConflict(environment, async () => {
      const workspace = new Workspace(context)
      const before = await loadUser(environment, workspace, id)
      await plan(workspace, before)
      if (!workspace.isEmpty) {
        await guardLastHolders(environment, workspace)
        await commit(environment, workspace, null)
      }
      const user = workspace.users.get(id)?.after ?? before
      const resource = await showUser(environment, context, user, () => true)
      return { id, version: versionTag(user.version), resource }
    }),
  )
}

/** Plans the user with other grants; what changes for nobody who reads the user makes no version. */
export async function writeGrants(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  before: UserDocument,
  grants: UserDocument['grants'],
): Promise<void> {
  if (grants === before.grants) return
  const visible = grantsAsRoles(grants).length !== before.grants.length
  const after = composeUser(environment.userType, {
    ...partsOf(environment, before),
    grants,
    ...(visible ? { version: before.version + 1, lastModified: workspace.context.now } : {}),
  })
  await guardPrivilegedGrants(environment, workspace, before, after)
  workspace.users.set(before._id, { before, after })
  if (!visible) return
  const had = new Set(before.grants.map(({ role }) => role))
  const has = new Set(grants.map(({ role }) => role))
  const operations = [
    ...[...has].filter((role) => !had.has(role)).map((value) => ({ op: 'add', path: 'roles', value: [{ value }] })),
    ...[...had]
      .filter((role) => !has.has(role))
      .map((value) => ({ op: 'remove', path: `roles[value eq ${JSON.stringify(value)}]` })),
  ]
  workspace.record('User', before._id, after.version, 'patch', [
    {
      method: 'PATCH',
      path: `/Users/${before._id}`,
      data: { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations },
    },
  ])
}

async function nextHolds(
  environment: DirectoryEnvironment,
  context: RequestContext,
  holds: readonly HoldDocument[],
  action: HoldAction,
  reason: string | undefined,
): Promise<readonly HoldDocument[]> {
  const { source, now: at } = context
  const because = reason === undefined ? {} : { reason }
  switch (action) {
    case 'suspend':
      return place(holds, { kind: 'suspended', source, at, ...because })
    case 'deactivate':
      return place(holds, { kind: 'deactivated', source, at, ...because })
    case 'lock':
      return place(holds, { kind: 'locked', source, at, ...because })
    case 'unlock':
      return lift(holds, source, ['locked'])
    case 'activate': {
      const orphaned = await orphanedHolds(environment, context, holds)
      const rest = lift(holds, source, ['suspended', 'deactivated'])
      return orphaned.size === 0 ? rest : rest.filter((hold) => !orphaned.has(hold))
    }
  }
}

/** Holds of SCIM clients that were deleted: nobody else is left to lift them. */
async function orphanedHolds(
  environment: DirectoryEnvironment,
  context: RequestContext,
  holds: readonly HoldDocument[],
): Promise<ReadonlySet<HoldDocument>> {
  const byClient = holds.filter(({ source }) => source.startsWith('scim:'))
  if (byClient.length === 0) return new Set()
  const living = await environment.store.scimClients.find(
    context.organization.id,
    { _id: { $in: byClient.map(({ source }) => source.slice('scim:'.length)) } },
    { projection: { _id: 1 } },
  )
  const ids = new Set(living.map(({ _id }) => `scim:${_id}`))
  return new Set(byClient.filter(({ source }) => !ids.has(source)))
}
