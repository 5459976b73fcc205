import type { JsonObject } from '../schema/types.ts'

/** The body of a PATCH with these operations, as change records hold it (RFC 7644 section 3.5.2). */
export function patchBody(operations: readonly JsonObject[]): JsonObject {
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations }
}
