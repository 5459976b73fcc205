import type { Request } from 'express'
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { authenticateRequest } from '../http/authenticate.ts'
import { bearerToken } from '../http/credentials.ts'
import type { RequestRecord } from '../http/request-record.ts'
import type { Authenticated } from '../organizations/types.ts'
import type { ScimService } from './call.ts'
import { authorize, scimContext } from './context.ts'
import { type Dialect, dialects, dialectWith } from './dialects.ts'
import type { Located } from './place.ts'

/**
 * Who asks, for which organization. Without credentials the answer is 401, whether or not the organization exists; with
 * those of another organization it is the 404 of one that does not exist.
 *
 * @throws UsherError `unauthorized`, `not_found`, `too_many_requests`
 */
export async function enter(
  service: ScimService,
  request: Request,
  slug: string,
  record: RequestRecord,
): Promise<RequestContext> {
  const now = service.now()
  const who = await authenticateRequest(service, request, now)
  const organization = await service.organizations.bySlug(slug)
  if (organization === null || !belongsTo(who, organization.id)) {
    throw new UsherError('not_found', 'There is no such organization.')
  }
  const context = scimContext(who, organization, {
    requestId: record.requestId,
    now,
    publicUrl: service.publicUrl,
    note: (normalisation) => {
      if (!record.normalisations.includes(normalisation)) record.normalisations.push(normalisation)
    },
  })
  record.organization = organization.slug
  record.client = context.source
  return context
}

function belongsTo({ principal }: Authenticated, organization: string): boolean {
  return principal.kind === 'operator' || principal.organization === organization
}

/**
 * Refuses what is not there, what cannot be done there, and what the credential is not for.
 * @throws UsherError `not_found`, `method_not_allowed`, `forbidden`
 */
export function admit(located: Located | undefined, method: string, context: RequestContext): Located {
  const found = checkRoute(located, method, context.dialect)
  const { place } = found
  if (place.kind === 'me') return found
  const isReading = method === 'GET' || method === 'HEAD' || place.kind === 'search'
  authorize(context.principal, isReading ? 'read' : 'write', 'type' in place ? place.type : undefined)
  return found
}

/** @throws UsherError `not_found`, `method_not_allowed` */
export function checkRoute(located: Located | undefined, method: string, dialect: Dialect): Located {
  if (located === undefined || (!located.isExact && dialect.routeCase === 'exact')) {
    throw new UsherError('not_found', 'There is no such endpoint.')
  }
  if (!located.methods.includes(method === 'HEAD' ? 'GET' : method)) {
    const allowed = located.methods.includes('GET') ? ['HEAD', ...located.methods] : located.methods
    throw new UsherError('method_not_allowed', `${method} is not possible here.`, {
      headers: { Allow: allowed.join(', ') },
    })
  }
  return located
}

/** The dialect in which discovery is answered: that of the client, if the request says who it is. */
export async function discoveryDialect({ organizations, now }: ScimService, request: Request): Promise<Dialect> {
  const authorization = request.get('authorization')
  if (authorization === undefined) return dialects.rfc
  try {
    const who = await organizations.authenticate(bearerToken(authorization), now())
    return who === null ? dialects.rfc : dialectWith(who.dialect, who.switches)
  } catch {
    // Discovery needs no credentials, so that bad ones are no reason to refuse it.
    return dialects.rfc
  }
}
