/** Who asks, and whether that is enough. */
import type { Request } from 'express'
import type { Principal, RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { authenticateRequest } from '../http/authenticate.ts'
import type { RequestRecord } from '../http/request-record.ts'
import { sourceOf } from '../organizations/jit-changes.ts'
import type { Authenticated } from '../organizations/types.ts'
import { dialects } from '../scim/dialects.ts'
import type { AdminDependencies } from './dependencies.ts'
import type { Access, GlobalCall } from './route.ts'

export type Caller = GlobalCall<unknown, unknown>['caller']

/** The credential behind a request. @throws UsherError `unauthorized`, `too_many_requests` */
export async function authenticate(
  dependencies: AdminDependencies,
  request: Request,
  record: RequestRecord,
): Promise<Caller> {
  const now = dependencies.now()
  const who = await authenticateRequest(dependencies, request, now)
  record.client = who.principal.kind === 'scim' ? `scim:${who.principal.id}` : sourceOf(who.principal)
  return { requestId: record.requestId, principal: who.principal, now }
}

/**
 * The context of a call of an organization. One that is not the caller's does not exist for the caller.
 * @throws UsherError `not_found`
 */
export async function enterOrganization(
  { organizations, environment }: AdminDependencies,
  caller: Caller,
  slug: string,
  record: RequestRecord,
): Promise<RequestContext> {
  const organization = await organizations.bySlug(slug)
  if (organization === null || !belongsTo(caller.principal, organization.id)) {
    throw new UsherError('not_found', 'There is no such organization.')
  }
  record.organization = organization.slug
  return {
    ...caller,
    organization,
    source: sourceOf(caller.principal),
    dialect: dialects.rfc,
    baseUrl: `${environment.publicUrl}/scim/v2/${organization.slug}`,
    note: () => {},
  }
}

/** Whether what belongs to this organization may be known to the caller. */
export function belongsTo(principal: Authenticated['principal'], organization: string): boolean {
  return principal.kind === 'operator' || principal.organization === organization
}

const scopesFor = {
  privileged: ['admin:privileged'],
  admin: ['admin', 'admin:privileged'],
  logins: ['admin', 'admin:privileged', 'logins'],
  read: ['admin', 'admin:privileged', 'read'],
} as const

/** @throws UsherError `forbidden` */
export function authorize(principal: Principal, access: Access): void {
  if (principal.kind === 'operator') return
  if (principal.kind !== 'key') {
    throw new UsherError('forbidden', 'The token of a SCIM client is for SCIM. This needs an API key.')
  }
  if (access === 'operator') throw new UsherError('forbidden', "This needs the operator's token.")
  const wanted: readonly string[] = scopesFor[access]
  if (principal.scopes.some((scope) => wanted.includes(scope))) return
  throw new UsherError('forbidden', `The API key needs one of the scopes ${wanted.join(', ')} for this.`)
}
