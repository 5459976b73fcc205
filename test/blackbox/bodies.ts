/** What SCIM clients write. */

const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** A PATCH body with these operations. */
export function patchOp(...operations: readonly Readonly<Record<string, unknown>>[]) {
  return { schemas: [patchUrn], Operations: operations }
}

/** A User body. */
export function user(userName: string, more: Readonly<Record<string, unknown>> = {}) {
  return { schemas: [userUrn], userName, ...more }
}

/** A Group body. */
export function group(displayName: string, more: Readonly<Record<string, unknown>> = {}) {
  return { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName, ...more }
}
