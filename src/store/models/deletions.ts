import type { DepartureDocument, TombstoneDocument } from '../documents/deletions.ts'
import { expires, Mixed, type ModelDefinition } from './definition.ts'

export const tombstones: ModelDefinition<TombstoneDocument> = {
  fields: {
    _id: String,
    org: String,
    user: String,
    userName: String,
    userNameKey: String,
    externalIds: Mixed,
    emailKeys: Mixed,
    identityKeys: Mixed,
    deletedAt: Date,
    actor: String,
    mergedInto: String,
    unerased: Boolean,
    expiresAt: Date,
  },
  indexes: [
    [{ org: 1, _id: 1 }],
    [{ org: 1, user: 1 }],
    [{ unerased: 1, _id: 1 }, { partialFilterExpression: { unerased: true } }],
    [{ org: 1, identityKeys: 1 }],
    [{ org: 1, 'externalIds.value': 1 }],
    [{ org: 1, emailKeys: 1 }],
    [{ org: 1, userNameKey: 1 }],
    expires,
  ],
}

export const departures: ModelDefinition<DepartureDocument> = {
  fields: { _id: String, org: String, at: Date, due: Date, actor: String, request: String, heir: String },
  indexes: [[{ due: 1 }]],
}
