/** What an operation on a group would make of it. Members are edges: the group itself is not written for them. */
import { externalIdClient } from '../context.ts'
import { UsherError } from '../errors.ts'
import { applyPatch } from '../patch/apply.ts'
import { diffOperations } from '../patch/diff.ts'
import type { DeferredChange } from '../patch/types.ts'
import { equalValues } from '../schema/equal.ts'
import { leaves } from '../schema/leaves.ts'
import { withoutSecrets } from '../schema/secrets.ts'
import type { JsonObject, Resource } from '../schema/types.ts'
import type { GroupDocument } from '../store/documents.ts'
import { composeGroup, externalIdFor, type ResourceParts, withExternalId } from './compose.ts'
import { type DirectoryEnvironment, newId } from './environment.ts'
import { groupVersion } from './group-version.ts'
import { keepValues } from './kept-values.ts'
import { isAboutMembers, normaliseGroup, readGroupPatch } from './long-members.ts'
import { changeMembers, type MemberChanges, memberOperations, noMemberChanges } from './member-changes.ts'
import type { PlannedResource } from './plan-custom.ts'
import { checkPrecondition } from './precondition.ts'
import { factsOf } from './read-patch.ts'
import { resolveReferences } from './references.ts'
import { updateSources } from './sources.ts'
import { fromStored } from './stored-form.ts'
import type { CreateOperation, DeleteOperation, IfMatch, WriteOperation } from './types.ts'
import type { Workspace } from './workspace.ts'

export async function planGroupPost(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: CreateOperation,
): Promise<PlannedResource> {
  const { context } = workspace
  const body = await readBody(environment, workspace, operation.data)
  const { members = [], ...attributes } = body
  const id = newId(context.now)
  if (operation.bulkId !== undefined) workspace.named.set(operation.bulkId, id)
  const parts: ResourceParts = {
    id,
    org: context.organization.id,
    version: 1,
    created: context.now,
    lastModified: context.now,
    attributes: {},
    externalIds: [],
    sources: [],
  }
  const after = composeGroup(
    environment.groupType,
    writtenParts(environment, workspace, parts, attributes, () => true),
  )
  workspace.groups.set(id, { before: null, after })
  const named = members as readonly Resource[]
  await changeMembers(environment, workspace, after, [{ kind: 'add', attribute: 'members', values: named }])
  workspace.record('Group', id, 1, 'create', [
    {
      method: 'POST',
      path: '/Groups',
      data: { schemas: [environment.groupType.schema], ...withoutSecrets(environment.groupType, body) },
    },
  ])
  return { id, created: true, changed: true, supplied: suppliedBy(body) }
}

export async function planGroupPut(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: WriteOperation,
): Promise<PlannedResource> {
  const before = await loadGroup(environment, workspace, operation.id)
  await checkGroupPrecondition(environment, workspace, before, operation.ifMatch)
  const { putMerge, putOmittedMembers } = workspace.context.dialect
  const merges = putMerge === 'merge'
  const kept = merges ? patchable(environment, workspace, before) : {}
  const body = await readBody(environment, workspace, operation.data, kept)
  const { members, ...written } = body
  const attributes = keepValues(environment.groupType, partsOf(environment, before).attributes, written)
  const keep = !mentionsMembers(operation.data) && (merges || putOmittedMembers === 'keep')
  let changes: MemberChanges = noMemberChanges
  if (!keep) {
    const values = (members ?? []) as readonly Resource[]
    changes = await changeMembers(environment, workspace, before, [{ kind: 'echo', values }])
  }
  const changed = writeGroup(environment, workspace, before, attributes, () => false, changes, 'replace')
  return { id: before._id, created: false, changed, supplied: suppliedBy(body) }
}

/** An empty list and null are no omission: who sends one wants the members gone. */
function mentionsMembers(data: unknown): boolean {
  return typeof data === 'object' && data !== null && Object.keys(data).some((name) => name.toLowerCase() === 'members')
}

export async function planGroupPatch(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: WriteOperation,
): Promise<PlannedResource> {
  const { context } = workspace
  const before = await loadGroup(environment, workspace, operation.id)
  await checkGroupPrecondition(environment, workspace, before, operation.ifMatch)
  const operations = await readGroupPatch(environment.groupType, resolveReferences(operation.data, workspace), {
    switches: context.dialect,
    note: context.note,
    resourceId: before._id,
  })
  const base = patchable(environment, workspace, before)
  const { resource, deferred } = applyPatch(environment.groupType, base, operations, {
    switches: context.dialect,
    note: context.note,
    deferred: ['members'],
  })
  const changes = await changeMembers(environment, workspace, before, deferred as readonly DeferredChange[])
  const facts = factsOf(operations.map((one) => (isAboutMembers(one) ? { ...one, value: undefined } : one)))
  const changed = writeGroup(environment, workspace, before, resource, facts.namesLeaf, changes, 'patch')
  return { id: before._id, created: false, changed, supplied: facts.supplied }
}

export async function planGroupDelete(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: DeleteOperation,
): Promise<null> {
  const before = await loadGroup(environment, workspace, operation.id)
  await checkGroupPrecondition(environment, workspace, before, operation.ifMatch)
  workspace.groups.set(before._id, { before, after: null })
  workspace.dissolved.add(before._id)
  workspace.record('Group', before._id, before.version + 1, 'delete', [
    { method: 'DELETE', path: `/Groups/${before._id}` },
  ])
  return null
}

/** The group as planned so far, else as stored. @throws UsherError `not_found` */
export async function loadGroup(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  id: string,
): Promise<GroupDocument> {
  const draft = workspace.groups.get(id)
  const group =
    draft === undefined
      ? (workspace.known.groups?.get(id) ?? (await environment.reads.group(workspace.context.organization.id, id)))
      : draft.after
  if (group === null) throw new UsherError('not_found', `There is no Group ${id.slice(0, 64)}.`)
  return group
}

/** A precondition is about the set of members too: two holders of one version must not both win. */
async function checkGroupPrecondition(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  group: GroupDocument,
  ifMatch: IfMatch | undefined,
): Promise<void> {
  if (ifMatch === undefined) return
  if (ifMatch === '*') return
  const { version } = await groupVersion(environment, workspace.context.organization.id, group)
  checkPrecondition(ifMatch, version)
  workspace.guardGroup(group, version)
}

/** What a client sees of a group and may write, but for its members. */
function patchable(environment: DirectoryEnvironment, workspace: Workspace, group: GroupDocument): Resource {
  const externalId = externalIdFor(group.externalIds, clientOf(workspace))
  return {
    ...fromStored(environment.groupType, group.resource),
    ...(externalId === undefined ? {} : { externalId }),
  }
}

function readBody(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  data: unknown,
  kept: Resource = {},
): Promise<Resource> {
  const { dialect, note } = workspace.context
  const options = { switches: dialect, note }
  return normaliseGroup(environment.groupType, resolveReferences(data, workspace), options, kept)
}

/** Plans the group's own attributes and records what changed, members included. Gives whether anything did. */
function writeGroup(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  before: GroupDocument,
  written: Resource,
  named: (path: string) => boolean,
  changes: MemberChanges,
  action: string,
): boolean {
  const type = environment.groupType
  const parts = partsOf(environment, before)
  const next = writtenParts(environment, workspace, parts, written, named)
  const visible =
    !equalValues(parts.attributes, next.attributes) || !equalValues(externalIdsOf(parts), externalIdsOf(next))
  let version: number | null = null
  if (visible || next.sources !== parts.sources) {
    version = visible ? parts.version + 1 : parts.version
    const lastModified = visible ? workspace.context.now : parts.lastModified
    const after = composeGroup(type, { ...next, version, lastModified })
    workspace.groups.set(before._id, { before: workspace.groups.get(before._id)?.before ?? before, after })
  }
  const shown = (some: ResourceParts) => withoutSecrets(type, shownParts(some))
  const operations = [
    ...(visible ? (diffOperations(type, shown(parts), shown(next)) as readonly JsonObject[]) : []),
    ...memberOperations(changes),
  ]
  if (operations.length === 0 && !visible) return false
  workspace.record('Group', before._id, visible ? version : null, action, [
    {
      method: 'PATCH',
      path: `/Groups/${before._id}`,
      data: { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations },
    },
  ])
  return true
}

function writtenParts(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  parts: ResourceParts,
  body: Resource,
  named: (path: string) => boolean,
): ResourceParts {
  const { externalId, ...attributes } = body
  const { context } = workspace
  const client = externalIdClient(context)
  const unique = context.dialect.externalIdUnique === 'none' ? undefined : context.dialect.externalIdUnique
  const value = typeof externalId === 'string' ? externalId : undefined
  const echoed = client === undefined && parts.externalIds.at(-1)?.value === value
  const type = environment.groupType
  return {
    ...parts,
    attributes: equalValues(parts.attributes, attributes) ? parts.attributes : attributes,
    externalIds: echoed ? parts.externalIds : withExternalId(parts.externalIds, workspace.source, value, unique),
    sources: updateSources(parts.sources, leaves(type, parts.attributes), leaves(type, attributes), named, {
      source: workspace.source,
      at: context.now,
      decision: workspace.decision ?? undefined,
    }),
  }
}

function partsOf(environment: DirectoryEnvironment, group: GroupDocument): ResourceParts {
  return {
    id: group._id,
    org: group.org,
    version: group.version,
    created: group.created,
    lastModified: group.lastModified,
    attributes: fromStored(environment.groupType, group.resource),
    externalIds: group.externalIds,
    sources: group.sources,
  }
}

function shownParts(parts: ResourceParts): Resource {
  const externalId = parts.externalIds.at(-1)?.value
  return { ...parts.attributes, ...(externalId === undefined ? {} : { externalId }) }
}

function externalIdsOf(parts: ResourceParts) {
  return parts.externalIds.map(({ client, value }) => ({ client, value }))
}

function clientOf(workspace: Workspace): string | undefined {
  return externalIdClient(workspace.context) === undefined ? undefined : workspace.source
}

function suppliedBy(body: Resource): ReadonlySet<string> {
  return new Set(Object.keys(body).map((name) => name.toLowerCase()))
}
