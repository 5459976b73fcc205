import type { RequestContext } from '../context.ts'
import type { Wants } from '../directory/types.ts'
import type { ResourceType } from '../schema/types.ts'
import { Answer } from './answer.ts'
import type { ScimCall, ScimService } from './call.ts'
import { catalogueOf, readEntry } from './catalogue.ts'
import { locationOf } from './location.ts'
import { readProjection } from './parameters.ts'
import { noneMatches } from './preconditions.ts'
import { represent } from './representation.ts'

/**
 * `GET /{type}/{id}` (RFC 7644 section 3.4.1): 200, or 304 when the client has this version already.
 * @throws UsherError `not_found`, `invalid_value`
 */
export async function get(service: ScimService, call: ScimCall, type: ResourceType, id: string): Promise<Answer> {
  const { context, ifNoneMatch } = call
  const projection = readProjection(call.rawQuery, context.dialect)
  const source = sourceOf(service, context, type, id)
  if (ifNoneMatch !== undefined) {
    const version = await source.version()
    if (noneMatches(ifNoneMatch, version)) {
      return new Answer(304, { ETag: version, Location: locationOf(context, type, id) })
    }
  }
  return represent(service, context, 200, { type, id, show: source.show }, projection)
}

function sourceOf(service: ScimService, context: RequestContext, type: ResourceType, id: string) {
  if (catalogueOf(type) !== undefined) {
    const entry = () => readEntry(service, context, type, id)
    return { version: async () => (await entry()).version, show: entry }
  }
  return {
    version: () => service.directory.version(context, type, id),
    show: (wants: Wants) => service.directory.read(context, type, id, wants),
  }
}
