import type { OrganizationRef, RequestContext, Source } from '../context.ts'
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
