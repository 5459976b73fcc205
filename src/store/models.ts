/**
 * The mongoose models: thin schemas (what is indexed is typed, payloads are mixed), the indexes, and nothing that
 * happens behind a caller's back: no hydration, no casting of payloads, no automatic indexes.
 */
import mongoose from 'mongoose'
import { changes, feeds } from './models/changes.ts'
import { asyncResults, clientAssertions, credentials, scimClients } from './models/clients.ts'
import { connections, jitVersions } from './models/connections.ts'
import type { IndexTable } from './models/definition.ts'
import { departures, tombstones } from './models/deletions.ts'
import { groups, memberships } from './models/groups.ts'
import { identities, pastLinks, relinkRows } from './models/identities.ts'
import { inbox } from './models/inbox.ts'
import { leases, migrations, requestCounts, secrets } from './models/installation.ts'
import { jobs } from './models/jobs.ts'
import { decisions, loginTransactions, removalWindows } from './models/logins.ts'
import { domains, invitations, organizations, roles, seats } from './models/organizations.ts'
import { resources } from './models/resources.ts'
import { users } from './models/users.ts'

const options = {
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false,
  versionKey: false as const,
  id: false,
  minimize: false,
  strict: 'throw' as const,
  strictQuery: 'throw' as const,
}

interface Definition {
  readonly fields: mongoose.SchemaDefinition
  readonly indexes: IndexTable
}

/** By the names of the collections. */
const definitions = {
  organizations,
  domains,
  roles,
  invitations,
  connections,
  jitVersions,
  users,
  groups,
  resources,
  memberships,
  identities,
  pastLinks,
  relinkRows,
  tombstones,
  departures,
  scimClients,
  credentials,
  asyncResults,
  clientAssertions,
  loginTransactions,
  decisions,
  inbox,
  removalWindows,
  changes,
  feeds,
  jobs,
  seats,
  requestCounts,
  leases,
  secrets,
  migrations,
} satisfies Record<string, Definition>

export type CollectionName = keyof typeof definitions
export const collectionNames = Object.keys(definitions) as readonly CollectionName[]

/** Registers the models on one connection; a second connection gets its own. */
export function defineModels(connection: mongoose.Connection): ReadonlyMap<CollectionName, mongoose.Model<unknown>> {
  const models = new Map<CollectionName, mongoose.Model<unknown>>()
  for (const name of collectionNames) {
    const definition: Definition = definitions[name]
    const schema = new mongoose.Schema(definition.fields, { ...options, collection: name })
    for (const [keys, indexOptions] of definition.indexes)
      schema.index(keys, { ...indexOptions } as mongoose.IndexOptions)
    models.set(name, connection.model<unknown>(name, schema as unknown as mongoose.Schema<unknown>))
  }
  return models
}
