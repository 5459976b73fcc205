import type {
  LeaseDocument,
  MigrationDocument,
  RequestCountDocument,
  SecretDocument,
} from '../documents/installation.ts'
import { expires, Mixed, type ModelDefinition } from './definition.ts'

export const requestCounts: ModelDefinition<RequestCountDocument> = {
  fields: { _id: String, used: Number, expiresAt: Date },
  indexes: [expires],
}

export const leases: ModelDefinition<LeaseDocument> = {
  fields: { _id: String, owner: String, until: Date },
  indexes: [],
}

export const secrets: ModelDefinition<SecretDocument> = { fields: { _id: String, value: String }, indexes: [] }

export const migrations: ModelDefinition<MigrationDocument> = {
  fields: {
    _id: String,
    version: Number,
    at: Date,
    basis: String,
    state: String,
    run: String,
    place: String,
    looked: Number,
    changed: Mixed,
    refused: Number,
    again: Date,
  },
  indexes: [],
}
