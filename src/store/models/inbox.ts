import type { InboxDocument } from '../documents/inbox.ts'
import { expires, Mixed, type ModelDefinition, unique } from './definition.ts'

export const inbox: ModelDefinition<InboxDocument> = {
  fields: {
    _id: String,
    org: String,
    kind: String,
    status: String,
    live: Boolean,
    version: Number,
    person: String,
    connection: String,
    issuer: String,
    subject: String,
    user: String,
    users: Mixed,
    groups: Mixed,
    detail: String,
    claims: Mixed,
    count: Number,
    first: Mixed,
    last: Mixed,
    answer: Mixed,
    expiresAt: Date,
  },
  indexes: [
    [
      { org: 1, person: 1, kind: 1, status: 1 },
      { ...unique, partialFilterExpression: { live: true } },
    ],
    [{ org: 1, person: 1, _id: 1 }],
    [{ org: 1, _id: 1 }],
    [{ org: 1, status: 1, _id: 1 }],
    [{ org: 1, kind: 1, _id: 1 }],
    [{ org: 1, connection: 1, _id: 1 }],
    [{ org: 1, users: 1, _id: 1 }],
    expires,
  ],
}
