import type { GroupDocument, MembershipDocument } from '../documents/groups.ts'
import { Mixed, type ModelDefinition, unique } from './definition.ts'
import { resourceFields, resourceIndexes } from './resources.ts'

export const groups: ModelDefinition<GroupDocument> = {
  fields: resourceFields,
  indexes: [...resourceIndexes, [{ org: 1, 'search.displayName': 1 }, unique]],
}

export const memberships: ModelDefinition<MembershipDocument> = {
  fields: { org: String, group: String, member: String, kind: String, sources: Mixed },
  indexes: [
    [{ org: 1, group: 1, member: 1 }, unique],
    [{ org: 1, member: 1, group: 1 }],
    [{ org: 1, 'sources.source': 1, group: 1 }],
  ],
}
