/** Groups, and the edges to their members. */
import type { ResourceDocument, SourceEntryDocument } from './resources.ts'
import type { Scoped } from './scoped.ts'

/** Its members are edges; what depends on the set of them counts as a write of the group that nobody sees. */
export type GroupDocument = ResourceDocument

export interface MembershipDocument extends Scoped {
  readonly group: string
  readonly member: string
  readonly kind: 'User' | 'Group'
  readonly sources: readonly SourceEntryDocument[]
}
