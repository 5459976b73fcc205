import { isObject, type Reading } from './reading.ts'
import type { Attribute } from './types.ts'

/**
 * Shapes that clients send for a complex attribute although it is an object in the schema: `manager` as the id alone,
 * a role or an entitlement as its name alone, and Microsoft Entra's role with JSON text inside `value`. Gives the
 * object that was meant, or the value as it is.
 */
export function unwrapBareValue(reading: Reading, attribute: Attribute, value: unknown): unknown {
  if (attribute.name === 'manager' && attribute.extension !== undefined) return readManager(reading, value)
  if (attribute.path === 'roles' || attribute.path === 'entitlements') return readRole(reading, value)
  return value
}

function readManager(reading: Reading, value: unknown): unknown {
  if (typeof value !== 'string' || reading.switches.managerShape === 'refuse') return value
  reading.note('manager as text')
  return { value }
}

function readRole(reading: Reading, value: unknown): unknown {
  const { bareRoles } = reading.switches
  if (bareRoles === 'refuse') return value
  let role = value
  if (typeof role === 'string') {
    reading.note('role as text')
    role = { value: role }
  }
  if (bareRoles !== 'parse' || !isObject(role)) return role
  const inner = parseRole(role.value)
  if (inner === undefined) return role
  reading.note('role as JSON text')
  return { ...inner, ...role, value: inner.value }
}

/** Only members that a role has are taken over, so that the text cannot bring in anything else. */
function parseRole(text: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof text !== 'string' || !text.startsWith('{')) return undefined
  try {
    const parsed: unknown = JSON.parse(text)
    if (!isObject(parsed) || typeof parsed.value !== 'string') return undefined
    const display = parsed.display ?? parsed.displayName
    return {
      value: parsed.value,
      ...(typeof display === 'string' ? { display } : {}),
      ...(typeof parsed.type === 'string' ? { type: parsed.type } : {}),
    }
  } catch {
    return undefined
  }
}
