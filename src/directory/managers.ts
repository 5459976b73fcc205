/** Who a user's manager is, and who it becomes when it is somebody who was merged into another. */
import type { JsonObject, Resource } from '../schema/types.ts'
import { enterpriseUrn, type UserParts } from './compose.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { survivorsOf } from './survivors.ts'
import type { Workspace } from './workspace.ts'

/**
 * What is written of a user, with the survivor as manager in the place of somebody who was merged away. Looks it up where
 * another manager is named than before; nobody becomes their own.
 */
export async function withPresentManager(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  user: string,
  before: Resource,
  written: Resource,
): Promise<Resource> {
  const value = managerOf(written)
  if (value === undefined || value === managerOf(before) || workspace.users.has(value)) return written
  const heir = (await survivorsOf(environment, workspace.context, [value])).get(value)
  if (heir === undefined) return written
  return heir === user ? attributesWithout(written) : attributesWith(written, heir)
}

/** A user with another manager. */
export function withManager(parts: UserParts, value: string): UserParts {
  return { ...parts, attributes: attributesWith(parts.attributes, value) }
}

/** A user, and what is said about it, without a manager that is one of these: nobody becomes their own. */
export function withoutManager(parts: UserParts, ids: readonly string[]): UserParts {
  const value = managerOf(parts.attributes)
  if (value === undefined || !ids.includes(value)) return parts
  return {
    ...parts,
    attributes: attributesWithout(parts.attributes),
    sources: parts.sources.filter(({ path }) => !path.startsWith(`${enterpriseUrn}:manager`)),
  }
}

function managerOf(attributes: Resource): string | undefined {
  const value = (enterpriseOf(attributes).manager as JsonObject | undefined)?.value
  return typeof value === 'string' ? value : undefined
}

function attributesWith(attributes: Resource, value: string): Resource {
  const enterprise = enterpriseOf(attributes)
  const manager = { ...(enterprise.manager as JsonObject | undefined), value }
  return { ...attributes, [enterpriseUrn]: { ...enterprise, manager } }
}

function attributesWithout(attributes: Resource): Resource {
  const { manager: _manager, ...enterprise } = enterpriseOf(attributes)
  const { [enterpriseUrn]: _, ...core } = attributes
  return Object.keys(enterprise).length === 0 ? core : { ...core, [enterpriseUrn]: enterprise }
}

function enterpriseOf(attributes: Resource): JsonObject {
  return (attributes[enterpriseUrn] ?? {}) as JsonObject
}
