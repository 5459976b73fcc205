import type { Source } from '../context.ts'
import { equalValues } from '../schema/equal.ts'
import { leaves } from '../schema/leaves.ts'
import type { Resource, ResourceType } from '../schema/types.ts'
import type { ChangeEntry } from './types.ts'

/**
 * What a change of a resource means leaf by leaf (the parts of which one source is known), in the order of the schema;
 * null stands for "no value".
 */
export function attributeChanges(
  type: ResourceType,
  before: Resource,
  after: Resource,
  source: Source,
): readonly ChangeEntry[] {
  if (before === after) return []
  const old = leaves(type, before)
  const fresh = leaves(type, after)
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((path) => !equalValues(old.get(path), fresh.get(path)))
    .map((path) => ({ path, before: old.get(path) ?? null, after: fresh.get(path) ?? null, source }))
}

/** A membership or role that was given or taken, in the same form. */
export function valueChange(
  attribute: 'groups' | 'roles',
  value: string,
  change: 'given' | 'taken',
  source: Source,
): ChangeEntry {
  const entry = { value }
  return {
    path: `${attribute}[value eq ${JSON.stringify(value)}]`,
    before: change === 'given' ? null : entry,
    after: change === 'given' ? entry : null,
    source,
  }
}
