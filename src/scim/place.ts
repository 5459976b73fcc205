import type { SchemaRegistry } from '../schema/registry.ts'
import type { ResourceType } from '../schema/types.ts'

export type DiscoveryDocument = 'ServiceProviderConfig' | 'ResourceTypes' | 'Schemas'

/** What a path below an organization's SCIM base stands for. */
export type Place =
  | { readonly kind: 'root' | 'me' | 'bulk' }
  /** The result of a request that was accepted before it was done; the id may name one operation of a bulk. */
  | { readonly kind: 'result'; readonly id: string }
  | { readonly kind: 'discovery'; readonly document: DiscoveryDocument; readonly id: string | undefined }
  /** Without a type: `/.search` at the root. */
  | { readonly kind: 'search'; readonly type: ResourceType | undefined }
  | { readonly kind: 'collection'; readonly type: ResourceType }
  | { readonly kind: 'resource'; readonly type: ResourceType; readonly id: string }

export interface Located {
  readonly place: Place
  /** For logs and metrics: `/Users/:id`. */
  readonly template: string
  readonly methods: readonly string[]
  /** Whether names of routes are written in the case of RFC 7644. */
  readonly isExact: boolean
}

/** The organization's slug and the segments behind it; undefined for a path that cannot be decoded. */
export function splitPath(path: string): { readonly slug: string; readonly segments: readonly string[] } | undefined {
  const parts = path.replace(/^\//, '').replace(/\/$/, '').split('/')
  try {
    const [slug = '', ...segments] = parts.map(decodeURIComponent)
    return { slug, segments }
  } catch {
    return undefined
  }
}

const fixed: Readonly<Record<string, { readonly name: string; readonly place: Place; readonly methods: string[] }>> = {
  me: { name: 'Me', place: { kind: 'me' }, methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] },
  bulk: { name: 'Bulk', place: { kind: 'bulk' }, methods: ['POST'] },
  '.search': { name: '.search', place: { kind: 'search', type: undefined }, methods: ['POST'] },
}

const discovery: Readonly<Record<string, DiscoveryDocument>> = {
  serviceproviderconfig: 'ServiceProviderConfig',
  resourcetypes: 'ResourceTypes',
  schemas: 'Schemas',
}

/** Finds what the segments behind the organization stand for; names of routes may be in any case. */
export function locate(
  registry: SchemaRegistry,
  segments: readonly string[],
  isReadOnly: (type: ResourceType) => boolean,
): Located | undefined {
  const [first, second, third] = segments
  if (first === undefined) return { place: { kind: 'root' }, template: '', methods: ['GET'], isExact: true }
  if (third !== undefined || first === '' || second === '') return undefined
  const name = first.toLowerCase()

  const document = Object.hasOwn(discovery, name) ? discovery[name] : undefined
  if (document !== undefined) {
    if (second !== undefined && document === 'ServiceProviderConfig') return undefined
    const template = second === undefined ? `/${document}` : `/${document}/:id`
    return {
      place: { kind: 'discovery', document, id: second },
      template,
      methods: ['GET'],
      isExact: first === document,
    }
  }
  if (name === 'asyncresults' && second !== undefined) {
    const place = { kind: 'result', id: second } as const
    return { place, template: '/AsyncResults/:id', methods: ['GET'], isExact: first === 'AsyncResults' }
  }
  const route = Object.hasOwn(fixed, name) ? fixed[name] : undefined
  if (route !== undefined) {
    if (second !== undefined) return undefined
    return { place: route.place, template: `/${route.name}`, methods: route.methods, isExact: first === route.name }
  }
  const type = registry.resourceTypeAt(`/${first}`)
  return type && locateType(type, `/${first}` === type.endpoint, second, isReadOnly(type))
}

function locateType(type: ResourceType, isExact: boolean, id: string | undefined, isReadOnly: boolean): Located {
  if (id === undefined) {
    const methods = isReadOnly ? ['GET'] : ['GET', 'POST']
    return { place: { kind: 'collection', type }, template: type.endpoint, methods, isExact }
  }
  if (id.toLowerCase() === '.search') {
    const template = `${type.endpoint}/.search`
    return { place: { kind: 'search', type }, template, methods: ['POST'], isExact: isExact && id === '.search' }
  }
  const methods = isReadOnly ? ['GET'] : ['GET', 'PUT', 'PATCH', 'DELETE']
  return { place: { kind: 'resource', type, id }, template: `${type.endpoint}/:id`, methods, isExact }
}
