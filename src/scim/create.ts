import type { ResourceType } from '../schema/types.ts'
import type { Answer } from './answer.ts'
import { applyOne, committed } from './apply.ts'
import type { ScimCall, ScimService } from './call.ts'
import { readProjection } from './parameters.ts'
import { represent } from './representation.ts'

/**
 * `POST /{type}` (RFC 7644 section 3.3): 201 with `Location`, `ETag` and the whole resource.
 * @throws UsherError as `Directory.apply`
 */
export async function create(
  service: ScimService,
  call: ScimCall,
  type: ResourceType,
  body: Readonly<Record<string, unknown>> | undefined,
): Promise<Answer> {
  const projection = readProjection(call.rawQuery, call.context.dialect)
  const applied = await applyOne(service, call.context, { method: 'POST', type, data: body })
  return represent(service, call.context, 201, committed(applied), projection)
}
