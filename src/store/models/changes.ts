import type { ChangeDocument, FeedDocument } from '../documents/changes.ts'
import { having, Mixed, type ModelDefinition, unique } from './definition.ts'

export const changes: ModelDefinition<ChangeDocument> = {
  fields: {
    _id: String,
    org: String,
    seq: Number,
    chain: String,
    unnumbered: Boolean,
    at: Date,
    actor: String,
    source: String,
    resource: Mixed,
    action: String,
    operations: Mixed,
    decision: String,
    mergedInto: String,
    request: String,
  },
  indexes: [
    [
      { org: 1, seq: 1 },
      { ...unique, ...having('seq') },
    ],
    [{ org: 1, 'resource.id': 1, _id: -1 }],
    [{ org: 1, _id: 1 }, { partialFilterExpression: { unnumbered: true } }],
  ],
}

export const feeds: ModelDefinition<FeedDocument> = {
  fields: { _id: String, org: String, seq: Number, chain: String, anchor: Mixed },
  indexes: [],
}
