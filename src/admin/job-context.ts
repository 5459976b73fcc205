import type { OrganizationRef, RequestContext, Source } from '../context.ts'
import type { ContextOf } from '../directory/sweep.ts'
import type { OrganizationsEnvironment } from '../organizations/environment.ts'
import { organizationRef } from '../organizations/organizations.ts'
import { dialects } from '../scim/dialects.ts'

/** The context in which a job acts on the directory; `source` is in whose name it does. */
export function jobContext(
  { publicUrl }: { readonly publicUrl: string },
  organization: OrganizationRef,
  { id, source = `job:${id}` }: { readonly id: string; readonly source?: Source },
  now: Date,
): RequestContext {
  return {
    requestId: `job-${id}`,
    principal: { kind: 'system', job: id },
    now,
    organization,
    source,
    dialect: dialects.rfc,
    baseUrl: `${publicUrl}/scim/v2/${organization.slug}`,
    note: () => {},
  }
}

/** A deletion is finished in the name of whoever deleted, as a part of the same request. */
export function contextOfDeletion(environment: OrganizationsEnvironment, now: () => Date): ContextOf {
  return async ({ org, actor, request }) => {
    const organization = await environment.store.organizations.findOne({ _id: org })
    if (organization === null) return null
    const context = jobContext(environment, organizationRef(organization), { id: 'departures', source: actor }, now())
    return { ...context, requestId: request }
  }
}
