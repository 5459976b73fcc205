/**
 * Scopes of SCIM clients (RFC 6749 section 3.3): `scim` is everything, `scim.users` is the resource type at that
 * endpoint; with `.read` behind it, either is for reading only.
 */
import type { ResourceType } from '../schema/types.ts'

export type ScimAccess = 'read' | 'write'

type Endpoint = Pick<ResourceType, 'endpoint'>

/** What a scope is for; no endpoint: all of them. Whoever may write may read as well. */
interface Reach {
  readonly endpoint: string | null
  readonly access: ScimAccess
}

/** What clients have of which nothing else is said. */
export const defaultScopes: readonly string[] = ['scim']

/** No endpoint has a dot in it, and `scim.read` is never the scope of a type, even if there is one at `/Read`. */
const form = /^scim(?:\.(?!read$)([a-z][a-z0-9_-]*))?(\.read)?$/

/** Every scope there is for these resource types. */
export function scimScopes(types: readonly Endpoint[]): ReadonlySet<string> {
  return new Set([undefined, ...types].flatMap((type) => [scopeFor('write', type), scopeFor('read', type)]))
}

/** The narrowest scope that is enough; without a type for all of them. */
export function scopeFor(access: ScimAccess, type?: Endpoint): string {
  const whole = type === undefined ? 'scim' : `scim.${nameOf(type)}`
  if (access === 'read') return `${whole}.read`
  return whole === 'scim.read' ? 'scim' : whole
}

/** Whether one of the scopes is for this. */
export function scopesAllow(scopes: readonly string[], access: ScimAccess, type: Endpoint): boolean {
  return isWithin([scopeFor(access, type)], scopes)
}

/** Whether each of the scopes is part of one of `bounds`. */
export function isWithin(scopes: readonly string[], bounds: readonly string[]): boolean {
  const outer = bounds.flatMap(reachOf)
  return scopes.flatMap(reachOf).every((inner) => outer.some((bound) => isSame(meet(inner, bound), inner)))
}

/** What of the scopes is left within `bounds`. */
export function narrow(scopes: readonly string[], bounds: readonly string[]): readonly string[] {
  const outer = bounds.flatMap(reachOf)
  const left = scopes.flatMap(reachOf).flatMap((inner) => outer.flatMap((bound) => meet(inner, bound) ?? []))
  return [...new Set(left.map(({ endpoint, access }) => nameFor(endpoint, access)))]
}

/** Nothing for a text that is no scope of ours. */
function reachOf(scope: string): readonly Reach[] {
  const [matched, endpoint = null, reading] = form.exec(scope) ?? []
  return matched === undefined ? [] : [{ endpoint, access: reading === undefined ? 'write' : 'read' }]
}

function meet(one: Reach, other: Reach): Reach | null {
  if (one.endpoint !== null && other.endpoint !== null && one.endpoint !== other.endpoint) return null
  return { endpoint: one.endpoint ?? other.endpoint, access: one.access === 'write' ? other.access : 'read' }
}

function isSame(one: Reach | null, other: Reach): boolean {
  return one !== null && one.endpoint === other.endpoint && one.access === other.access
}

function nameFor(endpoint: string | null, access: ScimAccess): string {
  return scopeFor(access, endpoint === null ? undefined : { endpoint: `/${endpoint}` })
}

function nameOf({ endpoint }: Endpoint): string {
  return endpoint.slice(1).toLowerCase()
}
