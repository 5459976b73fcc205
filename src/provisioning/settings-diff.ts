/** What is different between two versions of settings, member by member. */

import { isObject } from '../patch/place.ts'
import { equalValues } from '../schema/equal.ts'
import type { JsonObject, JsonValue } from '../schema/types.ts'

/** Null stands for a member that nobody set: its default is in force. No setting has a null of its own. */
export interface SettingsChange {
  /** Such as `groups.mode` or `attributes[attribute eq "title"].claim`. */
  readonly path: string
  readonly before: JsonValue
  readonly after: JsonValue
}

/**
 * The differences, in the order of their paths. Mappings are compared by the attribute that they write; every other
 * list is one value.
 */
export function settingsChanges(before: JsonObject, after: JsonObject): readonly SettingsChange[] {
  return compareMembers('', before, after)
}

function compare(path: string, before: JsonValue, after: JsonValue): readonly SettingsChange[] {
  if (equalValues(before, after)) return []
  if (isObject(before) && isObject(after)) return compareMembers(path, before, after)
  if (path === 'attributes') {
    const [old, fresh] = [byAttribute(before), byAttribute(after)]
    if (old !== null && fresh !== null) {
      const changes = [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((attribute) => {
        const place = `attributes[attribute eq ${JSON.stringify(attribute)}]`
        return compare(place, old.get(attribute) ?? null, fresh.get(attribute) ?? null)
      })
      // Where only their order is another, the lists as they stand say so.
      if (changes.length > 0) return changes
    }
  }
  return [{ path, before, after }]
}

function compareMembers(path: string, before: JsonObject, after: JsonObject): readonly SettingsChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap((name) =>
    compare(path === '' ? name : `${path}.${name}`, before[name] ?? null, after[name] ?? null),
  )
}

/** Null where the mappings cannot be told apart by their attributes. */
function byAttribute(value: JsonValue): ReadonlyMap<string, JsonValue> | null {
  if (!Array.isArray(value)) return null
  const entries = (value as readonly JsonObject[]).map((mapping): [string, JsonValue] => [
    String(mapping.attribute),
    mapping,
  ])
  const map = new Map(entries)
  return map.size === entries.length ? map : null
}
