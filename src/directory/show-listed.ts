/** The rows of a list as they are shown. They are read type by type, and stay in their order. */
import type { RequestContext } from '../context.ts'
import type { JsonObject, ResourceType } from '../schema/types.ts'
import type {
  CustomResourceDocument,
  GroupDocument,
  ResourceDocument,
  Showable,
  UserDocument,
} from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { showCustom, showGroups, showUsers } from './show.ts'
import type { Listed, Wants } from './types.ts'

export interface ListedDocument {
  readonly type: ResourceType
  readonly document: Showable<ResourceDocument>
}

export async function showListed(
  environment: DirectoryEnvironment,
  context: RequestContext,
  rows: readonly ListedDocument[],
  wantsOf: (type: ResourceType) => Wants,
): Promise<readonly Listed[]> {
  const shown = new Map<string, Listed>()
  for (const type of new Set(rows.map((row) => row.type))) {
    const documents = rows.filter((row) => row.type === type).map(({ document }) => document)
    for (const resource of await showAll(environment, context, type, documents, wantsOf(type))) {
      const id = String(resource.id)
      shown.set(id, { type, id, version: String((resource.meta as JsonObject).version), resource })
    }
  }
  return rows.flatMap(({ document }) => shown.get(document._id) ?? [])
}

async function showAll(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  documents: readonly Showable<ResourceDocument>[],
  wants: Wants,
): Promise<readonly JsonObject[]> {
  if (type.name === 'User')
    return showUsers(environment, context, documents as readonly Showable<UserDocument>[], wants)
  if (type.name === 'Group') return showGroups(environment, context, documents as readonly Showable<GroupDocument>[])
  return (documents as readonly Showable<CustomResourceDocument>[]).map((document) =>
    showCustom(type, context, document),
  )
}
