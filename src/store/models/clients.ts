import type {
  AsyncResultDocument,
  ClientAssertionDocument,
  CredentialDocument,
  ScimClientDocument,
} from '../documents/clients.ts'
import { expires, Mixed, type ModelDefinition } from './definition.ts'

export const scimClients: ModelDefinition<ScimClientDocument> = {
  fields: {
    _id: String,
    org: String,
    name: String,
    dialect: String,
    switches: Mixed,
    onExisting: String,
    allowPrivileged: Boolean,
    scopes: Mixed,
    jwks: Mixed,
    created: Date,
  },
  indexes: [[{ org: 1, _id: 1 }]],
}

export const credentials: ModelDefinition<CredentialDocument> = {
  fields: {
    _id: String,
    kind: String,
    org: String,
    id: String,
    client: String,
    name: String,
    prefix: String,
    scopes: Mixed,
    created: Date,
    expiresAt: Date,
    revokedAt: Date,
    lastUsed: Date,
    issuedFor: String,
    granted: Mixed,
  },
  indexes: [[{ org: 1, kind: 1, id: 1 }], [{ org: 1, client: 1 }]],
}

export const clientAssertions: ModelDefinition<ClientAssertionDocument> = {
  fields: { _id: String, org: String, expiresAt: Date },
  indexes: [expires],
}

export const asyncResults: ModelDefinition<AsyncResultDocument> = {
  fields: { _id: String, org: String, source: String, method: String, result: String, until: Date, expiresAt: Date },
  indexes: [[{ org: 1 }], expires],
}
