/** One way to write a user, whatever the operation was: what becomes of each part, and whether anybody sees a change. */
import { externalIdClient } from '../context.ts'
import { diffOperations } from '../patch/diff.ts'
import { lockFinder } from '../provisioning/locks.ts'
import { equalValues } from '../schema/equal.ts'
import { leaves } from '../schema/leaves.ts'
import { withoutSecrets } from '../schema/secrets.ts'
import type { JsonObject, JsonValue, Resource } from '../schema/types.ts'
import type { HoldDocument, UserDocument } from '../store/documents.ts'
import { composeUser, grantsAsRoles, type UserParts, withExternalId } from './compose.ts'
import type { LoginEffects } from './effects.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { isActive, lift, place } from './holds.ts'
import { keepValues } from './kept-values.ts'
import { guardLocks, readLocks } from './locks.ts'
import { withPresentManager } from './managers.ts'
import { guardPrivilegedGrants } from './privilege.ts'
import { patchBody } from './record-form.ts'
import { shadowValues, updateSources } from './sources.ts'
import { nextGrants } from './user-grants.ts'
import { mergeProven, newParts, partsOf, union, writerOf } from './user-parts.ts'
import type { Workspace } from './workspace.ts'

/** A user as clients write it: with externalId, roles and active beside the attributes. */
export interface WrittenUser {
  readonly attributes: Resource
  readonly externalId: string | undefined
  /** Undefined: not mentioned, as in a PATCH of something else. */
  readonly roles: readonly JsonObject[] | undefined
  /** Undefined: not mentioned. */
  readonly active: boolean | undefined
}

/** What the operation says about values that are equal to what is there already. */
export interface Intent {
  readonly action: 'create' | 'replace' | 'patch' | 'adopt'
  /** Whether a leaf was named by the client, as opposed to echoed. */
  readonly named: (path: string) => boolean
  /** Role values that become the client's even if another source gave them. */
  readonly namedRoles: ReadonlySet<string>
}

/**
 * Plans a user that exists, or a new one with this id. Gives whether there is a change that anybody sees; changes of
 * provenance alone are written without a new version.
 */
export async function writeUser(
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

  // A PATCH says itself what becomes of each value; a body as a whole leaves some unsaid.
  const said =
    stored === null || intent.action === 'patch'
      ? written.attributes
      : keepValues(environment.userType, parts.attributes, written.attributes)
  const body = await withPresentManager(environment, workspace, before._id, parts.attributes, said)
  const attributes = equalValues(parts.attributes, body) ? parts.attributes : body
  const beforeLeaves = leaves(environment.userType, parts.attributes)
  const afterLeaves = leaves(environment.userType, attributes)
  // a login was decided with the locks in view
  const locks = stored === null || effects !== null ? [] : await readLocks(environment, context, stored)
  guardLocks(environment, locks, beforeLeaves, afterLeaves)
  const lockOn = lockFinder(environment.userType, locks)
  const named = (path: string) => intent.named(path) && lockOn(path) === undefined
  const sources = shadowValues(
    updateSources(parts.sources, beforeLeaves, afterLeaves, named, writer),
    effects?.shadowed ?? [],
    writer,
    // A login says everything that is mapped, a PUT everything that there is, a PATCH what it names.
    (path) => effects !== null || intent.action === 'replace' || named(path),
  )
  const grants = await nextGrants(
    environment,
    workspace,
    stored,
    parts.grants,
    written.roles,
    intent.namedRoles,
    effects,
  )
  const holds = nextHolds(workspace, parts.holds, written.active, intent, effects)
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

function nextHolds(
  workspace: Workspace,
  holds: readonly HoldDocument[],
  active: boolean | undefined,
  intent: Intent,
  effects: LoginEffects | null,
): readonly HoldDocument[] {
  if (active === undefined) return holds
  // A client that PUTs back the `false` that it read does not hold the user by that.
  if (intent.action === 'replace' && active === isActive(holds)) return holds
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
  const type = environment.userType
  const before = withoutSecrets(type, writtenFormOf(parts))
  const written = withoutSecrets(type, writtenFormOf(next))
  const operations: JsonObject[] =
    stored === null
      ? [{ method: 'POST', path: '/Users', data: { schemas: [type.schema], ...written } }]
      : [
          {
            method: 'PATCH',
            path: `/Users/${after._id}`,
            data: patchBody(diffOperations(type, before, written)),
          },
        ]
  workspace.record('User', after._id, after.version, intent.action, operations)
}

/** A user as a client could write it: with the externalId that was written last, and roles and state beside the attributes. */
export function writtenFormOf(parts: UserParts): Resource {
  const externalId = parts.externalIds.at(-1)?.value
  const roles = grantsAsRoles(parts.grants)
  return {
    ...parts.attributes,
    ...(externalId === undefined ? {} : { externalId }),
    ...(roles.length === 0 ? {} : { roles }),
    active: isActive(parts.holds),
  }
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
