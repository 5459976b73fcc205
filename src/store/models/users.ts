import type { UserDocument } from '../documents/users.ts'
import { having, Mixed, type ModelDefinition, unique } from './definition.ts'
import { resourceFields, resourceIndexes } from './resources.ts'

export const users: ModelDefinition<UserDocument> = {
  fields: {
    ...resourceFields,
    holds: Mixed,
    state: String,
    grants: Mixed,
    provisionedBy: String,
    provenEmails: Mixed,
    managedBy: Mixed,
  },
  indexes: [
    ...resourceIndexes,
    [{ org: 1, 'search.userName': 1 }, unique],
    [{ org: 1, 'search.emails.value': 1 }],
    [{ org: 1, 'search.emails.domain': 1 }],
    [{ org: 1, 'search.displayName': 1, _id: 1 }],
    [{ org: 1, 'search.name.familyName': 1, _id: 1 }],
    [{ org: 1, 'search.active': 1, _id: 1 }],
    [{ org: 1, 'grants.role': 1, _id: 1 }],
    [{ org: 1, 'search.roles.value': 1 }],
    [{ org: 1, state: 1, _id: 1 }],
    [{ org: 1, 'search.provisioning.managedBy.source': 1 }],
    [{ org: 1, 'search.enterprise.manager.value': 1 }, having('search.enterprise.manager.value')],
    // Only users about whom sources disagree are in it.
    [{ org: 1, _id: 1, 'sources.shadowed.source': 1 }, having('sources.shadowed.source')],
  ],
}
