import type { RequestContext } from '../context.ts'
import type { Applied, Operation } from '../directory/types.ts'
import { UsherError } from '../errors.ts'
import type { ScimService } from './call.ts'
import { catalogueOf } from './catalogue.ts'
import type { Representable } from './representation.ts'

/**
 * Applies the operation of a single request.
 * @throws UsherError `invalid_syntax` without a body; `method_not_allowed` on what can only be read; as `Directory.apply`
 */
export async function applyOne(
  { directory }: ScimService,
  context: RequestContext,
  operation: Operation,
): Promise<Applied> {
  if (catalogueOf(operation.type) !== undefined) {
    throw new UsherError('method_not_allowed', `${operation.type.endpoint} can only be read.`, {
      headers: { Allow: 'GET, HEAD' },
    })
  }
  if (operation.method !== 'DELETE' && operation.data === undefined) {
    throw new UsherError('invalid_syntax', `A JSON object is needed as body of ${operation.method}.`)
  }
  const [applied] = await directory.apply(context, [operation])
  if (applied === undefined) throw new UsherError('internal_error', 'An operation has no result.')
  return applied
}

/** What was committed, ready to be shown. */
export function committed({
  type,
  id,
  version,
  show,
  supplied,
}: Applied): Representable & { readonly version: string } {
  if (version === null || show === null) throw new UsherError('internal_error', 'A resource is gone after its change.')
  return { type, id, version, supplied, show: async (wants) => ({ version, resource: await show(wants) }) }
}
