import type { ResourceType } from '../schema/types.ts'
import type { Answer } from './answer.ts'
import { applyOne, committed } from './apply.ts'
import type { ScimCall, ScimService } from './call.ts'
import { readProjection } from './parameters.ts'
import { readIfMatch } from './preconditions.ts'
import { represent } from './representation.ts'

/**
 * `PUT /{type}/{id}` (RFC 7644 section 3.5.1): 200 with the whole resource; it never creates one.
 * @throws UsherError as `Directory.apply`
 */
export async function replace(
  service: ScimService,
  call: ScimCall,
  type: ResourceType,
  id: string,
  body: Readonly<Record<string, unknown>> | undefined,
): Promise<Answer> {
  const projection = readProjection(call.rawQuery, call.context.dialect)
  const ifMatch = readIfMatch(call.ifMatch)
  const applied = await applyOne(service, call.context, { method: 'PUT', type, id, data: body, ifMatch })
  return represent(service, call.context, 200, committed(applied), projection)
}
