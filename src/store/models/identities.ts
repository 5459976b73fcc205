import type { IdentityDocument, PastLinkDocument, RelinkRowDocument } from '../documents/identities.ts'
import { expires, having, Mixed, type ModelDefinition, unique } from './definition.ts'

const identityFields = {
  _id: String,
  org: String,
  connection: String,
  issuer: String,
  subject: String,
  user: String,
  linkedAt: Date,
  lastLogin: Date,
  pending: Boolean,
  ending: Mixed,
  origin: Mixed,
} satisfies ModelDefinition<IdentityDocument>['fields']

export const identities: ModelDefinition<IdentityDocument> = {
  fields: identityFields,
  indexes: [
    [{ org: 1, connection: 1, issuer: 1, subject: 1 }, unique],
    [{ org: 1, connection: 1, user: 1 }, unique],
    [{ org: 1, connection: 1, _id: 1 }],
    [{ 'ending.until': 1 }, having('ending.until')],
    [{ org: 1, user: 1 }],
    [{ org: 1, subject: 1 }],
    [{ org: 1, lastLogin: 1, _id: 1 }],
  ],
}

export const pastLinks: ModelDefinition<PastLinkDocument> = {
  fields: {
    ...identityFields,
    closedAt: Date,
    closedBy: String,
    reason: String,
    barred: Boolean,
  },
  indexes: [[{ org: 1, connection: 1, issuer: 1, subject: 1 }], [{ org: 1, user: 1, _id: 1 }]],
}

export const relinkRows: ModelDefinition<RelinkRowDocument> = {
  fields: {
    _id: String,
    org: String,
    job: String,
    link: String,
    user: String,
    subject: String,
    newSubject: String,
    verdict: String,
    expiresAt: Date,
  },
  indexes: [
    [{ org: 1, job: 1, verdict: 1, _id: 1 }],
    [{ org: 1, job: 1, user: 1 }],
    [{ org: 1, job: 1, newSubject: 1 }],
    expires,
  ],
}
