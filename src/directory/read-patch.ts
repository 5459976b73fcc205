import { readPatch } from '../patch/envelope.ts'
import type { PatchOperation } from '../patch/types.ts'
import { leafOf } from '../schema/leaves.ts'
import type { JsonObject, JsonValue } from '../schema/types.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { resolveReferences } from './references.ts'
import type { Workspace } from './workspace.ts'

/** What the operations of a PATCH name, whether they change it or not. */
export interface PatchFacts {
  /** Whether an operation is about this core attribute. */
  readonly names: (attribute: string) => boolean
  /** Whether a leaf (see `leaves`) was named. */
  readonly namesLeaf: (path: string) => boolean
  readonly roleValues: ReadonlySet<string>
  readonly supplied: ReadonlySet<string>
}

/** Reads the body of a PATCH of a user. @throws UsherError of RFC 7644 section 3.5.2 */
export function readUserPatch(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  id: string,
  data: unknown,
): readonly PatchOperation[] {
  const { dialect, note } = workspace.context
  return readPatch(environment.userType, resolveReferences(data, workspace), {
    switches: dialect,
    note,
    resourceId: id,
  })
}

export function factsOf(operations: readonly PatchOperation[]): PatchFacts {
  const attributes = new Set<string>()
  const leafPaths = new Set<string>()
  const roleValues = new Set<string>()
  for (const { path, value } of operations) {
    if (path.kind === 'extension') {
      leafPaths.add(path.schema)
      continue
    }
    attributes.add(path.attribute.path)
    for (const leaf of leavesNamed(path, value)) leafPaths.add(leaf)
    if (path.attribute.path === 'roles') for (const role of elementsOf(value)) roleValues.add(String(role.value))
  }
  const prefixes = [...leafPaths]
  return {
    names: (attribute) => attributes.has(attribute),
    namesLeaf: (leaf) =>
      leafPaths.has(leaf) ||
      prefixes.some((prefix) => leaf.startsWith(prefix) && /^[.:[]/.test(leaf.slice(prefix.length))),
    roleValues,
    supplied: new Set([...attributes].map((name) => name.toLowerCase())),
  }
}

/** A list names the leaves of its own elements, not of everything that the attribute holds. */
function leavesNamed(path: Extract<PatchOperation['path'], { kind: 'attribute' }>, value: JsonValue | undefined) {
  const { attribute, subAttribute, selectors } = path
  if (path.filter !== undefined || !attribute.multiValued || attribute.type !== 'complex') {
    return [leafOf({ attribute, subAttribute, selectors })]
  }
  return elementsOf(value).map((element) =>
    leafOf({ attribute, subAttribute, selectors: element.type === undefined ? {} : { type: element.type ?? null } }),
  )
}

function elementsOf(value: JsonValue | undefined): readonly JsonObject[] {
  const list = Array.isArray(value) ? value : [value]
  return list.filter((element): element is JsonObject => typeof element === 'object' && element !== null)
}
