/** Operations on resources of types that documents alone describe: the same rules without users' particulars. */
import { UsherError } from '../errors.ts'
import { applyPatch } from '../patch/apply.ts'
import { diffOperations } from '../patch/diff.ts'
import { readPatch } from '../patch/envelope.ts'
import { equalValues } from '../schema/equal.ts'
import { leaves } from '../schema/leaves.ts'
import { normalise } from '../schema/normalise.ts'
import { withoutSecrets } from '../schema/secrets.ts'
import type { JsonObject, JsonValue, Resource, ResourceType } from '../schema/types.ts'
import type { CustomResourceDocument } from '../store/documents.ts'
import { composeCustom, externalIdFor, type ResourceParts, versionTag, withExternalId } from './compose.ts'
import { type DirectoryEnvironment, newId } from './environment.ts'
import { keepValues } from './kept-values.ts'
import { checkPrecondition } from './precondition.ts'
import { factsOf } from './read-patch.ts'
import { resolveReferences } from './references.ts'
import { updateSources } from './sources.ts'
import { fromStored } from './stored-form.ts'
import type { CreateOperation, DeleteOperation, WriteOperation } from './types.ts'
import type { Workspace } from './workspace.ts'

export interface PlannedResource {
  readonly id: string
  readonly created: boolean
  readonly changed: boolean
  readonly supplied: ReadonlySet<string>
}

export async function planCustomPost(
  _environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: CreateOperation,
): Promise<PlannedResource> {
  const { context } = workspace
  const { type } = operation
  const body = normalise(type, resolveReferences(operation.data, workspace), {
    switches: context.dialect,
    note: context.note,
  })
  const id = newId(context.now)
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
  const after = composeCustom(
    type,
    written(workspace, type, parts, body, () => true),
  )
  workspace.resources.set(id, { before: null, after })
  workspace.record(type.name, id, 1, 'create', [
    { method: 'POST', path: type.endpoint, data: { schemas: [type.schema], ...withoutSecrets(type, body) } },
  ])
  if (operation.bulkId !== undefined) workspace.named.set(operation.bulkId, id)
  return { id, created: true, changed: true, supplied: suppliedBy(body) }
}

export async function planCustomWrite(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: WriteOperation,
): Promise<PlannedResource> {
  const { context } = workspace
  const { type, id } = operation
  const before = await loadCustom(environment, workspace, type, id)
  checkPrecondition(operation.ifMatch, versionTag(before.version))
  const parts = partsOf(type, before)
  const data = resolveReferences(operation.data, workspace)
  const options = { switches: context.dialect, note: context.note }
  const base = baseOf(workspace, parts)

  let body: Resource
  let named: (path: string) => boolean = () => false
  let supplied: ReadonlySet<string>
  if (operation.method === 'PUT') {
    const kept = context.dialect.putMerge === 'merge' ? base : {}
    body = keepValues(type, parts.attributes, normalise(type, data, options, kept))
    supplied = suppliedBy(body)
  } else {
    const operations = readPatch(type, data, { ...options, resourceId: id })
    body = applyPatch(type, base, operations, options).resource
    const facts = factsOf(operations)
    named = facts.namesLeaf
    supplied = facts.supplied
  }

  const next = written(workspace, type, parts, body, named)
  const visible =
    !equalValues(parts.attributes, next.attributes) || !equalValues(externalIdsOf(parts), externalIdsOf(next))
  if (!visible && next.sources === parts.sources) return { id, created: false, changed: false, supplied }
  const after = composeCustom(type, {
    ...next,
    version: visible ? parts.version + 1 : parts.version,
    lastModified: visible ? context.now : parts.lastModified,
  })
  workspace.resources.set(id, { before: workspace.resources.get(id)?.before ?? before, after })
  if (visible) {
    const operations = diffOperations(
      type,
      withoutSecrets(type, base),
      withoutSecrets(type, baseOf(workspace, next)),
    ) as readonly JsonObject[]
    workspace.record(type.name, id, after.version, operation.method === 'PUT' ? 'replace' : 'patch', [
      {
        method: 'PATCH',
        path: `${type.endpoint}/${id}`,
        data: { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations },
      },
    ])
  }
  return { id, created: false, changed: visible, supplied }
}

export async function planCustomDelete(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  operation: DeleteOperation,
): Promise<null> {
  const { type, id } = operation
  const before = await loadCustom(environment, workspace, type, id)
  checkPrecondition(operation.ifMatch, versionTag(before.version))
  workspace.resources.set(id, { before, after: null })
  workspace.record(type.name, id, before.version + 1, 'delete', [{ method: 'DELETE', path: `${type.endpoint}/${id}` }])
  return null
}

async function loadCustom(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  type: ResourceType,
  id: string,
): Promise<CustomResourceDocument> {
  const draft = workspace.resources.get(id)
  const found =
    draft === undefined
      ? await environment.store.resources.findOne(workspace.context.organization.id, { _id: id, type: type.name })
      : draft.after
  if (found === null) throw new UsherError('not_found', `There is no ${type.name} ${id.slice(0, 64)}.`)
  return found
}

function written(
  workspace: Workspace,
  type: ResourceType,
  parts: ResourceParts,
  body: Resource,
  named: (path: string) => boolean,
): ResourceParts {
  const { externalId, ...attributes } = body
  const { context } = workspace
  const unique = context.dialect.externalIdUnique === 'none' ? undefined : context.dialect.externalIdUnique
  return {
    ...parts,
    attributes,
    externalIds: withExternalId(
      parts.externalIds,
      workspace.source,
      typeof externalId === 'string' ? externalId : undefined,
      unique,
    ),
    sources: updateSources(parts.sources, leaves(type, parts.attributes), leaves(type, attributes), named, {
      source: workspace.source,
      at: context.now,
    }),
  }
}

function partsOf(type: ResourceType, document: CustomResourceDocument): ResourceParts {
  return {
    id: document._id,
    org: document.org,
    version: document.version,
    created: document.created,
    lastModified: document.lastModified,
    attributes: fromStored(type, document.resource),
    externalIds: document.externalIds,
    sources: document.sources,
  }
}

function baseOf(workspace: Workspace, parts: ResourceParts): Resource {
  const externalId = externalIdFor(parts.externalIds, workspace.source)
  return { ...parts.attributes, ...(externalId === undefined ? {} : { externalId }) }
}

function externalIdsOf(parts: ResourceParts): JsonValue {
  return parts.externalIds.map(({ client, value }) => ({ client, value }))
}

function suppliedBy(body: Resource): ReadonlySet<string> {
  return new Set(Object.keys(body).map((name) => name.toLowerCase()))
}
