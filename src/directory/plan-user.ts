/** What a SCIM operation on a user would make of it. Reads through the workspace, writes nothing. */
import { externalIdClient } from '../context.ts'
import { UsherError } from '../errors.ts'
import { applyPatch } from '../patch/apply.ts'
import { leaves } from '../schema/leaves.ts'
import { normalise } from '../schema/normalise.ts'
import type { JsonObject, Resource } from '../schema/types.ts'
import type { UserDocument } from '../store/documents.ts'
import { findAdoptable } from './adopt.ts'
import { externalIdFor, versionTag } from './compose.ts'
import type { LoginEffects } from './effects.ts'
import { type DirectoryEnvironment, newId } from './environment.ts'
import { isActive } from './holds.ts'
import { checkPrecondition } from './precondition.ts'
import { factsOf, readUserPatch } from './read-patch.ts'
import { resolveReferences } from './references.ts'
import { effectiveRoles } from './roles.ts'
import { buryUser } from './tombstones.ts'
import type { CreateOperation, DeleteOperation, WriteOperation } from './types.ts'
import { roleValues } from './user-grants.ts'
import { attributesOf } from './user-parts.ts'
import type { Workspace } from './workspace.ts'
import { type WrittenUser, writeUser } from './write-user.ts'

export interface PlannedUser {
  readonly id: string
  readonly created: boolean
  readonly changed: boolean
  readonly supplied: ReadonlySet<string>
}

export async function planUserPost(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: CreateOperation,
  effects: LoginEffects | null,
): Promise<PlannedUser> {
  const { context } = workspace
  const data = resolveReferences(operation.data, workspace)
  const body = normalise(environment.userType, data, { switches: context.dialect, note: context.note })
  const written = splitUser(body)
  const supplied = suppliedBy(body)

  const adopted = await findAdoptable(environment, workspace, body)
  if (adopted !== null) {
    context.note('existing user adopted')
    const given = leaves(environment.userType, written.attributes)
    const named = (path: string) => given.has(path)
    const intent = { action: 'adopt' as const, named, namedRoles: roleValues(written.roles) }
    const merged = { ...written, attributes: { ...attributesOf(environment, adopted), ...written.attributes } }
    const changed = await writeUser(environment, workspace, adopted, merged, intent, effects)
    return { id: adopted._id, created: true, changed, supplied }
  }

  const id = newId(context.now)
  const intent = { action: 'create' as const, named: () => true, namedRoles: roleValues(written.roles) }
  await writeUser(environment, workspace, { _id: id }, written, intent, effects)
  if (operation.bulkId !== undefined) workspace.named.set(operation.bulkId, id)
  return { id, created: true, changed: true, supplied }
}

export async function planUserPut(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: WriteOperation,
): Promise<PlannedUser> {
  const { context } = workspace
  const before = await loadUser(environment, workspace, operation.id)
  checkPrecondition(operation.ifMatch, versionTag(before.version))
  const data = resolveReferences(operation.data, workspace)
  // The state is the client's only when it says one: `active` is never filled in from what holds.
  const kept = context.dialect.putMerge === 'merge' ? await patchable(environment, workspace, before, true) : {}
  const body = normalise(environment.userType, data, { switches: context.dialect, note: context.note }, kept)
  const intent = { action: 'replace' as const, named: () => false, namedRoles: new Set<string>() }
  const changed = await writeUser(environment, workspace, before, splitUser(body), intent, null)
  return { id: before._id, created: false, changed, supplied: suppliedBy(body) }
}

export async function planUserPatch(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: WriteOperation,
  effects: LoginEffects | null,
): Promise<PlannedUser> {
  const before = await loadUser(environment, workspace, operation.id)
  checkPrecondition(operation.ifMatch, versionTag(before.version))
  const operations = readUserPatch(environment, workspace, before._id, operation.data)
  const facts = factsOf(operations)
  const base: Resource = {
    ...(await patchable(environment, workspace, before, facts.names('roles'))),
    active: isActive(before.holds),
  }
  const { resource } = applyPatch(environment.userType, base, operations, {
    switches: workspace.context.dialect,
    note: workspace.context.note,
  })
  const written = splitUser(resource)
  const mentioned = {
    ...written,
    roles: facts.names('roles') ? written.roles : undefined,
    active: facts.names('active') ? (written.active ?? true) : undefined,
  }
  const intent = { action: 'patch' as const, named: facts.namesLeaf, namedRoles: facts.roleValues }
  const changed = await writeUser(environment, workspace, before, mentioned, intent, effects)
  return { id: before._id, created: false, changed, supplied: facts.supplied }
}

export async function planUserDelete(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: DeleteOperation,
): Promise<null> {
  const before = await loadUser(environment, workspace, operation.id)
  checkPrecondition(operation.ifMatch, versionTag(before.version))
  await removeUser(environment, workspace, before)
  return null
}

/** What a client sees of a user and may write, but for the state; roles are read only where they matter. */
async function patchable(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  user: UserDocument,
  withRoles: boolean,
): Promise<Resource> {
  const externalId = externalIdFor(user.externalIds, clientOf(workspace))
  const roles = withRoles ? await effectiveRoles(environment, workspace.context, user) : []
  return {
    ...attributesOf(environment, user),
    ...(externalId === undefined ? {} : { externalId }),
    ...(roles.length === 0 ? {} : { roles }),
  }
}

/** Takes a user away with everything that belongs to it; the tombstone remembers. */
export async function removeUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  before: UserDocument,
): Promise<void> {
  await buryUser(environment, workspace, before)
  workspace.users.set(before._id, { before, after: null })
  workspace.departed.add(before._id)
  workspace.record('User', before._id, before.version + 1, 'delete', [
    { method: 'DELETE', path: `/Users/${before._id}` },
  ])
}

/** The user as planned so far, else as stored. @throws UsherError `not_found` */
export async function loadUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  id: string,
): Promise<UserDocument> {
  const draft = workspace.users.get(id)
  const user =
    draft === undefined
      ? (workspace.known.users?.get(id) ?? (await environment.reads.user(workspace.context.organization.id, id)))
      : draft.after
  if (user === null) throw new UsherError('not_found', `There is no User ${id.slice(0, 64)}.`)
  return user
}

function splitUser(body: Resource): WrittenUser & { readonly roles: readonly JsonObject[] } {
  const { externalId, roles, active, ...attributes } = body
  return {
    attributes,
    externalId: typeof externalId === 'string' ? externalId : undefined,
    roles: uniqueRoles((roles ?? []) as readonly JsonObject[]),
    active: typeof active === 'boolean' ? active : undefined,
  }
}

function uniqueRoles(roles: readonly JsonObject[]): readonly JsonObject[] {
  const byValue = new Map<string, JsonObject>()
  for (const role of roles) if (typeof role.value === 'string') byValue.set(role.value, role)
  return [...byValue.values()]
}

function suppliedBy(body: Resource): ReadonlySet<string> {
  return new Set(Object.keys(body).map((name) => name.toLowerCase()))
}

function clientOf(workspace: Workspace): string | undefined {
  return externalIdClient(workspace.context) === undefined ? undefined : workspace.source
}
