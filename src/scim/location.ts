import type { RequestContext } from '../context.ts'
import type { ResourceType } from '../schema/types.ts'

/** Where a resource is found: `meta.location`. */
export function locationOf({ baseUrl }: Pick<RequestContext, 'baseUrl'>, type: ResourceType, id: string): string {
  return `${baseUrl}${type.endpoint}/${encodeURIComponent(id)}`
}
