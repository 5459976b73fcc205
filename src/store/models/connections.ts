import type { ConnectionDocument, JitVersionDocument } from '../documents/connections.ts'
import { Mixed, type ModelDefinition, unique } from './definition.ts'

export const connections: ModelDefinition<ConnectionDocument> = {
  fields: {
    _id: String,
    org: String,
    name: String,
    type: String,
    issuer: String,
    clientId: String,
    clientSecret: String,
    scopes: Mixed,
    audiences: Mixed,
    enabled: Boolean,
    scimClients: Mixed,
    jit: Mixed,
    jitVersion: Number,
    version: Number,
    created: Date,
    deleting: Boolean,
  },
  indexes: [[{ org: 1, name: 1 }, unique], [{ org: 1, _id: 1 }]],
}

export const jitVersions: ModelDefinition<JitVersionDocument> = {
  fields: {
    _id: String,
    org: String,
    connection: String,
    version: Number,
    settings: Mixed,
    at: Date,
    actor: String,
  },
  indexes: [[{ org: 1, connection: 1, version: -1 }, unique]],
}
