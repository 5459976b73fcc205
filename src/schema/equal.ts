import type { JsonObject, JsonValue } from './types.ts'

/**
 * Whether two JSON values are the same: the order of members does not matter (RFC 7159 section 4), the order of
 * elements does, and an absent member equals one that is undefined.
 */
export function equalValues(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (isList(a) || isList(b)) return isList(a) && isList(b) && equalLists(a, b)
  return equalObjects(a, b)
}

function isList(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function equalLists(a: readonly JsonValue[], b: readonly JsonValue[]): boolean {
  return a.length === b.length && a.every((value, index) => equalValues(value, b[index]))
}

function equalObjects(a: JsonObject, b: JsonObject): boolean {
  for (const name of Object.keys(a)) {
    if (!equalValues(a[name], Object.hasOwn(b, name) ? b[name] : undefined)) return false
  }
  for (const name of Object.keys(b)) {
    if (b[name] !== undefined && !Object.hasOwn(a, name)) return false
  }
  return true
}
