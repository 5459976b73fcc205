import type { JobDocument } from '../documents/jobs.ts'
import { expires, Mixed, type ModelDefinition } from './definition.ts'

export const jobs: ModelDefinition<JobDocument> = {
  fields: {
    _id: String,
    org: String,
    kind: String,
    state: String,
    input: Mixed,
    cursor: Mixed,
    notBefore: Date,
    progress: Mixed,
    result: Mixed,
    error: String,
    created: Date,
    finishedAt: Date,
    expiresAt: Date,
  },
  indexes: [[{ state: 1, created: 1 }], [{ org: 1 }], expires],
}
