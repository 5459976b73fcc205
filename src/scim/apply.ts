import type { RequestContext } from '../context.ts'
import type { Applied, Operation } from '../directory/types.ts'
import { UsherError } from '../errors.ts'
import { verbsOf } from '../patch/envelope.ts'
import type { JsonObject } from '../schema/types.ts'
import type { ScimService } from './call.ts'
import { catalogueOf } from './catalogue.ts'
import type { Representable } from './representation.ts'

/**
 * What any operation needs before it is applied. What a PATCH asks for is counted.
 * @throws UsherError `invalid_syntax` without a body; `method_not_allowed` on what can only be read
 */
export function checkOperation({ onPatchOp }: ScimService, operation: Operation): void {
  if (catalogueOf(operation.type) !== undefined) {
    throw new UsherError('method_not_allowed', `${operation.type.endpoint} can only be read.`, {
      headers: { Allow: 'GET, HEAD' },
    })
  }
  if (operation.method !== 'DELETE' && operation.data === undefined) {
    throw new UsherError('invalid_syntax', `A JSON object is needed as body of ${operation.method}.`)
  }
  if (operation.method === 'PATCH' && onPatchOp !== undefined) {
    for (const verb of verbsOf(operation.data)) onPatchOp(verb, operation.type.name)
  }
}

/**
 * Applies the operation of a single request.
 * @throws UsherError as `checkOperation` and `Directory.apply`
 */
export async function applyOne(service: ScimService, context: RequestContext, operation: Operation): Promise<Applied> {
  checkOperation(service, operation)
  const [applied] = await service.directory.apply(context, [operation])
  if (applied === undefined) throw new UsherError('internal_error', 'An operation has no result.')
  return applied
}

/** What was committed, ready to be shown. */
export function committed({ type, id, show, supplied }: Applied): Representable {
  if (show === null) throw new UsherError('internal_error', 'A resource is gone after its change.')
  return {
    type,
    id,
    supplied,
    show: async (wants) => {
      const resource = await show(wants)
      return { version: versionIn(resource), resource }
    },
  }
}

/** The version that was committed; undefined after a deletion. Read by itself where the resource is not shown. */
export async function versionOf({ show }: Applied): Promise<string | undefined> {
  return show === null ? undefined : versionIn(await show(() => false))
}

function versionIn({ meta }: JsonObject): string {
  return String((meta as JsonObject).version)
}
