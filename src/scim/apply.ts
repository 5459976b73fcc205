import type { RequestContext } from '../context.ts'
import type { Applied, Operation } from '../directory/types.ts'
import { UsherError } from '../errors.ts'
import type { JsonObject } from '../schema/types.ts'
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
