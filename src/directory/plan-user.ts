/** What an operation on a user would make of it. Reads through the workspace, writes nothing. */
import { externalIdClient, type Source } from '../context.ts'
import { UsherError } from '../errors.ts'
import { applyPatch } from '../patch/apply.ts'
import { diffOperations } from '../patch/diff.ts'
import { equalValues } from '../schema/equal.ts'
import { leaves } from '../schema/leaves.ts'
import { normalise } from '../schema/normalise.ts'
import type { JsonObject, JsonValue, Resource } from '../schema/types.ts'
import type { GrantDocument, HoldDocument, UserDocument } from '../store/documents.ts'
import { findAdoptable } from './adopt.ts'
import { composeUser, externalIdFor, grantsAsRoles, type UserParts, versionTag, withExternalId } from './compose.ts'
import type { LoginEffects } from './effects.ts'
import { type DirectoryEnvironment, newId } from './environment.ts'
import { isActive, lift, place } from './holds.ts'
import { checkPrecondition } from './precondition.ts'
import { guardPrivilegedGrants } from './privilege.ts'
import { factsOf, readUserPatch } from './read-patch.ts'
import { resolveReferences } from './references.ts'
import { effectiveRoles } from './roles.ts'
import { addGrant, entryOf, removeGrant, shadowValues, updateSources, type Writer } from './sources.ts'
import { fromStored } from './stored-form.ts'
import { buryUser } from './tombstones.ts'
import type { CreateOperation, DeleteOperation, WriteOperation } from './types.ts'
import type { Workspace } from './workspace.ts'

/** A user as clients write it: with externalId, roles and active beside the attributes. */
interface WrittenUser {
  readonly attributes: Resource
  readonly externalId: string | undefined
  /** Undefined: not mentioned, as in a PATCH of something else. */
  readonly roles: readonly JsonObject[] | undefined
  /** Undefined: not mentioned. */
  readonly active: boolean | undefined
}

/** What the operation says about values that are equal to what is there already. */
interface Intent {
  readonly action: 'create' | 'replace' | 'patch' | 'adopt'
  /** Whether a leaf was named by the client, as opposed to echoed. */
  readonly named: (path: string) => boolean
  /** Role values that become the client's even if another source gave them. */
  readonly namedRoles: ReadonlySet<string>
}

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
    const intent = { action: 'adopt' as const, named: () => true, namedRoles: roleValues(written.roles) }
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
  const body = normalise(environment.userType, data, { switches: context.dialect, note: context.note })
  const written = splitUser(body)
  const merged =
    context.dialect.putMerge === 'merge'
      ? { ...written, attributes: { ...attributesOf(environment, before), ...written.attributes } }
      : written
  const intent = { action: 'replace' as const, named: () => false, namedRoles: new Set<string>() }
  const changed = await writeUser(environment, workspace, before, merged, intent, null)
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
  const externalId = externalIdFor(before.externalIds, clientOf(workspace))
  const roles = facts.names('roles') ? await effectiveRoles(environment, workspace.context, before) : []
  const base: Resource = {
    ...attributesOf(environment, before),
    ...(externalId === undefined ? {} : { externalId }),
    ...(roles.length === 0 ? {} : { roles }),
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
      ? await environment.store.users.findOne(workspace.context.organization.id, { _id: id })
      : draft.after
  if (user === null) throw new UsherError('not_found', `There is no User ${id.slice(0, 64)}.`)
  return user
}

/**
 * Plans the user with other holds: for the life cycle by hand and for jobs. Gives whether anything changes.
 */
export async function writeHolds(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  before: UserDocument,
  holds: readonly HoldDocument[],
  action: string,
): Promise<boolean> {
  if (holds === before.holds) return false
  const after = composeUser(environment.userType, {
    ...partsOf(environment, before),
    holds,
    version: before.version + 1,
    lastModified: workspace.context.now,
  })
  workspace.users.set(before._id, { before: workspace.users.get(before._id)?.before ?? before, after })
  workspace.record('User', before._id, after.version, action, [
    {
      method: 'PATCH',
      path: `/Users/${before._id}`,
      data: patchBody([{ op: 'replace', path: 'active', value: isActive(holds) }]),
    },
  ])
  return true
}

/**
 * Plans a link to a user about whom nothing changes that anybody sees. The user is written all the same, by version: a
 * link must not slip past somebody who deactivates the user at the same moment.
 */
export function linkUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  before: UserDocument,
  effects: LoginEffects,
): void {
  const parts = partsOf(environment, before)
  const after = composeUser(environment.userType, {
    ...parts,
    sources: shadowValues(parts.sources, effects.shadowed, writerOf(workspace)),
    provenEmails: mergeProven(parts.provenEmails, effects.provenEmails),
    links: union(parts.links, effects.linked ? [workspace.source] : []),
  })
  workspace.users.set(before._id, { before, after })
}

/** The parts that a stored user was composed of. */
export function partsOf(environment: DirectoryEnvironment, user: UserDocument): UserParts {
  return {
    id: user._id,
    org: user.org,
    version: user.version,
    created: user.created,
    lastModified: user.lastModified,
    attributes: attributesOf(environment, user),
    externalIds: user.externalIds,
    sources: user.sources,
    holds: user.holds,
    grants: user.grants,
    provisionedBy: user.provisionedBy,
    provenEmails: user.provenEmails,
    links: user.managedBy.filter((source) => source.startsWith('login:') || source.startsWith('invitation:')),
  }
}

export function attributesOf(environment: DirectoryEnvironment, user: UserDocument): Resource {
  return fromStored(environment.userType, user.resource)
}

async function writeUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  before: UserDocument | { readonly _id: string },
  written: WrittenUser,
  intent: Intent,
  effects: LoginEffects | null,
): Promise<boolean> {
  const { context } = workspace
  const stored = 'version' in before ? before : null
  const parts = stored === null ? newParts(workspace, before._id, effects) : partsOf(environment, stored)
  const writer = writerOf(workspace)

  const attributes = keepServerOwned(environment, parts.attributes, written.attributes, stored !== null)
  const beforeLeaves = leaves(environment.userType, parts.attributes)
  const afterLeaves = leaves(environment.userType, attributes)
  const sources = shadowValues(
    updateSources(parts.sources, beforeLeaves, afterLeaves, intent.named, writer),
    effects?.shadowed ?? [],
    writer,
  )
  const grants = await nextGrants(environment, workspace, stored, parts.grants, written.roles, intent, effects)
  const holds = nextHolds(workspace, parts.holds, written.active, effects)
  const externalIds = nextExternalIds(workspace, parts, written.externalId, intent, effects)
  const next: UserParts = {
    ...parts,
    attributes,
    sources,
    grants,
    holds,
    externalIds,
    provenEmails: mergeProven(parts.provenEmails, effects?.provenEmails ?? []),
    links: effects?.linked === true ? union(parts.links, [workspace.source]) : parts.links,
  }

  const visible = stored === null || !sameVisible(parts, next)
  if (!visible && sameSilently(parts, next)) return false

  const version = visible && stored !== null ? parts.version + 1 : parts.version
  const after = composeUser(environment.userType, {
    ...next,
    version,
    lastModified: visible ? context.now : parts.lastModified,
  })
  await guardPrivilegedGrants(environment, workspace, stored, after)
  const original = workspace.users.get(before._id)
  workspace.users.set(before._id, { before: original === undefined ? stored : original.before, after })
  if (visible) recordUser(environment, workspace, stored, parts, after, next, intent)
  return visible
}

/** What a client cannot take away by leaving it out, because it never sees it. */
function keepServerOwned(
  environment: DirectoryEnvironment,
  before: Resource,
  after: Resource,
  existing: boolean,
): Resource {
  if (!existing) return after
  for (const attribute of environment.userType.attributes) {
    if (attribute.mutability !== 'immutable') continue
    const old = before[attribute.name]
    if (old !== undefined && !equalValues(old, after[attribute.name])) {
      throw new UsherError('mutability', `"${attribute.name}" is immutable and has a value already.`)
    }
  }
  return equalValues(before, after) ? before : after
}

function newParts(workspace: Workspace, id: string, effects: LoginEffects | null): UserParts {
  const { context } = workspace
  return {
    id,
    org: context.organization.id,
    version: 1,
    created: context.now,
    lastModified: context.now,
    attributes: {},
    externalIds: [],
    sources: [],
    holds: [],
    grants: [],
    provisionedBy: effects?.provisionedBy ?? (context.source.startsWith('scim:') ? 'scim' : 'admin'),
    provenEmails: [],
    links: [],
  }
}

async function nextGrants(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  stored: UserDocument | null,
  grants: readonly GrantDocument[],
  roles: readonly JsonObject[] | undefined,
  intent: Intent,
  effects: LoginEffects | null,
): Promise<readonly GrantDocument[]> {
  const writer = writerOf(workspace)
  let next = grants
  if (roles !== undefined) {
    const wanted = roleValues(roles)
    for (const { role } of grants) if (!wanted.has(role)) next = removeGrant(next, role, writer.source)
    const fresh = roles.filter((role) => !isOwn(grants, role, writer.source))
    const shown =
      stored === null || fresh.length === 0
        ? new Set<string>()
        : roleValues(await effectiveRoles(environment, workspace.context, stored))
    for (const role of fresh) {
      const value = String(role.value)
      if (shown.has(value) && !intent.namedRoles.has(value) && !hasOwn(grants, value, writer.source)) continue
      next = addGrant(next, value, { ...entryOf(writer), ...roleDetails(role) })
    }
  }
  for (const grant of effects?.invitationRoles ?? []) {
    next = addGrant(next, grant.role, { ...entryOf(writer), source: grant.source })
  }
  return next
}

/** Whether this source gave the role already, with these details. A display that was filled in by us is no detail. */
function isOwn(grants: readonly GrantDocument[], role: JsonObject, source: Source): boolean {
  const own = grants.find((grant) => grant.role === role.value)?.sources.find((entry) => entry.source === source)
  if (own === undefined) return false
  const details = roleDetails(role)
  return (
    own.type === details.type &&
    own.primary === details.primary &&
    (own.display === undefined || own.display === details.display)
  )
}

function hasOwn(grants: readonly GrantDocument[], role: string, source: Source): boolean {
  return grants.some((grant) => grant.role === role && grant.sources.some((entry) => entry.source === source))
}

function nextHolds(
  workspace: Workspace,
  holds: readonly HoldDocument[],
  active: boolean | undefined,
  effects: LoginEffects | null,
): readonly HoldDocument[] {
  if (active === undefined) return holds
  const { source } = workspace
  if (!active) return place(holds, { kind: 'deactivated', source, at: workspace.context.now })
  const lifted = lift(holds, source, ['deactivated', 'suspended'])
  const allowed = effects?.lift ?? []
  const rest = lifted.filter(
    (hold) => !allowed.some((other) => other.kind === hold.kind && other.source === hold.source),
  )
  return rest.length === lifted.length ? lifted : rest
}

function nextExternalIds(
  workspace: Workspace,
  parts: UserParts,
  externalId: string | undefined,
  intent: Intent,
  effects: LoginEffects | null,
) {
  const { dialect, principal } = workspace.context
  if (principal.kind === 'login') {
    return effects?.externalId == null
      ? parts.externalIds
      : withExternalId(parts.externalIds, workspace.source, effects.externalId, undefined)
  }
  const unique = dialect.externalIdUnique === 'none' ? undefined : dialect.externalIdUnique
  // Callers that are no SCIM client see the value that was written last; echoing it makes it nobody's but its writer's.
  if (externalIdClient(workspace.context) === undefined && parts.externalIds.at(-1)?.value === externalId) {
    return parts.externalIds
  }
  if (intent.action === 'adopt' && externalId === undefined) return parts.externalIds
  return withExternalId(parts.externalIds, workspace.source, externalId, unique)
}

function recordUser(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  stored: UserDocument | null,
  parts: UserParts,
  after: UserDocument,
  next: UserParts,
  intent: Intent,
): void {
  const writtenForm = writtenFormOf(next)
  const operations: JsonObject[] =
    stored === null
      ? [{ method: 'POST', path: '/Users', data: { schemas: [environment.userType.schema], ...writtenForm } }]
      : [
          {
            method: 'PATCH',
            path: `/Users/${after._id}`,
            data: patchBody(diffOperations(environment.userType, writtenFormOf(parts), writtenForm)),
          },
        ]
  workspace.record('User', after._id, after.version, intent.action, operations)
}

function patchBody(operations: readonly JsonObject[]): JsonObject {
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations }
}

function writtenFormOf(parts: UserParts): Resource {
  const externalId = parts.externalIds.at(-1)?.value
  const roles = grantsAsRoles(parts.grants)
  return {
    ...parts.attributes,
    ...(externalId === undefined ? {} : { externalId }),
    ...(roles.length === 0 ? {} : { roles }),
    active: isActive(parts.holds),
  }
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

function roleValues(roles: readonly JsonObject[]): ReadonlySet<string> {
  return new Set(roles.map((role) => String(role.value)))
}

function roleDetails(role: JsonObject): { display?: string; type?: string; primary?: boolean } {
  return {
    ...(typeof role.display === 'string' ? { display: role.display } : {}),
    ...(typeof role.type === 'string' ? { type: role.type } : {}),
    ...(typeof role.primary === 'boolean' ? { primary: role.primary } : {}),
  }
}

function writerOf(workspace: Workspace): Writer {
  return { source: workspace.source, at: workspace.context.now, decision: workspace.decision ?? undefined }
}

function suppliedBy(body: Resource): ReadonlySet<string> {
  return new Set(Object.keys(body).map((name) => name.toLowerCase()))
}

function clientOf(workspace: Workspace): string | undefined {
  return externalIdClient(workspace.context) === undefined ? undefined : workspace.source
}

function sameVisible(a: UserParts, b: UserParts): boolean {
  return (
    equalValues(a.attributes, b.attributes) &&
    equalValues(visibleExternalIds(a), visibleExternalIds(b)) &&
    isActive(a.holds) === isActive(b.holds) &&
    sameHolds(a.holds, b.holds) &&
    equalValues(grantsAsRoles(a.grants), grantsAsRoles(b.grants))
  )
}

function sameHolds(a: readonly HoldDocument[], b: readonly HoldDocument[]): boolean {
  return a === b || (a.length === b.length && a.every((hold, index) => hold === b[index]))
}

function visibleExternalIds(parts: UserParts): JsonValue {
  return parts.externalIds.map(({ client, value }) => ({ client, value }))
}

function sameSilently(a: UserParts, b: UserParts): boolean {
  return a.sources === b.sources && a.grants === b.grants && a.provenEmails === b.provenEmails && a.links === b.links
}

function mergeProven(known: readonly string[], more: readonly string[]): readonly string[] {
  return more.every((email) => known.includes(email)) ? known : union(known, more)
}

function union<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  return b.every((value) => a.includes(value)) ? a : [...new Set([...a, ...b])]
}
