import type { ResourceType } from '../schema/types.ts'
import { Answer } from './answer.ts'
import { applyOne, committed, versionOf } from './apply.ts'
import type { ScimCall, ScimService } from './call.ts'
import { locationOf } from './location.ts'
import { readProjection } from './parameters.ts'
import { readIfMatch } from './preconditions.ts'
import { represent } from './representation.ts'

/**
 * `PATCH /{type}/{id}` (RFC 7644 section 3.5.2): 200 with the resource, or 204 where the dialect wants it so and the
 * request does not ask for attributes.
 * @throws UsherError as `Directory.apply`
 */
export async function patch(
  service: ScimService,
  call: ScimCall,
  type: ResourceType,
  id: string,
  body: Readonly<Record<string, unknown>> | undefined,
): Promise<Answer> {
  const { context } = call
  const projection = readProjection(call.rawQuery, context.dialect)
  const ifMatch = readIfMatch(call.ifMatch)
  const applied = await applyOne(service, context, { method: 'PATCH', type, id, data: body, ifMatch })
  if (context.dialect.patchAnswer === 'empty' && projection.attributes === undefined) {
    return new Answer(204, { ETag: (await versionOf(applied)) ?? '', Location: locationOf(context, type, id) })
  }
  return represent(service, context, 200, committed(applied), projection)
}
