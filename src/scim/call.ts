import type { RequestContext } from '../context.ts'
import type { Directory } from '../directory/types.ts'
import type { Logger } from '../http/log.ts'
import type { Limits } from '../limits/limits.ts'
import type { Organizations } from '../organizations/types.ts'
import type { PatchVerb } from '../patch/types.ts'
import type { SchemaRegistry } from '../schema/registry.ts'
import type { AsyncRuns } from './async-runs.ts'
import type { Scans } from './scans.ts'

/** What the SCIM room works with. */
export interface ScimService {
  readonly directory: Directory
  readonly organizations: Organizations
  readonly registry: SchemaRegistry
  /** Base of every URL that is handed out, without a trailing slash. */
  readonly publicUrl: string
  /** Keys of 32 bytes that seal cursors: the first seals, all of them open, so that a key can be replaced. */
  readonly cursorKeys: readonly Uint8Array[]
  readonly scans: Scans
  readonly limits: Limits
  readonly asyncRuns: AsyncRuns
  readonly log: Logger
  readonly now: () => Date
  /** Told of each operation of a PATCH that a client asks for, with the name of the resource type; for a counter. */
  readonly onPatchOp?: (op: PatchVerb, resource: string) => void
}

/** One SCIM request after authentication, as the operations take it. */
export interface ScimCall {
  readonly context: RequestContext
  /** The query of the URL as it was sent, without the question mark. */
  readonly rawQuery: string
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}
