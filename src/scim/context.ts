import type { OrganizationRef, Principal, RequestContext, Source } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { Authenticated } from '../organizations/types.ts'
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
 * Refuses what the credential is not for: an API key needs `admin`, or `read` for a request that only reads.
 * @throws UsherError `forbidden`
 */
export function authorize(principal: Principal, isReading: boolean): void {
  if (principal.kind !== 'key' || principal.scopes.includes('admin')) return
  if (isReading && principal.scopes.includes('read')) return
  throw new UsherError(
    'forbidden',
    `The API key needs the scope ${isReading ? '"read" or "admin"' : '"admin"'} for this.`,
  )
}
