import type { OrganizationRef, Principal, RequestContext, Scope, Source } from '../context.ts'
import { UsherError } from '../errors.ts'
import { type ScimAccess, scopeFor, scopesAllow } from '../organizations/scim-scopes.ts'
import type { Authenticated } from '../organizations/types.ts'
import type { ResourceType } from '../schema/types.ts'
import { dialectWith } from './dialects.ts'

export interface ContextParts {
  readonly requestId: string
  readonly now: Date
  readonly publicUrl: string
  readonly note: (normalisation: string) => void
}

/** The context of a SCIM request, from the credential and the organization of the URL. */
export function scimContext(who: Authenticated, organization: OrganizationRef, parts: ContextParts): RequestContext {
  return {
    requestId: parts.requestId,
    now: parts.now,
    note: parts.note,
    principal: who.principal,
    organization,
    source: sourceOf(who.principal),
    dialect: dialectWith(who.dialect, who.switches),
    baseUrl: scimBaseUrl(parts.publicUrl, organization.slug),
  }
}

/** The SCIM base URL of an organization: no request header takes part in it. */
export function scimBaseUrl(publicUrl: string, slug: string): string {
  return `${publicUrl}/scim/v2/${encodeURIComponent(slug)}`
}

function sourceOf(principal: Authenticated['principal']): Source {
  if (principal.kind === 'scim') return `scim:${principal.id}`
  return principal.kind === 'key' ? `admin:${principal.id}` : 'admin:operator'
}

/**
 * Refuses what the credential is not for: an API key needs `admin`, or `read` for what only reads; a SCIM client a scope
 * of the resource type. Of what is about no type in particular, a SCIM client may do as much as its scopes are for.
 * @throws UsherError `forbidden`
 */
export function authorize(principal: Principal, access: ScimAccess, type?: ResourceType): void {
  if (principal.kind === 'key') {
    const enough = access === 'read' ? ['read', 'admin'] : ['admin']
    if (enough.some((scope) => principal.scopes.includes(scope as Scope))) return
    const words = enough.map((scope) => `"${scope}"`).join(' or ')
    throw insufficientScope(enough[0]!, `The API key needs the scope ${words} for this.`)
  }
  if (principal.kind !== 'scim' || type === undefined || scopesAllow(principal.scopes, access, type)) return
  throw needing(scopeFor(access, type))
}

/**
 * The resource types that the credential may read, of these.
 * @throws UsherError `forbidden` when there are none
 */
export function readableTypes(principal: Principal, types: readonly ResourceType[]): readonly ResourceType[] {
  if (principal.kind !== 'scim') return types
  const readable = types.filter((type) => scopesAllow(principal.scopes, 'read', type))
  if (readable.length === 0) throw needing(scopeFor('read'))
  return readable
}

function needing(scope: string): UsherError {
  return insufficientScope(scope, `The token needs the scope "${scope}", or one that covers it, for this.`)
}

/** RFC 6750 section 3.1. */
function insufficientScope(scope: string, detail: string): UsherError {
  return new UsherError('forbidden', detail, {
    headers: { 'WWW-Authenticate': `Bearer realm="usher", error="insufficient_scope", scope="${scope}"` },
  })
}
