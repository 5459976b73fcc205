import type { DecisionDocument, LoginTransactionDocument, RemovalWindowDocument } from '../documents/logins.ts'
import { expires, having, Mixed, type ModelDefinition, unique } from './definition.ts'

export const loginTransactions: ModelDefinition<LoginTransactionDocument> = {
  fields: {
    _id: String,
    org: String,
    connection: String,
    nonce: String,
    verifier: String,
    returnTo: String,
    browser: String,
    maxAge: Number,
    expiresAt: Date,
  },
  indexes: [expires],
}

export const decisions: ModelDefinition<DecisionDocument> = {
  fields: {
    _id: String,
    org: String,
    reference: String,
    at: Date,
    connection: String,
    configVersion: Number,
    outcome: String,
    code: String,
    subject: String,
    user: String,
    steps: Mixed,
    claims: Mixed,
    operations: Mixed,
    changes: Mixed,
    warnings: Mixed,
    heldRemovals: Mixed,
    answer: Mixed,
    tokenKey: String,
    issuedAt: Date,
    erasedAt: Date,
    expiresAt: Date,
  },
  indexes: [
    [{ org: 1, reference: 1 }, unique],
    [
      { org: 1, tokenKey: 1 },
      { ...unique, ...having('tokenKey') },
    ],
    [{ org: 1, _id: 1 }],
    [{ org: 1, user: 1, _id: 1 }],
    [{ org: 1, connection: 1, _id: 1 }],
    [{ org: 1, connection: 1, subject: 1, _id: -1 }],
    [{ org: 1, connection: 1, outcome: 1, at: 1 }],
    expires,
  ],
}

export const removalWindows: ModelDefinition<RemovalWindowDocument> = {
  fields: {
    _id: String,
    org: String,
    connection: String,
    group: String,
    start: Date,
    given: Number,
    removed: Number,
    expiresAt: Date,
  },
  indexes: [expires],
}
