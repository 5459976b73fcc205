import type { ResourceType } from '../schema/types.ts'
import { Answer } from './answer.ts'
import { applyOne } from './apply.ts'
import type { ScimCall, ScimService } from './call.ts'
import { readIfMatch } from './preconditions.ts'

/**
 * `DELETE /{type}/{id}` (RFC 7644 section 3.6): 204.
 * @throws UsherError `not_found`, `precondition_failed`, `last_admin_kept`
 */
export async function remove(service: ScimService, call: ScimCall, type: ResourceType, id: string): Promise<Answer> {
  await applyOne(service, call.context, { method: 'DELETE', type, id, ifMatch: readIfMatch(call.ifMatch) })
  return new Answer(204)
}
